package cpu

import (
	"bytes"
	"encoding/binary"
)

// Choices about x87 and MMX.

const conditions = fswC0 | fswC1 | fswC2 | fswC3

func (e *nativeEnd) fsw() uint16     { return binary.LittleEndian.Uint16(e.FX[fxFSW:]) }
func (e *nativeEnd) setFSW(v uint16) { binary.LittleEndian.PutUint16(e.FX[fxFSW:], v) }

// undefinedConditions are the condition codes that an x87 instruction leaves
// undefined (SDM vol. 1, table 8-1).
func undefinedConditions(o Op) uint16 {
	switch o {
	case OpFCOM, OpFCOMP, OpFCOMPP, OpFICOM, OpFICOMP, OpFTST, OpFUCOM, OpFUCOMP, OpFUCOMPP, OpFXAM, OpFPREM, OpFPREM1:
		return 0 // C0, C2, C3 are the result; C1 is defined
	case OpFSIN, OpFCOS, OpFSINCOS, OpFPTAN:
		return fswC0 | fswC3 // C2: the reduction is incomplete
	case OpFLDENV, OpFRSTOR, OpFNINIT, OpFNSAVE, OpFNSTSW, OpFWAIT:
		return 0
	case OpFLDCW, OpFNCLEX, OpFNOP, OpFNSTCW, OpFNSTENV, OpFFREE:
		return conditions
	case OpFCOMI, OpFCOMIP, OpFUCOMI, OpFUCOMIP: // "not affected", C1 as others
		return 0
	}
	return fswC0 | fswC2 | fswC3
}

func levelConditions(m *meeting) {
	if m.inst.Op.Kind() != KindX87 || m.faulted() {
		return
	}
	u := undefinedConditions(m.inst.Op)
	m.host.setFSW(m.host.fsw()&^u | m.model.fsw()&u)
}

// levelDomain: results for arguments outside a function's domain are undefined, and so is
// what follows from rounding them.
func levelDomain(m *meeting) {
	if m.inst.Op != OpF2XM1 && m.inst.Op != OpFYL2XP1 || m.faulted() {
		return
	}
	e := binary.LittleEndian.Uint16(m.in.FX[fxST+8:]) & 0x7fff
	// F2XM1: above 1; FYL2XP1: above 1 - sqrt(1/2), which begins with 0.29.
	if inside := m.inst.Op == OpF2XM1 && e < 0x3fff || m.inst.Op == OpFYL2XP1 && e < 0x3ffd; inside || e == 0x7fff {
		return
	}
	copy(m.host.FX[fxST:fxST+10], m.model.FX[fxST:fxST+10])
	const open = 0x3f | fswC1 | fswES | fswB
	m.host.setFSW(m.host.fsw()&^open | m.model.fsw()&open)
}

// levelRemainder accepts what an incomplete FPREM may leave. The processor chooses how many
// bits of the quotient, 32 to 63, one execution takes off (SDM vol. 2, FPREM): the exponent
// gets so much smaller, or more.
func levelRemainder(m *meeting) {
	if m.inst.Op != OpFPREM && m.inst.Op != OpFPREM1 || m.host.fsw()&m.model.fsw()&fswC2 == 0 || m.faulted() {
		return
	}
	le := binary.LittleEndian
	was, is := le.Uint16(m.in.FX[fxST+8:])&0x7fff, le.Uint16(m.host.FX[fxST+8:])&0x7fff
	if is <= was-min(was, 31) {
		copy(m.host.FX[fxST:fxST+10], m.model.FX[fxST:fxST+10])
	}
}

// levelPackedDecimal: FBLD of something that is no decimal number.
func levelPackedDecimal(m *meeting) {
	if m.inst.Op != OpFBLD || m.faulted() {
		return
	}
	at := modRMSpan(&m.inst, m.in).at - nativeData
	if at > nativeSize-10 {
		return
	}
	for _, b := range m.in.Data[at : at+9] {
		if b&15 > 9 || b>>4 > 9 {
			copy(m.host.FX[fxST:fxST+10], m.model.FX[fxST:fxST+10])
			return
		}
	}
}

// levelMMX lets the host enter MMX state at a fault, or make the top 0 and leave
// the tags, and the model where DEVIATIONS says that it does.
func levelMMX(m *meeting) {
	if !m.faulted() {
		return
	}
	switch m.inst.Op {
	case OpCVTPS2PI, OpCVTTPS2PI, OpCVTPD2PI, OpCVTTPD2PI, OpMASKMOVQ:
		host := m.host
		topMMX(&host)
		if model := m.model; model.fsw()>>fswTop&7 == 0 && model.FX[fxFTW] == 0xff {
			host.FX[fxFTW] = 0xff
			m.levelX87(&host, &model)
		}
	}
	model := m.model
	topMMX(&model)
	m.levelX87(&m.host, &model)
	model.FX[fxFTW] = 0xff
	m.levelX87(&m.host, &model)
}

// levelX87 makes the host's x87 state the model's if variants of both are alike.
func (m *meeting) levelX87(host, model *nativeEnd) {
	if bytes.Equal(host.FX[:6], model.FX[:6]) && bytes.Equal(host.FX[fxST:fxXMM], model.FX[fxST:fxXMM]) {
		copy(m.host.FX[:6], m.model.FX[:6])
		copy(m.host.FX[fxST:fxXMM], m.model.FX[fxST:fxXMM])
	}
}

// topMMX makes the top 0; registers stay where they are.
func topMMX(e *nativeEnd) {
	top := int(e.fsw() >> fswTop & 7)
	var regs [128]byte
	for k := range 8 { // ST(k) is physical register top+k
		copy(regs[16*((top+k)&7):], e.FX[fxST+16*k:fxST+16*k+16])
	}
	copy(e.FX[fxST:], regs[:])
	e.setFSW(e.fsw() &^ (7 << fswTop))
}

// pointers are the values that the fields of an image may have: nothing, or those
// of an instruction before it that sets them. Where none is certain to have been
// executed the host's are whatever its kernel left.
type pointers struct {
	fip, fdp, fop   []uint64
	certain, memory bool // an instruction, one with an operand in memory
}

// pointersAt collects them for an image that the instruction at rip stores.
func (m *meeting) pointersAt(image uint64) (p pointers) {
	p = pointers{fip: []uint64{0}, fdp: []uint64{0}, fop: []uint64{0}}
	page := codePage(m.code)
	jumpedOver := false
	m.each(func(i *Inst, rip uint64) {
		skipped := jumpedOver
		jumpedOver = i.Op == OpJCC
		if i.Op.Kind() != KindX87 || isX87Control(i.Op) || rip >= image {
			return
		}
		end := rip - nativeCode + uint64(i.Len)
		for at := rip - nativeCode; at < end-1; at++ {
			p.fip = append(p.fip, nativeCode+at) // of a prefix or the opcode
			if page[at]&0xf8 == 0xd8 {
				p.fop = append(p.fop, uint64(page[at]&7)<<8|uint64(page[at+1]))
				break
			}
		}
		p.certain = p.certain || !skipped
		if i.Prefix&PrefixMem != 0 {
			s := *m.in
			s.RIP = rip
			p.fdp = append(p.fdp, modRMSpan(i, &s).at)
			p.memory = p.memory || !skipped
		}
	})
	return p
}

// isX87Control names the instructions that leave the pointers alone.
func isX87Control(o Op) bool {
	switch o {
	case OpFNINIT, OpFNCLEX, OpFLDCW, OpFNSTCW, OpFNSTSW, OpFNSTENV, OpFLDENV, OpFNSAVE, OpFRSTOR, OpFWAIT:
		return true
	}
	return false
}

// levelPointers makes the pointers of images alike where both sides have values
// that a processor may have there.
func levelPointers(m *meeting) {
	m.eachImage(func(i *Inst, rip, at uint64) {
		p := m.pointersAt(rip)
		field := func(off, size uint64, certain bool, allowed ...uint64) {
			at := at + off - nativeData
			if at > nativeSize-size {
				return
			}
			host, model := m.host.Data[at:at+size], m.model.Data[at:at+size]
			ours := i.Op == OpFXSAVE || oneOf(model, host, allowed) // AMD's FXSAVE leaves the memory alone
			if !certain || oneOf(host, model, allowed) && ours {
				copy(host, model)
			}
		}
		cs, ds := []uint64{0, userCS, xenCS}, []uint64{0, userSS, xenSS}
		switch {
		case i.Op == OpFXSAVE && i.Prefix&PrefixREXW != 0:
			field(fxFOP, 2, p.certain, p.fop...)
			field(fxFIP, 8, p.certain, p.fip...)
			field(fxFDP, 8, p.memory, p.fdp...)
		case i.Op == OpFXSAVE:
			field(fxFOP, 2, p.certain, p.fop...)
			field(fxFIP, 4, p.certain, p.fip...)
			field(fxFIP+4, 2, p.certain, cs...)
			field(fxFIP+6, 2, p.certain, 0)
			field(fxFDP, 4, p.memory, p.fdp...)
			field(fxFDP+4, 2, p.memory, ds...)
			field(fxFDP+6, 2, p.memory, 0)
		case i.Size == 2:
			field(6, 2, p.certain, p.fip...)
			field(8, 2, p.certain, cs...)
			field(10, 2, p.memory, p.fdp...)
			field(12, 2, p.memory, ds...)
		default:
			field(12, 4, p.certain, p.fip...)
			field(16, 2, p.certain, cs...)
			field(18, 2, p.certain, p.fop...)
			field(20, 4, p.memory, p.fdp...)
			field(24, 2, p.memory, ds...)
		}
	})
}

// oneOf tells whether bytes of an image are one of the values. Bytes that a later store
// has overwritten on both sides do not count.
func oneOf(b, other []byte, values []uint64) bool {
	for _, v := range values {
		good := true
		for k := range b {
			good = good && (b[k] == byte(v>>(8*k)) || b[k] == other[k])
		}
		if good {
			return true
		}
	}
	return false
}
