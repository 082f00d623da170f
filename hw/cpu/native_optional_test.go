package cpu

// Faults that a processor may raise or not. Where one side does and the other goes
// on, the rest of the code is not compared.

// optional makes a choice of a test: of an instruction, where it stopped one side,
// and how the other side ended.
func optional(may func(i *Inst, stopped, other *nativeEnd) bool) func(m *meeting) {
	return func(m *meeting) {
		if m.faulted() {
			return // both stopped here: see levelFaults
		}
		host, model := m.host, m.model
		for _, side := range [][2]*nativeEnd{{&host, &model}, {&model, &host}} {
			i := m.instAt(side[0].RIP)
			if isFault(side[0].Vector) && allows(faultsOf(&i, &side[0].nativeState), side[0]) && may(&i, side[0], side[1]) {
				m.host = m.model
				return
			}
		}
	}
}

// unaligned: an operand of 16 bytes that need not be aligned is not, which a processor may
// report under RFLAGS.AC.
func unaligned(i *Inst, stopped, _ *nativeEnd) bool {
	return stopped.Vector == 17 && anyAlignment(i.Op)
}

// anyAlignment names what reads or writes 16 bytes anywhere.
func anyAlignment(o Op) bool {
	switch o {
	case OpMOVUPS, OpMOVUPD, OpMOVDQU, OpLDDQU, OpPCMPESTRI, OpPCMPESTRM, OpPCMPISTRI, OpPCMPISTRM:
		return true
	}
	return false
}

// splitLock: a locked operand crosses a cache line, which a system may have forbidden.
func splitLock(i *Inst, stopped, _ *nativeEnd) bool {
	locked := i.Prefix&PrefixLock != 0 || i.Op == OpXCHG
	if !locked || i.Prefix&PrefixMem == 0 {
		return false
	}
	sp := modRMSpan(i, &stopped.nativeState)
	return stopped.Vector == 17 && sp.at&63+sp.size > 64
}

// notStored: a store to memory faulted on one side; the other found an x87 exception
// first, and stored nothing.
func notStored(i *Inst, stopped, other *nativeEnd) bool {
	switch i.Op {
	case OpFST, OpFSTP, OpFIST, OpFISTP, OpFISTTP, OpFBSTP:
		return i.Prefix&PrefixMem != 0 && stopped.fsw()&fswES == 0 && other.fsw()&fswES != 0
	}
	return false
}

// unselected: no byte that the mask selects lies where the fault is.
func unselected(i *Inst, stopped, _ *nativeEnd) bool {
	mask, size := stopped.FX[fxXMM+16*int(i.RM&15):], uint64(16)
	switch i.Op {
	case OpMASKMOVDQU:
	case OpMASKMOVQ:
		top := int(stopped.fsw() >> fswTop & 7)
		mask, size = stopped.FX[fxST+16*((int(i.RM)-top)&7):], 8
	default:
		return false
	}
	at := stopped.GPR[RDI]
	if i.Addr == 4 {
		at = uint64(uint32(at))
	}
	for k := range size {
		if mask[k]&0x80 != 0 && !mapped(at+k) {
			return false
		}
	}
	return true
}

// level57: a processor and system with linear addresses of 57 bits, where nothing
// is mapped above 47, fault otherwise between 48 and 57.
func level57(m *meeting) {
	a := m.host.Addr
	if m.host.Vector != 14 || canonical(a) || int64(a<<7)>>7 != int64(a) {
		return
	}
	i := m.instAt(m.model.RIP)
	if (m.model.Vector == 12 || m.model.Vector == 13) && allows(faultsOf(&i, &m.model.nativeState), &m.model) {
		m.host = m.model
	}
}
