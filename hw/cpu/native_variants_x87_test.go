package cpu

import "encoding/binary"

// variantsOfX87 are about x87 and MMX state.
func variantsOfX87() []variant {
	conditionsOf := func(v uint16) func(e *nativeEnd) { return func(e *nativeEnd) { e.setFSW(e.fsw() ^ v) } }
	mant := func(toward uint64) func(e *nativeEnd) {
		return func(e *nativeEnd) {
			p := e.FX[fxST:]
			binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)+toward)
		}
	}
	st0 := func(exp uint16, mant uint64) func(s *nativeState) {
		return func(s *nativeState) {
			binary.LittleEndian.PutUint64(s.FX[fxST:], mant)
			binary.LittleEndian.PutUint16(s.FX[fxST+8:], exp)
		}
	}
	const at = nativeData + 0x300
	list := []variant{
		{"x87 condition codes that are undefined", "FADD", []byte{0xd8, 0xc1}, nil,
			edits{conditionsOf(fswC0 | fswC2 | fswC3), conditionsOf(fswC3)}, edits{conditionsOf(fswC1), conditionsOf(1), mant(1)}},
		{"x87 condition codes that are undefined", "FNCLEX", []byte{0xdb, 0xe2}, nil,
			edits{conditionsOf(fswC0 | fswC1)}, edits{conditionsOf(1), conditionsOf(1 << fswTop)}},
		{"x87 functions: the last bits", "FSIN", []byte{0xd9, 0xfe}, nil,
			edits{mant(1), mant(^uint64(0))}, edits{mant(16), mant(1 << 40), conditionsOf(fswC2)}},
		{"F2XM1, FYL2XP1 outside their domain", "F2XM1 of 3", []byte{0xd9, 0xf0}, st0(0x4000, 3<<62),
			edits{mant(1 << 50), both(mant(99), conditionsOf(0x20))}, edits{fx(fxST+16, 9), conditionsOf(1 << fswTop)}},
		{"FPREM, FPREM1: how far an incomplete reduction goes", "FPREM of 2^90 by about 1", []byte{0xd9, 0xf8}, states(st0(0x3fff+90, 3<<62+9), st1(7<<61+5)),
			edits{func(e *nativeEnd) {
				binary.LittleEndian.PutUint16(e.FX[fxST+8:], 0x3fff+90-40)
			}}, edits{func(e *nativeEnd) {
				binary.LittleEndian.PutUint16(e.FX[fxST+8:], 0x3fff+90-20)
			}, fx(fxST+16, 1)}},
		{"FBLD of digits above 9", "FBLD", []byte{0xdf, 0x23}, func(s *nativeState) { s.Data[0x300] = 0xaa },
			edits{mant(5)}, edits{fx(fxST+16, 1), fx(fxFTW, 0)}},
		{"x87 pointers in images", "FLD1; FXSAVE64", []byte{0xd9, 0xe8, 0x48, 0x0f, 0xae, 0x04, 0x25, 0, 3, 0, 0x20}, func(s *nativeState) { s.FX[fxFTW] = 0 },
			edits{both(bytesAt(at+fxFIP, 0, 8, 0, 0x10, 0, 0, 0, 0), bytesAt(at+fxFDP, 0, 0, 0, 0, 0, 0, 0, 0), bytesAt(at+fxFOP, 0xe8, 1)),
				both(bytesAt(at+fxFIP, 0, 0, 0, 0, 0, 0, 0, 0), bytesAt(at+fxFDP, 0, 0, 0, 0, 0, 0, 0, 0), bytesAt(at+fxFOP, 0, 0))},
			edits{bytesAt(at+fxFIP, 1, 8, 0, 0x10, 0, 0, 0, 0), bytesAt(at+fxFOP, 0xe9, 1), bytesAt(at+fxST, 5)}},
		{"x87 pointers in images", "FLD m; FNSTENV", []byte{0xd9, 0x04, 0x25, 0, 4, 0, 0x20, 0xd9, 0x34, 0x25, 0, 3, 0, 0x20}, func(s *nativeState) { s.FX[fxFTW] = 0 },
			edits{bytesAt(at+16, 0, 0), bytesAt(at+18, 0, 0), bytesAt(at+12, 0, 0, 0, 0)},
			edits{bytesAt(at+12, 7), bytesAt(at+20, 4), bytesAt(at+16, 0x10), bytesAt(at, 0)}},
		{"MMX state entered by an instruction that faults", "MOVQ [bad], MM0", []byte{0x0f, 0x7f, 0x03}, func(s *nativeState) {
			s.GPR[RBX], s.FX[fxFTW] = notThere, 0x3f
			s.FX[fxFSW+1] = 3 << (fswTop - 8)
		}, edits{topMMX, both(topMMX, fx(fxFTW, 0xff))}, edits{both(topMMX, fx(fxFTW, 1)), conditionsOf(2 << fswTop), fx(fxFTW, 0xfe)}},
		{"MMX state entered by an instruction that faults", "MASKMOVQ", []byte{0x0f, 0xf7, 0xc1}, func(s *nativeState) {
			s.GPR[RDI], s.FX[fxFTW], s.FX[fxST+16+7] = notThere, 0x3f, 0x80
		}, edits{fx(fxFTW, 0x3f)}, edits{conditionsOf(2 << fswTop), fx(fxST, 1)}},
	}
	return list
}

// st1 puts a number just above 1 into ST1.
func st1(mant uint64) func(s *nativeState) {
	return func(s *nativeState) { binary.LittleEndian.PutUint64(s.FX[fxST+16:], mant|1<<63) }
}

// states applies one after the other.
func states(f ...func(s *nativeState)) func(s *nativeState) {
	return func(s *nativeState) {
		for _, g := range f {
			g(s)
		}
	}
}

// variantsOfCode are encodings that the makers decode in different ways. What the other
// maker's processor does with one is what the model does with a second encoding, which
// means the same to both makers.
func variantsOfCode(e *emuCPU) []variant {
	as := func(set func(s *nativeState), code ...byte) func(e *nativeEnd) {
		return func(end *nativeEnd) {
			in := sampleState()
			if set != nil {
				set(&in)
			}
			*end = e.run(code, &in)
		}
	}
	pending := func(s *nativeState) { s.FX[0], s.FX[fxFSW], s.FX[fxFSW+1] = 0x7e, 0x81, 0x80 }
	taken := regs(RCX, 2)
	atEnd := regs(RBX, dataEnd-2)
	rax := gpr(RAX, 0x77)
	return []variant{
		{"66 before a near branch", "JMP rel8", []byte{0x66, 0xeb, 0x10}, nil, edits{as(nil, 0x3e, 0xeb, 0x10)}, edits{as(nil, 0x3e, 0xeb, 0x11), rax}},
		{"66 before a near branch", "CALL rel16 or rel32", []byte{0x66, 0xe8, 0x10, 0}, nil, edits{as(nil, 0x3e, 0xe8, 0x10, 0, 0xcc, 0xcc)}, edits{as(nil, 0x3e, 0xe8, 0x10, 0, 0, 0)}},
		{"66 before a near branch", "RET", []byte{0x66, 0xc3}, nil, edits{as(nil, 0x3e, 0xc3)}, edits{gpr(RSP, nativeData+0x1004)}},
		{"66 before a near branch", "CALL to nowhere, pushed", []byte{0x66, 0xff, 0xd0}, regs(RAX, notCanon),
			edits{both(as(regs(RAX, notCanon), 0x3e, 0xff, 0xd0), bytesAt(nativeData+0xff8, 3, 8, 0, 0x10, 0, 0, 0, 0))},
			edits{both(as(regs(RAX, notCanon), 0x3e, 0xff, 0xd0), bytesAt(nativeData+0xff8, 4))}},
		{"F3 90 with REX.B", "PAUSE", []byte{0xf3, 0x41, 0x90}, nil, edits{as(nil, 0x90, 0x90, 0x90)}, edits{rax, gpr(R8, 1)}},
		{"66 before MOVSXD", "MOVSXD AX, [end - 2]", []byte{0x66, 0x63, 0x03}, atEnd, edits{as(atEnd, 0x66, 0x8b, 0x03)}, edits{fault(13, 0), both(as(atEnd, 0x66, 0x8b, 0x03), rax)}},
		{"FNENI, FNDISI, FNSETPM with an exception pending", "FNENI", []byte{0xdb, 0xe0}, pending, edits{as(pending, 0x66, 0x90)}, edits{fault(13, 0), as(nil, 0x66, 0x90)}},
		{"LOOPE, LOOPNE after REP or REPNE", "REPNE LOOPE", []byte{0xf2, 0xe1, 0x10}, taken, edits{as(taken, 0xf2, 0xe0, 0x10)}, edits{as(taken, 0xf2, 0xe2, 0x11)}},
	}
}
