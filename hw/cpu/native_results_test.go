package cpu

import (
	"encoding/binary"
	"math"
)

// Choices about results in general and XMM registers.

// levelDestination makes the host's destination register the model's but for some bits,
// which stay what they are.
func (m *meeting) levelDestination(r uint8, keep uint64) {
	m.host.GPR[r] = m.host.GPR[r]&keep | m.model.GPR[r]&^keep
}

// levelBitScan: nothing is said of the destination for a source of 0.
func levelBitScan(m *meeting) {
	if (m.inst.Op != OpBSF && m.inst.Op != OpBSR) || m.faulted() || m.model.RFLAGS&FlagZF == 0 || m.host.RFLAGS&FlagZF == 0 {
		return
	}
	keep := uint64(0)
	if m.inst.Size == 2 {
		keep = ^uint64(0xffff)
	}
	m.levelDestination(m.inst.Reg, keep)
}

func levelDoubleShift(m *meeting) {
	i := &m.inst
	if i.Op != OpSHLD && i.Op != OpSHRD || i.Size != 2 || shiftBy(i, m.in)&31 <= 16 || m.faulted() {
		return
	}
	if i.Prefix&PrefixMem == 0 {
		m.levelDestination(i.RM, ^uint64(0xffff))
		return
	}
	m.levelBytes(modRMSpan(i, m.in).at, 2)
}

// shiftBy is the count of a shift before it is masked.
func shiftBy(i *Inst, s *nativeState) uint64 {
	if i.Form == FormRMCL || i.Form == FormRMRegCL {
		return s.GPR[RCX]
	}
	return i.Imm
}

func levelByteSwap(m *meeting) {
	if m.inst.Op == OpBSWAP && m.inst.Size == 2 {
		m.levelDestination(m.inst.RM, ^uint64(0xffff))
	}
}

// levelMask makes MXCSR_MASK of FXSAVE images alike.
func levelMask(m *meeting) {
	m.eachImage(func(i *Inst, _, at uint64) {
		if i.Op == OpFXSAVE {
			m.levelBytes(at+fxMask, 4)
		}
	})
}

// eachImage finds the instructions that store an image of x87 state, and where. In
// a sequence these are the ones at a fixed place.
func (m *meeting) eachImage(do func(i *Inst, rip, at uint64)) {
	m.each(func(i *Inst, rip uint64) {
		switch i.Op {
		case OpFXSAVE, OpFNSAVE, OpFNSTENV:
			if m.inst.Op == i.Op || i.Base == NoReg && i.Index == NoReg {
				s := *m.in
				s.RIP = rip
				do(i, rip, modRMSpan(i, &s).at)
			}
		}
	})
}

// each decodes the code from its start.
func (m *meeting) each(do func(i *Inst, rip uint64)) {
	page := codePage(m.code)
	for at := 0; at < len(m.code); {
		i, st := Decode(page[nativeText+at:], Mode64)
		if st != DecodeOK {
			return
		}
		do(&i, nativeCode+nativeText+uint64(at))
		at += int(i.Len)
	}
}

// levelReciprocal accepts approximations that are near enough to the truth.
func levelReciprocal(m *meeting) {
	i := &m.inst
	count := 4
	switch i.Op {
	case OpRCPSS, OpRSQRTSS:
		count = 1
	case OpRCPPS, OpRSQRTPS:
	default:
		return
	}
	if m.faulted() {
		return
	}
	le := binary.LittleEndian
	source := m.in.FX[fxXMM+16*int(i.RM&15):]
	if i.Prefix&PrefixMem != 0 {
		at := modRMSpan(i, m.in).at - nativeData
		if at > nativeSize-4*uint64(count) {
			return
		}
		source = m.in.Data[at:]
	}
	for k := range count {
		at := fxXMM + 16*int(i.Reg) + 4*k
		h, x := le.Uint32(m.host.FX[at:]), le.Uint32(source[4*k:])
		if approximates(i.Op, math.Float32frombits(x), math.Float32frombits(h)) {
			copy(m.host.FX[at:at+4], m.model.FX[at:at+4])
		}
	}
}

// approximates tells whether r is an approximation of the reciprocal (of the root)
// of x, for those x where the manuals leave a choice.
func approximates(op Op, x, r float32) bool {
	exact := 1 / float64(x)
	if op == OpRSQRTPS || op == OpRSQRTSS {
		exact = 1 / math.Sqrt(float64(x))
	}
	if math.IsNaN(exact) || math.IsInf(exact, 0) || math.Abs(float64(x)) < 0x1p-126 || math.IsInf(float64(x), 0) {
		return false
	}
	if r == 0 { // tiny results are flushed to 0; between these bounds the manuals leave open which are tiny
		return math.Abs(float64(x)) >= 0x1.ffap125 && math.Signbit(float64(r)) == math.Signbit(float64(x))
	}
	return math.Abs(float64(r)/exact-1) <= 1.5*0x1p-12
}

// levelDotProduct lets DPPS and DPPD choose among NaNs, and set flags of whichever
// steps they like once one of them ended the instruction.
func levelDotProduct(m *meeting) {
	if m.inst.Op != OpDPPS && m.inst.Op != OpDPPD {
		return
	}
	le := binary.LittleEndian
	if m.faulted() {
		if m.host.Vector == 19 && m.model.Vector == 19 {
			copy(m.host.FX[fxMXCSR:fxMXCSR+1], m.model.FX[fxMXCSR:fxMXCSR+1])
		}
		return
	}
	at := fxXMM + 16*int(m.inst.Reg)
	if m.inst.Op == OpDPPD {
		for k := at; k < at+16; k += 8 {
			if isNaN64(le.Uint64(m.host.FX[k:])) && isNaN64(le.Uint64(m.model.FX[k:])) {
				copy(m.host.FX[k:k+8], m.model.FX[k:k+8])
			}
		}
		return
	}
	for k := at; k < at+16; k += 4 {
		if isNaN32(le.Uint32(m.host.FX[k:])) && isNaN32(le.Uint32(m.model.FX[k:])) {
			copy(m.host.FX[k:k+4], m.model.FX[k:k+4])
		}
	}
}

// isNaN32 and isNaN64 tell quiet NaNs.
func isNaN32(v uint32) bool { return v&0x7fc00000 == 0x7fc00000 }
func isNaN64(v uint64) bool { return v&(0x7ff8<<48) == 0x7ff8<<48 }
