package cpu

import "encoding/binary"

// Which faults an instruction may raise, worked out from its operands and from
// where the test's memory is, without executing it. Where there are several, the
// manuals do not say which comes first: Intel SDM vol. 3, 6.9 ("exceptions within
// each class are implementation-dependent and may vary from processor to
// processor"; table 6-2 has stack, protection, page, alignment, x87 and SIMD faults
// in one class); AMD APM vol. 2, 8.5.

// span is an operand in memory.
type span struct {
	at, size uint64
	stack    bool   // #SS instead of #GP where it is not canonical
	write    bool   // may be written
	align    uint64 // #AC if it is not a multiple of this; 0 for none
	strict   bool   // #GP if it is not aligned to 16
	lock     bool   // accessed under LOCK: #AC if it crosses a cache line and the system wants to know
}

// possible is a fault that an instruction may raise; #PF with any of size addresses.
type possible struct {
	vector    int
	low, size uint64
}

// imageSize is the size of operands that are images of state, and of others whose size
// is not Inst.Size.
func imageSize(i *Inst) uint64 {
	long := i.Size != 2
	switch i.Op {
	case OpFXSAVE, OpFXRSTOR:
		return fxSize
	case OpFNSTENV, OpFLDENV:
		if long {
			return 28
		}
		return 14
	case OpFNSAVE, OpFRSTOR:
		if long {
			return 108
		}
		return 94
	case OpCMPXCHG8B:
		return 2 * uint64(i.Size)
	case OpMOVSX, OpMOVZX:
		return uint64(i.Sub)
	case OpCLFLUSH:
		return 1
	}
	return max(uint64(i.Size), 1)
}

// spans lists the operands that an instruction has in memory, with registers as
// they are before it.
func spans(i *Inst, s *nativeState) (list []span) {
	if i.Prefix&PrefixMem != 0 && i.Op != OpLEA && i.Op != OpNOP {
		list = append(list, modRMSpan(i, s))
	}
	seg := func(r int, stack bool) span {
		at := s.GPR[r]
		if i.Addr == 4 && !stack {
			at = uint64(uint32(at))
		}
		return span{at: at, size: max(uint64(i.Size), 1), stack: stack, write: true, align: uint64(i.Size)}
	}
	if i.Op.Kind() == KindString {
		source := seg(RSI, i.Seg == SS)
		source.at, source.write = seg(RSI, false).at, false
		list = append(list, source, seg(RDI, false))
	}
	top := seg(RSP, true)
	below := top
	below.at -= below.size
	switch i.Op {
	case OpMASKMOVDQU, OpMASKMOVQ:
		list = append(list, seg(RDI, false))
	case OpXLAT:
		at := s.GPR[RBX] + s.GPR[RAX]&0xff
		if i.Addr == 4 {
			at = uint64(uint32(at))
		}
		list = append(list, span{at: at, size: 1})
	case OpPUSH, OpPUSHF:
		list = append(list, below)
	case OpCALL, OpCALLIND:
		list = append(list, below)
	case OpPOP, OpPOPF, OpRET:
		list = append(list, top)
	case OpLEAVE:
		frame := seg(RBP, true)
		list = append(list, frame)
	case OpENTER:
		list = append(list, enterSpans(i, s)...)
	}
	return list
}

// modRMSpan is the operand that ModRM names.
func modRMSpan(i *Inst, s *nativeState) span {
	at := *i
	size := imageSize(i)
	c := CPU{State: State{GPR: s.GPR}, next: s.RIP + uint64(i.Len)}
	if i.Op == OpPOP && i.Base == RSP { // computed after RSP has moved
		c.GPR[RSP] += size
	}
	if bitString(i) {
		n := signExtend(s.GPR[i.Reg], i.Size)
		at.Disp += int64(n) >> (3 + logSize(i.Size)) * int64(i.Size)
	}
	sp := span{at: c.address(&at), size: size, stack: i.Seg == SS, write: true, align: min(size, 16)}
	sp.lock = i.Prefix&PrefixLock != 0 || i.Op == OpXCHG
	switch {
	case size == 10: // extended precision is aligned to 8
		sp.align = 8
	case size > 16:
		sp.align = 4
	}
	sp.strict = size == 16 && i.Op.Kind() == KindSSE && !anyAlignment(i.Op) || i.Op == OpFXSAVE || i.Op == OpFXRSTOR || i.Op == OpCMPXCHG8B && size == 16
	if sp.strict && i.Op != OpCMPXCHG8B {
		sp.align = 16
	}
	return sp
}

func logSize(size uint8) int64 { return map[uint8]int64{1: 0, 2: 1, 4: 2, 8: 3}[size] }

// bitString tells that an operand's address depends on the bit's number.
func bitString(i *Inst) bool {
	return (i.Op == OpBT || i.Op == OpBTS || i.Op == OpBTR || i.Op == OpBTC) && i.Form == FormRMReg
}

// enterSpans are the new frame and the old ones that ENTER copies from.
func enterSpans(i *Inst, s *nativeState) []span {
	level, size := uint64(i.Imm2&31), uint64(i.Size)
	n := level + 1
	frame := span{at: s.GPR[RSP] - n*size, size: n * size, stack: true, write: true, align: size}
	room := span{at: s.GPR[RSP] - n*size - i.Imm, size: size, stack: true, align: size}
	list := []span{frame, room}
	if level > 1 {
		list = append(list, span{at: s.GPR[RBP] - (level-1)*size, size: (level - 1) * size, stack: true, align: size})
	}
	return list
}

// mapped tells where the test has memory.
func mapped(a uint64) bool {
	return a-nativeCode < 0x1000 || a-nativeData < nativeSize
}

// faults are those of one operand.
func (sp span) faults(s *nativeState) (list []possible) {
	for at := sp.at; at-sp.at < sp.size; at = at&^0xfff + 0x1000 { // may wrap
		if !mapped(at) && canonical(at) {
			list = append(list, possible{14, at, min(0x1000-at&0xfff, sp.size-(at-sp.at))})
		}
	}
	if !canonical(sp.at) || !canonical(sp.at+sp.size-1) || sp.at+sp.size < sp.at {
		vector := 13
		if sp.stack {
			vector = 12
		}
		list = append(list, possible{vector: vector})
	}
	if sp.strict && sp.at&15 != 0 {
		list = append(list, possible{vector: 13})
	}
	if locked := sp.at&63+sp.size > 64 && sp.lock; locked || s.RFLAGS&FlagAC != 0 && sp.align > 1 && sp.at&(sp.align-1) != 0 {
		list = append(list, possible{vector: 17})
	}
	return list
}

// faultsOf are all faults of executing an instruction: those of its operands, of
// fetching it, of a target that is not canonical, and an x87 exception that waits.
func faultsOf(i *Inst, s *nativeState) (list []possible) {
	for _, sp := range spans(i, s) {
		list = append(list, sp.faults(s)...)
	}
	fetch := span{at: s.RIP, size: MaxLen}
	for _, p := range fetch.faults(s) {
		if p.vector == 14 {
			list = append(list, p)
		}
	}
	if i.Op.Kind() == KindX87 || i.Op.Kind() == KindSSE {
		if binary.LittleEndian.Uint16(s.FX[fxFSW:])&fswES != 0 {
			list = append(list, possible{vector: 19}, possible{vector: 16})
		}
	}
	if t, ok := branchTarget(i, s); ok && !canonical(t) {
		list = append(list, possible{vector: 13})
	}
	return list
}

// branchTarget is where an indirect branch or a return goes, if that can be read.
func branchTarget(i *Inst, s *nativeState) (uint64, bool) {
	var at uint64
	switch {
	case i.Op == OpRET:
		at = s.GPR[RSP]
	case i.Op != OpCALLIND && i.Op != OpJMPIND:
		return 0, false
	case i.Prefix&PrefixMem == 0:
		return s.GPR[i.RM] & mask(i.Size), true
	default:
		at = modRMSpan(i, s).at
	}
	if at -= nativeData; at > nativeSize-8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(s.Data[at:]) & mask(i.Size), true
}

// allows tells whether an end is one of the faults.
func allows(list []possible, e *nativeEnd) bool {
	for _, p := range list {
		if p.vector == e.Vector && (p.vector != 14 || e.Addr-p.low < p.size) {
			return true
		}
	}
	return false
}
