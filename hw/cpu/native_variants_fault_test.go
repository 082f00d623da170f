package cpu

// variantsOfFaults are about which fault, where, and what it leaves.
func variantsOfFaults() []variant {
	order := func(title string, code []byte, set func(s *nativeState), good, wrong edits) variant {
		return variant{faultOrder, title, code, set, good, wrong}
	}
	ac := func(s *nativeState) { s.RFLAGS |= FlagAC }
	return []variant{
		order("CMPSB, both operands fault", []byte{0xa6}, regs(RSI, notCanon, RDI, notThere),
			edits{fault(14, notThere)}, edits{fault(14, notThere+1), fault(6, 0), fault(12, 0), fault(17, 0)}),
		order("CMPSQ, both operands fault", []byte{0x48, 0xa7}, regs(RSI, notThere, RDI, notCanon),
			edits{fault(13, 0)}, edits{fault(14, notThere-0x1000), fault(12, 0)}),
		order("MOVSD across two ends", []byte{0xa5}, regs(RSI, dataEnd-2, RDI, nativeData-2),
			edits{fault(14, nativeData-2), fault(14, nativeData-1)}, edits{fault(14, dataEnd-1), fault(14, nativeData), fault(13, 0)}),
		order("REP MOVSB", []byte{0xf3, 0xa4}, regs(RSI, dataEnd-3, RDI, nativeCode+0xffd, RCX, 9),
			edits{both(fault(14, nativeCode+0x1000))}, edits{both(fault(14, nativeCode+0x1000), gpr(RCX, 5))}),
		order("PUSH m", []byte{0xff, 0x30}, regs(RAX, notThere, RSP, notThere+0x5000),
			edits{fault(14, notThere+0x4ff8)}, edits{fault(14, notThere+0x5000), fault(13, 0)}),
		order("POP m", []byte{0x8f, 0x00}, regs(RAX, notThere, RSP, notCanon),
			edits{fault(14, notThere), fault(12, 0)}, edits{fault(14, notThere+8), fault(17, 0)}),
		order("CALL m", []byte{0xff, 0x10}, regs(RAX, notThere, RSP, notThere+0x5000),
			edits{fault(14, notThere+0x4ff8)}, edits{fault(14, notThere+0x4000)}),
		order("CALL to nowhere from a bad stack", []byte{0xff, 0xd0}, regs(RAX, notCanon, RSP, notThere),
			edits{fault(13, 0), fault(14, notThere-8)}, edits{fault(14, notThere), fault(12, 0)}),
		order("ENTER 16, 3", []byte{0xc8, 16, 0, 3}, regs(RBP, notThere, RSP, nativeData+8),
			edits{fault(14, nativeData-8), fault(14, notThere-8), fault(14, notThere-16)},
			edits{fault(14, notThere), fault(14, nativeData), fault(13, 0)}),
		order("#AC or #PF", []byte{0x8b, 0x00}, states(ac, regs(RAX, dataEnd-1)),
			edits{fault(17, 0)}, edits{fault(13, 0), fault(14, dataEnd+4)}),
		order("FXSAVE misaligned, AC set", []byte{0x0f, 0xae, 0x00}, states(ac, regs(RAX, nativeData+2)),
			edits{fault(17, 0)}, edits{fault(14, nativeData+2), fault(12, 0)}),
		order("FNSAVE from one bad page to another", []byte{0xdd, 0x30}, regs(RAX, notThere+0xfe0),
			edits{fault(14, notThere+0x1000), fault(14, notThere+0x104b)}, edits{fault(14, notThere+0x104c), fault(13, 0)}),
		order("FXSAVE over the end", []byte{0x0f, 0xae, 0x00}, regs(RAX, dataEnd-0x100),
			edits{fault(14, dataEnd+0xf0), both(fault(14, dataEnd+8), bytesAt(dataEnd-0x100, 1, 2, 3))},
			edits{fault(14, dataEnd+0x100), both(fault(14, dataEnd+8), bytesAt(dataEnd-0x101, 1))}),
		order("MOVAPS misaligned where nothing is", []byte{0x0f, 0x28, 0x00}, regs(RAX, notThere+8),
			edits{fault(14, notThere+8)}, edits{fault(14, notThere+24), fault(17, 0)}),
		order("pending x87 exception and a bad operand", []byte{0xd9, 0x00}, states(regs(RAX, notThere), func(s *nativeState) {
			s.FX[0], s.FX[fxFSW], s.FX[fxFSW+1] = 0x7e, 0x81, 0x80
		}), edits{fault(14, notThere)}, edits{fault(14, notThere+4), fault(13, 0)}),

		{"what a store in parts has written before it faulted", "MOVUPS over the end", []byte{0x0f, 0x11, 0x00}, regs(RAX, dataEnd-8),
			edits{bytesAt(dataEnd-8, 0, 0, 0, 0x40, 0, 0, 0x80, 0x3f)}, edits{bytesAt(dataEnd-9, 0xfe), gpr(RAX, 0), fault(3, 0)}},
		{"what a store in parts has written before it faulted", "ENTER into a bad page", []byte{0xc8, 0, 0, 2}, regs(RSP, nativeData+16),
			edits{bytesAt(nativeData, 9, 9, 9, 9)}, edits{gpr(RBP, 1), gpr(RSP, nativeData+8)}},
		{"the return address that a faulting CALL has written below the stack", "CALL to nowhere", []byte{0xff, 0xd0}, regs(RAX, notCanon),
			edits{bytesAt(nativeData+0xff8, 2, 8, 0, 0x10, 0, 0, 0, 0)},
			edits{bytesAt(nativeData+0xff8, 3, 8, 0, 0x10, 0, 0, 0, 0), gpr(RSP, nativeData+0xff8)}},
		{"MASKMOVDQU, MASKMOVQ: faults of bytes that are not selected", "MASKMOVDQU of nothing", []byte{0x66, 0x0f, 0xf7, 0xc1}, func(s *nativeState) { s.GPR[RDI] = notThere; copy(s.FX[fxXMM+16:], make([]byte, 16)) },
			edits{fault(14, notThere), fault(14, notThere+15)}, edits{fault(14, notThere+16), fault(13, 0), gpr(RDI, 0)}},
		{"MASKMOVDQU, MASKMOVQ: faults of bytes that are not selected", "MASKMOVQ of nothing, the host needs no address", []byte{0x0f, 0xf7, 0xc1},
			func(s *nativeState) { s.GPR[RDI] = notThere; s.FX[fxST+16+7] = 0 },
			edits{func(e *nativeEnd) { e.Vector, e.RIP = 3, e.RIP+4 }}, edits{fault(14, notThere+8), fault(13, 0)}},
		{"#AC of 16 bytes that need no alignment", "MOVUPS misaligned", []byte{0x0f, 0x10, 0x00}, states(ac, regs(RAX, nativeData+4)),
			edits{func(e *nativeEnd) { e.Vector, e.RIP = 3, e.RIP+4 }}, edits{fault(13, 0), fault(14, nativeData)}},
		{"#AC of a locked access across a cache line", "LOCK INC", []byte{0xf0, 0xff, 0x00}, regs(RAX, nativeData+0x13e),
			edits{func(e *nativeEnd) { e.Vector, e.RIP, e.Data = 17, e.RIP-4, sampleState().Data }}, edits{fault(13, 0), fault(14, nativeData)}},
		{"linear addresses of 57 bits", "MOV EAX, [1<<50]", []byte{0x8b, 0x00}, regs(RAX, 1<<50),
			edits{fault(14, 1<<50)}, edits{fault(14, 1<<57), fault(14, notThere), fault(3, 0)}},
		{"linear addresses of 57 bits", "JMP RAX", []byte{0xff, 0xe0}, regs(RAX, 1<<50),
			edits{both(fault(14, 1<<50), func(e *nativeEnd) { e.RIP = 1 << 50 })}, edits{fault(14, 1<<57)}},
		{"x87 store with an unmasked exception: whether the operand's address counts", "FISTP of a NaN", []byte{0xdf, 0x38},
			func(s *nativeState) { s.GPR[RAX] = notThere; s.FX[0] = 0x7e; s.FX[fxST+8], s.FX[fxST+9] = 0xff, 0x7f },
			edits{func(e *nativeEnd) { e.Vector, e.RIP = 3, e.RIP+3; e.setFSW(e.fsw() | fswES | fswB | 1) }},
			edits{func(e *nativeEnd) { e.Vector, e.RIP = 3, e.RIP+3 }, fault(13, 0)}},
		{"REPE, REPNE CMPS and SCAS: flags at a fault", "REPE CMPSB", []byte{0xf3, 0xa6}, func(s *nativeState) {
			s.GPR[RSI], s.GPR[RDI], s.GPR[RCX] = dataEnd-2, dataEnd-2, 5
			s.RFLAGS |= FlagCF
		}, edits{flags(FlagCF | FlagZF | FlagPF)}, edits{flags(FlagCF), flags(FlagDF), gpr(RCX, 2)}},
		{"strings with 32-bit addresses: upper halves of registers that have not moved", "REP MOVSB [EDI], [ESI]", []byte{0x67, 0xf3, 0xa4},
			regs(RSI, nativeData, RDI, 5<<32|notThere, RCX, 3), edits{gpr(RDI, notThere)}, edits{gpr(RDI, 1<<32|notThere), gpr(RDI, notThere+1), gpr(RCX, 2)}},
		{"#GP for more than 15 bytes or #UD for what the first of them say", "LOCK and 15 more",
			[]byte{0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0xf0, 0x0f}, nil,
			edits{fault(6, 0)}, edits{fault(14, notThere), fault(3, 0)}},
		{"RF as an exception pushes it", "INT3", []byte{0x90}, nil, edits{flags(FlagRF)}, edits{flags(FlagTF)}},
	}
}
