package cpu

// choices is the table of what is not architecture. A row stands here because a
// manual says "undefined", "implementation-dependent" or "reserved", or because
// AMD's and Intel's manuals say different things; never because a host differed
// and nobody knew why.
var choices = []choice{
	{name: "flags that the instruction leaves undefined", level: levelFlags,
		source: "APM vol. 3, appendix E; SDM vol. 1, appendix A and the instructions' pages; see undefinedFlags"},
	{name: "RF as an exception pushes it", level: levelRF,
		source: "APM vol. 2, 13.1.4 and SDM vol. 3, 17.3.1.1: set for faults; of traps and repeated strings the processor's affair, and ptrace shows the kernel's"},
	{name: "which fault of one instruction comes first, at which byte", level: levelFaults,
		source: "SDM vol. 3, 6.9, table 6-2: order within a class varies from processor to processor; APM vol. 2, 8.5"},
	{name: "what a store in parts has written before it faulted", level: levelPartialStore,
		source: "SDM vol. 3, 8.1.1: of an access larger than a quadword some parts may be visible although another faulted; pushes of ENTER likewise"},
	{name: "the return address that a faulting CALL has written below the stack", level: levelCall,
		source: "SDM vol. 2, CALL and APM vol. 3, CALL (Near): pushed before or after the target is checked; rSP is unchanged in either case"},
	{name: "MASKMOVDQU, MASKMOVQ: faults of bytes that are not selected", level: optional(unselected),
		source: "SDM vol. 2, MASKMOVDQU: with a mask of all 0s exceptions of addressing and page faults may still be signaled (implementation-dependent); APM vol. 4"},
	{name: "#AC of 16 bytes that need no alignment", level: optional(unaligned),
		source: "SDM vol. 3, 6.15 (#AC): may or may not be generated, depending on the implementation; APM vol. 4"},
	{name: "#AC of a locked access across a cache line", level: optional(splitLock),
		source: "SDM vol. 3, 10.1.2.3: systems may have split locks disabled"},
	{name: "linear addresses of 57 bits", level: level57,
		source: "APM vol. 2, 5.3, SDM vol. 3, 4.5: with CR4.LA57 addresses of 57 bits are canonical; nothing is mapped there"},
	{name: "x87 store with an unmasked exception: whether the operand's address counts", level: optional(notStored),
		source: "SDM vol. 3, table 6-2: page and x87 faults are of one class; nothing is stored (SDM vol. 1, 8.5)"},
	{name: "REPE, REPNE CMPS and SCAS: flags at a fault", level: levelRepeatFlags,
		source: "SDM vol. 2, REP: restored to before the instruction; APM vol. 3, 1.2.6: those of the last iteration"},
	{name: "strings with 32-bit addresses: upper halves of registers that have not moved", level: levelUpperHalves,
		source: "SDM vol. 1, 3.4.1.1, APM vol. 1, 3.1.2: a 32-bit result clears the upper half; whether an iteration that faults has one is not said"},
	{name: "#GP for more than 15 bytes or #UD for what the first of them say", level: levelLength,
		source: "SDM vol. 3, table 6-2: both are faults of decoding, in one class; APM vol. 3, 1.1"},

	{name: "BSF, BSR: destination for a source of 0", level: levelBitScan,
		source: "SDM vol. 2, BSF: undefined, the upper half of a 32-bit operation included; APM vol. 3: unchanged"},
	{name: "SHLD, SHRD: result for a count beyond the operand", level: levelDoubleShift,
		source: "SDM vol. 2, SHLD: count greater than the operand size is undefined; APM vol. 3, SHLD"},
	{name: "BSWAP of 16 bits", level: levelByteSwap,
		source: "APM vol. 3 and SDM vol. 2, BSWAP: undefined"},

	{name: "x87 condition codes that are undefined", level: levelConditions,
		source: "SDM vol. 1, table 8-1; APM vol. 5, condition codes of each instruction"},
	{name: "x87 functions: the last bits", level: levelFunctions,
		source: "SDM vol. 1, 8.3.10: error below one unit; APM vol. 1, 6.4.5"},
	{name: "F2XM1, FYL2XP1 outside their domain", level: levelDomain,
		source: "SDM vol. 2, F2XM1, FYL2XP1: the result is undefined; APM vol. 5"},
	{name: "FPREM, FPREM1: how far an incomplete reduction goes", level: levelRemainder,
		source: "SDM vol. 2, FPREM: N is an implementation-dependent number between 32 and 63; APM vol. 5"},
	{name: "FBLD of digits above 9", level: levelPackedDecimal,
		source: "SDM vol. 2, FBLD: loading an invalid encoding produces an undefined result; APM vol. 5"},
	{name: "x87 pointers in images", level: levelPointers,
		source: "APM vol. 2, 11.4.4: FXSAVE stores them only while ES is set; SDM vol. 1, 8.1.8, 8.1.9: FCS, FDS deprecated, FDP and FOP perhaps only of exceptions"},
	{name: "MXCSR_MASK", level: levelMask,
		source: "APM vol. 2, 11.5.10 and SDM vol. 1, 11.6.6: says which bits this processor has"},
	{name: "MMX state entered by an instruction that faults", level: levelMMX,
		source: "SDM vol. 1, 9.5.1 and APM vol. 5, 1.4: executing an MMX instruction sets tags and top; nothing is said of one that faults"},
	{name: "RCP, RSQRT: approximations", level: levelReciprocal,
		source: "SDM vol. 2, RCPPS: relative error up to 1.5 * 2^-12; APM vol. 4"},
	{name: "DPPS, DPPD: which NaN, and flags behind an unmasked exception", level: levelDotProduct,
		source: "SDM vol. 2, DPPS: order of the additions' operands is not part of it; APM vol. 4"},

	{name: "66 before a near branch", other: otherNearBranch,
		source: "SDM vol. 2, CALL, JMP, RET, Jcc: forced to 64 bits, 66 is ignored; APM vol. 3, 1.2.2 and table B-5: 16 bits"},
	{name: "F3 90 with REX.B", other: otherPause,
		source: "SDM vol. 2, PAUSE: F3 90; APM vol. 3, NOP, XCHG: REX.B makes it XCHG R8"},
	{name: "66 before MOVSXD", other: otherMOVSXD,
		source: "SDM vol. 2, MOVSXD: r16 from r/m16; APM vol. 3, MOVSXD: the source has 32 bits"},
	{name: "FNENI, FNDISI, FNSETPM with an exception pending", other: otherNoWait,
		source: "SDM vol. 1, D.2.1.3: no-wait instructions; APM vol. 3, table A-7: reserved"},
	{name: "LOOPE, LOOPNE after REP or REPNE", other: otherLoop,
		source: "SDM vol. 2, 2.1.1 and APM vol. 3, 1.2.6: REP before anything but strings is reserved"},
}

func levelFlags(m *meeting) {
	m.host.RFLAGS = m.host.RFLAGS&^m.undefined | m.model.RFLAGS&m.undefined
}

func levelRF(m *meeting) {
	m.host.RFLAGS = m.host.RFLAGS&^FlagRF | m.model.RFLAGS&FlagRF
}

// otherNearBranch: what Intel makes of AMD's 16-bit branches.
func otherNearBranch(i *Inst) byte {
	switch i.Op {
	case OpJCC, OpJMP, OpCALL, OpCALLIND, OpJMPIND, OpRET, OpLOOP, OpLOOPE, OpLOOPNE, OpJCXZ:
		if i.Prefix&PrefixOpSize != 0 {
			return dropOpSize
		}
	}
	return 0
}

func otherPause(i *Inst) byte {
	if i.Op == OpXCHG && i.Prefix&(PrefixMem|PrefixRep) == PrefixRep {
		return dropREXB
	}
	return 0
}

func otherMOVSXD(i *Inst) byte {
	if i.Op == OpMOVSXD && i.Size == 2 {
		return 0x8b // MOV
	}
	return 0
}

func otherNoWait(i *Inst) byte {
	if i.Op == OpFNOP {
		return noWait
	}
	return 0
}

func otherLoop(i *Inst) byte {
	rep := i.Prefix&(PrefixRep|PrefixRepne) != 0
	switch {
	case i.Op == OpLOOPE && rep:
		return 0xe0
	case i.Op == OpLOOPNE && rep:
		return 0xe1
	}
	return 0
}

// levelFaults makes the host's fault the model's if the instruction's operands justify
// both.
func levelFaults(m *meeting) {
	if !m.faulted() {
		return
	}
	before := m.before()
	list := faultsOf(&m.inst, before)
	if allows(list, &m.host) && allows(list, &m.model) {
		m.host.Vector, m.host.Addr = m.model.Vector, m.model.Addr
	}
}

// before is the state in which the faulting instruction began.
func (m *meeting) before() *nativeState {
	s := m.host.nativeState
	if m.host.RIP == m.in.RIP && m.inst.Op.Kind() != KindString {
		s = *m.in
	}
	return &s
}

func levelPartialStore(m *meeting) {
	if !m.faulted() {
		return
	}
	for _, sp := range spans(&m.inst, m.before()) {
		if sp.write && (sp.size > 8 || m.inst.Op == OpENTER) {
			m.levelBytes(sp.at, sp.size)
		}
	}
}

// levelBytes makes bytes of the host's memory the model's.
func (m *meeting) levelBytes(at, size uint64) {
	for k := range size {
		if o := at + k - nativeData; o < nativeSize {
			m.host.Data[o] = m.model.Data[o]
		}
	}
}

func levelCall(m *meeting) {
	if !m.faulted() || m.inst.Op != OpCALL && m.inst.Op != OpCALLIND {
		return
	}
	from := m.before()
	back, size := from.RIP+uint64(m.inst.Len), uint64(m.inst.Size)
	at := from.GPR[RSP] - size
	for k := range size {
		if o := at + k - nativeData; o < nativeSize && m.host.Data[o] == byte(back>>(8*k)) {
			m.host.Data[o] = m.model.Data[o]
		}
	}
}

// levelRepeatFlags: when a repeated comparison faults, the flags may be those from before
// the instruction, or those after its last whole iteration.
func levelRepeatFlags(m *meeting) {
	if !m.faulted() || m.inst.Op != OpCMPS && m.inst.Op != OpSCAS || m.inst.Prefix&(PrefixRep|PrefixRepne) == 0 {
		return
	}
	if m.code != nil && m.in.RIP != m.host.RIP { // inside a sequence: nothing is known of the state before it
		m.host.RFLAGS = m.host.RFLAGS&^FlagsStatus | m.model.RFLAGS&FlagsStatus
	} else if (m.host.RFLAGS^m.in.RFLAGS)&FlagsStatus == 0 {
		m.host.RFLAGS = m.host.RFLAGS&^FlagsStatus | m.model.RFLAGS&FlagsStatus
	}
}

func levelUpperHalves(m *meeting) {
	if !m.faulted() || m.inst.Op.Kind() != KindString || m.inst.Addr != 4 {
		return
	}
	for _, r := range []int{RCX, RSI, RDI} {
		if m.host.GPR[r] == uint64(uint32(m.model.GPR[r])) {
			m.host.GPR[r] = m.model.GPR[r]
		}
	}
}

// levelLength: an encoding is undefined by its first bytes, and up to ten more may follow
// before a processor says so.
func levelLength(m *meeting) {
	ud := func(v int) bool { return v == 6 || v == 13 }
	_, st := Decode(m.code, Mode64)
	long := st == DecodeTooLong || m.inst.Op == OpUD && len(m.code)+10 > MaxLen
	if m.faulted() && long && ud(m.host.Vector) && ud(m.model.Vector) {
		m.host.Vector = m.model.Vector
	}
}
