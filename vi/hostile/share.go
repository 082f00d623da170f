package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// The two hostile domains grant each other frames of their arenas, map the granted
// frames in place of pages of the arena, write to them, and make page tables of
// frames that are or were mapped elsewhere.

// grantRefs is the number of references, and of handles, that the rounds use.
const grantRefs = 24

// grantPage is the page of the arena's space where our grant table is mapped.
const grantPage = arenaPages - 2

// grantTable is the grant table's frame.
var grantTable uint64

// setUpGrants asks for a grant table of one frame, and grants the other hostile domain
// some pages, so that both have something to map before they end.
func setUpGrants() {
	frames := [1]uint64{}
	op := abi.GnttabSetupTable{Dom: abi.DomidSelf, NrFrames: 1, FrameList: addr(unsafe.Pointer(&frames))}
	hypercall(abi.HypercallGrantTableOp, abi.GnttabopSetupTable, addr(unsafe.Pointer(&op)), 1, 0, 0)
	grantTable = frames[0]
	if self == witness || option("duet") != 0 { // which grants what it plays with itself
		return
	}
	mapGrants()
	for ref := range uint64(grantRefs / 2) {
		store(arenaAt(grantPage)+ref*8, abi.GTFPermitAccess|uint64(self^1)<<16|frameOf(arenaAt(ref))<<32)
	}
}

// mapGrants maps the grant table.
func mapGrants() {
	hypercall(abi.HypercallUpdateVAMapping, arenaAt(grantPage), grantTable<<12|0x67, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
}

// peer is the other hostile domain, or anybody.
func (r dice) peer() uint64 {
	if r.one(2) {
		return r.domid()
	}
	return uint64(self ^ 1)
}

// mapFlags are those of map_grant_ref: mostly a mapping for the processor.
func (r dice) mapFlags() uint64 {
	switch r.n(4) {
	case 0:
		return r.n(40)
	case 1:
		return abi.GNTMAPHost | abi.GNTMAPReadonly
	}
	return abi.GNTMAPHost
}

// share writes an entry of our grant table, in use or not.
func (r dice) share() {
	mapGrants()
	flags := uint64(abi.GTFPermitAccess)
	if r.one(4) {
		flags = r.n(64)
	}
	store(arenaAt(grantPage)+r.n(grantRefs)*8, flags|r.peer()<<16|r.frame()<<32)
}

// mapped maps a reference of a domain's at a page of the arena.
func mapped(dom uint16, ref, flags uint32, page uint64) (handle uint32, ok bool) {
	op := abi.GnttabMapGrantRef{HostAddr: arenaAt(page), Flags: flags, Ref: ref, Dom: dom}
	rc := hypercall(abi.HypercallGrantTableOp, abi.GnttabopMapGrantRef, addr(unsafe.Pointer(&op)), 1, 0, 0)
	return op.Handle, rc == 0 && op.Status == 0
}

// elsewhere maps a reference of the other domain at two pages, one writable and one
// read-only or both alike, and unmaps the handle of one at the address of the other. In
// half of the cases it puts a page of our own in its place.
func (r dice) elsewhere() {
	for range 4 {
		from, to := r.page(), r.page()
		ref := uint32(r.n(grantRefs))
		kind := [2]uint32{abi.GNTMAPHost, abi.GNTMAPHost | abi.GNTMAPReadonly*uint32(r.n(2))}
		swap := r.n(2)
		handle, ok := mapped(self^1, ref, kind[swap], from)
		if !ok {
			continue
		}
		mapped(self^1, ref, kind[swap^1], to)
		cmd, op := uint64(abi.GnttabopUnmapGrantRef), [3]uint64{arenaAt(to), 0, uint64(handle)}
		if r.one(2) {
			cmd, op[1] = abi.GnttabopUnmapAndReplace, arenaAt(r.page())
		}
		hypercall(abi.HypercallGrantTableOp, cmd, addr(unsafe.Pointer(&op)), 1, 0, 0)
	}
}

// hammer writes to one address of the arena for a while, whatever happens to
// the page: so this processor keeps using its translation.
func (r dice) hammer() {
	at, val := r.va(), r.entry()
	for range 200 {
		store(at, val)
	}
}
