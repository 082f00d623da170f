package main

import (
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// guestRegsFor are registers that can be told apart.
func guestRegsFor(base uint64) (r regs) {
	words := (*[15]uint64)(unsafe.Pointer(&r))
	for i := range words {
		words[i] = base + uint64(i)
	}
	r.RIP, r.RSP, r.RFLAGS = base+0x100, base+0x200, 0x246
	r.CS, r.SS = abi.FlatKernelCS, abi.FlatKernelSS
	return r
}

// cutOff imitates SYSCALL's entry, cut off after so many pushes: saved is then
// the content of the stack, and the result is the CPU's registers at the
// failure.
func cutOff(saved *regs, guest regs, pushes int) (trap regs) {
	base := addrOf(unsafe.Pointer(saved))
	words := (*[21]uint64)(unsafe.Pointer(saved))
	full := guest
	full.ErrorCode, full.EntryVector = 0, 0
	*csWord(&full) |= syscallMark
	from := (*[21]uint64)(unsafe.Pointer(&full))
	for i := range pushes {
		words[20-i] = from[20-i]
	}
	trap = guest
	trap.RCX, trap.R11 = guest.RIP, guest.RFLAGS
	trap.RSP, trap.CS = base+168-8*uint64(pushes), selHVCode
	return trap
}

// Whichever instruction of SYSCALL's entry fails, recovery has the guest's
// registers.
func TestEntryCutOffAnywhere(t *testing.T) {
	recoverable(t)
	saved := guestRegs()
	for pushes := range 22 {
		guest := guestRegsFor(0x1000)
		guest.RCX, guest.R11 = guest.RIP, guest.RFLAGS
		*saved = guestRegsFor(0x77000) // the registers of an earlier entry
		testCPU.trap = cutOff(saved, guest, pushes)
		testCPU.trapped = true
		sysRSP[0] = guest.RSP
		s := guestState{regs: *saved}
		if !s.guestFrame(testCPU, saved) {
			t.Fatalf("%d pushes: taken for complete", pushes)
		}
		s.regs.ErrorCode, s.regs.EntryVector = 0, 0
		if s.regs != guest || !s.call {
			t.Errorf("%d pushes: call %v, registers %+v, expected %+v", pushes, s.call, s.regs, guest)
		}
	}
}

// Before SYSCALL's entry has changed the stack pointer, and before SYSRET, it is the guest's.
func TestGuestStackPointer(t *testing.T) {
	recoverable(t)
	saved := guestRegs()
	*saved = guestRegsFor(0x77000)
	guest := guestRegsFor(0x1000)
	guest.RCX, guest.R11 = guest.RIP, guest.RFLAGS
	testCPU.trap = guest
	testCPU.trap.RIP, testCPU.trap.RFLAGS, testCPU.trap.CS = 0, 2, selHVCode
	s := guestState{regs: *saved}
	s.guestFrame(testCPU, saved)
	if s.regs != guest || !s.call {
		t.Errorf("entry: call %v, %+v", s.call, s.regs)
	}
	*saved = guest
	s = guestState{regs: *saved}
	s.guestFrame(testCPU, saved)
	if s.regs != guest || s.call {
		t.Errorf("way back: call %v, %+v", s.call, s.regs)
	}
}

// Wherever a change of the saved registers is cut off, recovery finds the old
// ones or the new ones, and never a mixture.
func TestNotedRegisters(t *testing.T) {
	recoverable(t)
	_, v := newDomain(t, 1)
	v.isRunning = 1
	old := guestRegsFor(0x1000)
	want := old
	want.RIP, want.CS, want.RFLAGS, want.RSP, want.SS = 1, 2, 3, 4, 5
	half := old
	half.RIP, half.RSP = 1, 4
	for _, c := range []struct {
		name  string
		noted uint32
		saved regs
		want  regs
	}{
		{"not drafted", notedEntry, old, old},
		{"registers half changed", notedEntry | nextFlow, half, want},
		{"registers changed", notedEntry, want, want},
	} {
		v.arch.next = want
		*guestRegs() = c.saved
		v.note(c.noted)
		restoreGuest(v)
		c.want.EntryVector = 3
		if v.arch.regs != c.want {
			t.Errorf("%s: %+v, expected %+v", c.name, v.arch.regs, c.want)
		}
		if v.arch.noted&notedWhere != notedSaved {
			t.Errorf("%s: noted %#x", c.name, v.arch.noted)
		}
	}
}

// If a call's result is in RAX but not noted yet, recovery puts the call's
// number back into RAX.
func TestResultNotNoted(t *testing.T) {
	recoverable(t)
	_, v := newDomain(t, 1)
	v.isRunning = 1
	r := guestRegs()
	*r = guestRegsFor(0x1000)
	v.arch.log.start(29)
	v.note(notedEntry | notedCall)
	r.RAX = 0
	restoreGuest(v)
	if v.arch.regs.RAX != 29 {
		t.Errorf("RAX %d", v.arch.regs.RAX)
	}
}

// For a call that was under way, RIP goes back over SYSCALL, and the log keeps
// what is done. Without the step it does not.
func TestRetry(t *testing.T) {
	recoverable(t)
	_, v := newDomain(t, 1)
	for _, on := range []bool{true, false} {
		persist().policy = 0
		want := uint64(0x500)
		if on {
			persist().policy = 1<<stepHypercallRetry | 1<<stepMulticallRetry | 1<<stepUndoLog
			want -= syscallLen
		}
		v.arch.noted, v.isRunning = 0, 1
		v.arch.flags |= inKernelMode
		v.arch.log = progress{}
		v.arch.mc.active = true
		*guestRegs() = regs{RIP: 0x500}
		v.note(notedEntry | notedCall)
		v.arch.log.entry(2)
		v.arch.log.part(5)
		restoreGuest(v)
		if v.arch.regs.RIP != want || v.arch.mc.active == on || v.arch.log.again != on {
			t.Errorf("step %v: rip %#x, multicall %v, again %v", on, v.arch.regs.RIP, v.arch.mc.active, v.arch.log.again)
		}
		if !on {
			continue
		}
		for range 2 { // the VMM may fail again before the call continues
			v.arch.log.start(v.arch.log.nr)
			if v.arch.log.entries() != 2 || v.arch.log.parts() != 5 || v.arch.log.parts() != 0 {
				t.Errorf("log %+v", v.arch.log)
			}
			v.arch.noted, v.isRunning = 0, 1
			v.note(notedEntry | notedCall)
			restoreGuest(v)
		}
	}
}

// Of a wild stack pointer only the offset in the block is used: here it is in
// the middle of the pushes.
func TestWildStackPointer(t *testing.T) {
	recoverable(t)
	saved := guestRegs()
	guest := guestRegsFor(0x1000)
	guest.RCX, guest.R11 = guest.RIP, guest.RFLAGS
	for _, wild := range []uint64{1 << 62, 1 << 47, 1 << 63} {
		*saved = guestRegsFor(0x77000)
		testCPU.trap = cutOff(saved, guest, 12)
		testCPU.trap.RSP = testCPU.trap.RSP&(cpuBlockSize-1) | wild
		s := guestState{regs: *saved}
		s.guestFrame(testCPU, saved)
		s.regs.ErrorCode, s.regs.EntryVector = 0, 0
		if s.regs != guest || !s.call {
			t.Errorf("%#x: call %v, registers %+v", wild, s.call, s.regs)
		}
	}
}

// copyRegs copies all registers and nothing more.
func TestCopyRegs(t *testing.T) {
	to := [3]regs{}
	from := guestRegsFor(5)
	from.ES, from.DS, from.FS, from.GS = 1, 2, 3, 4
	copyRegs(&to[1], &from)
	if to[1] != from || to[0] != (regs{}) || to[2] != (regs{}) {
		t.Errorf("%+v", to)
	}
}

// If an exception's entry is cut off right after SYSRET, it does not count as a
// call.
func TestExceptionIsNoCall(t *testing.T) {
	recoverable(t)
	saved := guestRegs()
	guest := guestRegsFor(0x1000)
	guest.RCX, guest.R11 = guest.RIP, guest.RFLAGS
	for pushes := 5; pushes < 22; pushes++ {
		*saved = guestRegsFor(0x77000)
		testCPU.trap = cutOff(saved, guest, pushes)
		*csWord(saved) = uint64(saved.CS)
		if pushes >= 7 { // the stub has made its call, and the return address is in RDI
			testCPU.trap.RDI = entries.vectors + 14*8
		}
		s := guestState{regs: *saved}
		s.guestFrame(testCPU, saved)
		s.regs.ErrorCode, s.regs.EntryVector = 0, 0
		if s.regs != guest || s.call {
			t.Errorf("%d pushes: call %v, registers %+v", pushes, s.call, s.regs)
		}
	}
}

// If an NMI's handler fails, what the NMI had interrupted is captured.
func TestFailureInNMI(t *testing.T) {
	recoverable(t)
	c := testCPU
	top := addrOf(unsafe.Pointer(c)) + blockTopNMI
	interrupted := (*regs)(ptr(top - uint64(regsES)))
	*interrupted = guestRegsFor(0x1000)
	for _, x := range []struct {
		what string
		sp   uint64
		want uint64
	}{
		{"in the NMI's handler", addrOf(unsafe.Pointer(interrupted)) - 800, 0x1000},
		{"elsewhere", addrOf(unsafe.Pointer(c)) + blockStackTop - 800, 0x5000},
		{"in the next block", top + 8, 0x5000},
	} {
		failed := guestRegsFor(0x5000)
		failed.RSP = x.sp
		c.trapped = false
		if capture(c, &failed); c.trap.R15 != x.want {
			t.Errorf("%s: R15 %#x, want %#x", x.what, c.trap.R15, x.want)
		}
	}
	c.trapped = false
}

// The same holds if the entry of the NMI fails, or its way back: registers that
// are on the stack are taken from there, the others from the CPU.
func TestFailureInNMIEntry(t *testing.T) {
	recoverable(t)
	c := testCPU
	top := addrOf(unsafe.Pointer(c)) + blockTopNMI
	saved := (*regs)(ptr(top - uint64(regsES)))
	guest := guestRegsFor(0x1000)
	for n := uint64(0); n*8 <= uint64(regsRIP); n++ {
		for _, back := range []bool{false, true} {
			*saved = guest
			failed := guestRegsFor(0x5000)
			from, to := (*[15]uint64)(unsafe.Pointer(&guest)), (*[15]uint64)(unsafe.Pointer(&failed))
			for k := range to {
				if !back || uint64(k) < n {
					to[k] = from[k] // not overwritten yet, or loaded again
				}
				if memory := (*[15]uint64)(unsafe.Pointer(saved)); uint64(k) < n {
					memory[k] = 0xbad
				}
			}
			if !back && n*8 <= uint64(regsRDI) {
				failed.RDI = entries.vectors + 2*8 + 7 // where the stub's call returns to
			}
			failed.RSP, failed.RIP = addrOf(unsafe.Pointer(saved))+n*8, 0
			if n == 0 {
				failed.RSP -= 8 // in the handler
			}
			c.trapped = false
			capture(c, &failed)
			got := (*[15]uint64)(unsafe.Pointer(&c.trap))
			if *got != *from || c.trap.RIP != guest.RIP || c.trap.RSP != guest.RSP || c.trap.CS != guest.CS {
				t.Errorf("%d words from complete, on the way back %v: %x, want %x", n, back, *got, *from)
			}
		}
	}
	c.trapped = false
}

// #DB has a stack of its own, from which a guest's registers go to where those of other
// exceptions lie. If it fails on the way, or an NMI comes that leads to recovery, they
// are whole, and so is the FPU, which is the guest's still.
func TestFailureInDebugEntry(t *testing.T) {
	recoverable(t)
	c := testCPU
	base := addrOf(unsafe.Pointer(c))
	debug := (*regs)(ptr(base + blockTopDB - uint64(regsES)))
	nmi := (*regs)(ptr(base + blockTopNMI - uint64(regsES)))
	guest := guestRegsFor(0x1000)
	from := (*[15]uint64)(unsafe.Pointer(&guest))
	for n := uint64(0); n*8 <= uint64(regsRIP); n++ { // words that are still to be copied
		failed := guestRegsFor(0x5000)
		*debug = guest
		to, memory := (*[15]uint64)(unsafe.Pointer(&failed)), (*[15]uint64)(unsafe.Pointer(debug))
		for k := range to {
			to[k] = from[k] // not changed yet
			if uint64(k) < n {
				memory[k] = 0xbad
			}
		}
		if n*8 <= uint64(regsRDI) {
			failed.RDI = entries.vectors + 1*8 + 7 // where the stub's call returns to
		}
		failed.RSP, failed.RIP, failed.CS = addrOf(unsafe.Pointer(debug))+n*8, 0, selHVCode
		for _, byNMI := range []bool{false, true} {
			r := &failed
			if byNMI {
				*nmi = failed
				handler := guestRegsFor(0x9000)
				handler.RSP = addrOf(unsafe.Pointer(nmi)) - 600
				r = &handler
			}
			c.trapped = false
			capture(c, r)
			if got := (*[15]uint64)(unsafe.Pointer(&c.trap)); *got != *from || c.trap.RIP != guest.RIP || c.trap.RSP != guest.RSP || c.trap.CS != guest.CS {
				t.Errorf("%d words from complete, by an NMI %v: %x, want %x", n, byNMI, *got, *from)
			}
		}
	}
	c.trapped = false
}
