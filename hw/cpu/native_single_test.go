//go:build linux && amd64

package cpu

import "encoding/binary"

// single is one random instruction with operands that are mostly good.
func (q *nativeProgram) single() {
	g := q.g
	for {
		s := shape{rex: -1, opcode: byte(g.Uint32()), reg: g.IntN(8), rm: -1, mem: g.chance(50)}
		switch g.IntN(8) {
		case 0, 1:
			s.lead = []byte{0x0f}
		case 2:
			s.lead = []byte{0x0f, 0x38 | byte(g.IntN(2))<<1}
		}
		if g.chance(50) {
			s.rex = 0x40 | g.IntN(16)
		}
		if g.chance(30) {
			s.prefix = []byte{[]byte{0x66, 0x66, 0xf2, 0xf3, 0xf0, 0x67}[g.IntN(6)]}
		}
		if len(s.lead) < 2 && skipOpcode(len(s.lead) == 1, s.opcode) {
			continue
		}
		b, dispAt := g.encode(s)
		i, st := Decode(b, Mode64)
		if st != DecodeOK || !q.fits(&i) {
			continue
		}
		b = b[:i.Len]
		q.operands(&i)
		if i.Prefix&PrefixMem != 0 && dispAt >= 0 && i.Base >= 16 && i.Index >= 16 {
			q.aim(b, &i, dispAt)
		}
		q.emit(b...)
		if undefinedFlags(&i, &nativeState{})|q.byCount(&i) != 0 {
			q.compare()
		}
		return
	}
}

// byCount is FlagsStatus where the undefined flags depend on CL or are many.
func (q *nativeProgram) byCount(i *Inst) uint64 {
	if i.Form == FormRMCL || i.Form == FormRMRegCL {
		return FlagsStatus
	}
	return 0
}

// fits tells whether a sequence may hold an instruction.
func (q *nativeProgram) fits(i *Inst) bool {
	mem := i.Prefix&PrefixMem != 0
	switch {
	case i.Op == OpUD || notCompared(i) != "" || isApproximate(i.Op) || i.Op.Kind() == KindSystem || i.Op.Kind() == KindString:
		return false
	case i.Op.Kind() == KindX87 && q.g.chance(80): // eight of 256 opcodes are theirs
		return false
	case i.Reg == RSP || i.RM == RSP && !mem || mem && i.Index == RSP: // the stack stays where it is
		return false
	case mem && i.Base == RSP && (i.Disp < -0x100 || i.Disp > 0x100 || i.Index < 16):
		return false
	case q.loops && (i.Reg&15 == R15 || i.RM == R15 && !mem || mem && (i.Base == R15 || i.Index == R15)):
		return false
	case mem && i.Form == FormRMReg && (i.Base == i.Reg || i.Index == i.Reg) && (i.Op == OpBT || i.Op == OpBTS || i.Op == OpBTR || i.Op == OpBTC):
		return false
	case mem && i.Base >= 16 && i.Index < 16: // an absolute displacement beside an index
		return false
	}
	switch i.Op {
	case OpJMP, OpJCC, OpCALL, OpRET, OpLOOP, OpLOOPE, OpLOOPNE, OpJCXZ, OpJMPIND, OpCALLIND, OpENTER, OpLEAVE,
		OpPUSHF, OpPOPF, OpLAHF, OpSTD, OpPUSH, OpPOP, OpFXSAVE, OpFXRSTOR, OpFNSAVE, OpFRSTOR, OpFLDENV, OpFNSTENV,
		OpMASKMOVDQU, OpMASKMOVQ, OpLDMXCSR, OpFLDCW,
		OpDPPD, OpDPPS: // the manuals do not say which flags they leave when an unmasked exception ends them
		return false
	case OpSHLD, OpSHRD: // counts beyond 16 bits are undefined
		return i.Size != 2
	case OpXCHG, OpXADD: // with the stack pointer, see above
		return i.Reg != RSP
	}
	return true
}

// operands emits instructions that make the operands of i good ones.
func (q *nativeProgram) operands(i *Inst) {
	g := q.g
	switch {
	case (i.Op == OpBT || i.Op == OpBTS || i.Op == OpBTR || i.Op == OpBTC) && i.Form == FormRMReg && i.Prefix&PrefixMem != 0:
		q.set(int(i.Reg&15), uint64(int64(g.IntN(0x800)-0x400)))
	case i.Op == OpXLAT:
		q.set(RBX, q.place(256))
	case i.Op == OpDIV || i.Op == OpIDIV:
		q.set(RDX, uint64(g.IntN(3)))
	}
	if i.Prefix&PrefixMem == 0 || g.chance(1) {
		return
	}
	at := q.place(max(int(i.Size), 1)) - uint64(i.Disp)
	switch {
	case i.Base >= 16 || i.Base == RSP:
	case i.Index == i.Base:
		q.set(int(i.Base), at/(1+1<<i.Scale))
	case i.Index < 16:
		k := uint64(int64(g.IntN(64) - 32))
		q.set(int(i.Index), k)
		q.set(int(i.Base), at-k<<i.Scale)
	default:
		q.set(int(i.Base), at)
	}
}

// aim patches the displacement of an operand without registers.
func (q *nativeProgram) aim(b []byte, i *Inst, dispAt int) {
	at := q.place(max(int(i.Size), 1)) & 0x3fff_ffff
	switch {
	case i.Base == RIPReg:
		at -= nativeCode + nativeText + uint64(len(q.code)+len(b))
	case i.Addr == 8 && i.Op == OpMOV && b[dispAt-1]&0xfc == 0xa0:
		binary.LittleEndian.PutUint64(b[dispAt:], at)
		return
	}
	binary.LittleEndian.PutUint32(b[dispAt:], uint32(at))
}
