package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Selectors of data segments. The VMM leaves them in the processor while it
// runs, and changes them with the vCPU. A selector that cannot be loaded any
// more, because the guest has changed its tables, becomes null. The guest may
// change its tables even between the check and the load.

// selectors are DS, ES, FS and GS of a vCPU that does not run.
type selectors [4]uint16

// saveSelectors stores the selectors of the running vCPU.
func saveSelectors(v *VCPU) {
	s := &v.arch.selectors
	s[0], s[1], s[2], s[3] = bare.Segments()
}

// loadSelectors loads those of v, whose descriptor tables are loaded already,
// and leaves the bases of FS and GS to the caller.
func loadSelectors(v *VCPU) {
	s := &v.arch.selectors
	ds, es, fs, gs := bare.Segments()
	if ds|es|fs|gs|s[0]|s[1]|s[2]|s[3] == 0 {
		return
	}
	if !loadDS(v.dataSelector(s[0])) {
		loadDS(0)
	}
	if !loadES(v.dataSelector(s[1])) {
		loadES(0)
	}
	if !loadFS(v.dataSelector(s[2])) {
		loadFS(0)
	}
	if !loadGS(v.dataSelector(s[3])) {
		loadGS(0)
	}
}

// dataSelector is a selector if it can be loaded into DS, else null.
func (v *VCPU) dataSelector(sel uint16) uint16 {
	const (
		present, dpl, segment = 1 << 15, 3 << 13, 1 << 12
		code, readable        = 1 << 11, 1 << 9
	)
	if sel <= 3 {
		return sel
	}
	rights, ok := v.accessRights(sel)
	if !ok || rights&(present|dpl|segment) != present|dpl|segment || rights&code != 0 && rights&readable == 0 {
		return 0
	}
	return sel
}

// accessRights is the result of LAR for a selector of v, which is current.
func (v *VCPU) accessRights(sel uint16) (uint32, bool) {
	const inLDT = 4
	index := uint32(sel >> 3)
	if native || sel&inLDT == 0 && index < abi.FirstReservedGDTEntry && v.arch.gdtFrames[index/512] == 0 {
		return 0, false // nothing is mapped where the descriptor would be
	}
	return lar(sel)
}

// longCode says whether a selector of v names a 64-bit code segment.
func (v *VCPU) longCode(sel uint16) bool {
	const long = 1 << 21
	rights, ok := v.accessRights(sel)
	return ok && rights&long != 0
}

// loadUserGS loads the selector of GS that the user mode of v will have, and with it
// the base. A null selector is loaded with its lowest bits: by them Linux tells a
// base that was set from the base of a selector. With a null selector the base
// becomes 0; because AMD's processors would keep the old base, a flat segment is
// loaded first.
func (v *VCPU) loadUserGS(sel uint16) {
	if native {
		return
	}
	if sel > 3 {
		sel = v.dataSelector(sel | 3)
	}
	flags := irqSave()
	v.arch.gsMoves = true
	swapGS()
	if sel > 3 && !loadGS(sel) {
		sel = 0
	}
	if sel <= 3 {
		loadGS(abi.FlatRing3SS64)
		loadGS(sel)
	}
	swapGS()
	v.arch.gsMoves = false
	irqRestore(flags)
}
