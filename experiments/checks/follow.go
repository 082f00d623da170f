package checks

import (
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// A follower tells whether a guest reads the value of one of its registers before it
// overwrites it. It watches a machine without the flip, because the flip changes
// nothing until the register is read. It ignores that the VMM saves and restores
// registers; a register that the guest's kernel saves at its entry is followed to the
// kernel's stack and back.
type follower struct {
	guests *testbed.Guests
	m      *testbed.Hardware
	vcpu   uint64
	at     register
	value  uint64 // of a general register, as saved; it must be the same when the guest goes on
	begun  bool
	saved  bool   // the register's value is in memory
	fresh  bool   // ... or will be, when the instruction that saves it is done
	place  uint64 // physical address of the byte
	last   uint64 // the guest's previous instruction
	n      int
	done   bool
	read   bool
	reader uint64 // address of the instruction
}

// Bounds for following a register: instructions of the guest, and of all.
const (
	followGuest = 50_000
	followAll   = 2_000_000
)

// follow runs m on and tells whether the register is read.
func (f *follower) follow() bool {
	f.m.Trace(f.see)
	defer f.m.Trace(nil)
	for end := f.m.Position() + followAll; !f.done && f.m.Position() < end; {
		if f.m.Run(faults.Until{Position: f.m.Position() + 500}).Reason != faults.Reached {
			break
		}
	}
	return f.read
}

func (f *follower) end(read bool) { f.done, f.read = true, read }

// see is called before each instruction.
func (f *follower) see(e faults.TraceEntry) {
	if f.done || e.CPL != 3 {
		return
	}
	if curr, ok := f.guests.CurrentVCPU(f.guests.Memory(f.m), e.CPU); !ok || curr != f.vcpu {
		return
	}
	if f.n++; f.n > followGuest {
		f.end(false)
		return
	}
	if !f.begun {
		f.begun = true
		if f.at.kind == general && f.m.Register(e.CPU, faults.Register(f.at.n)) != f.value {
			f.end(false) // the result of what the VMM did
			return
		}
	}
	if f.saved {
		f.restored(e)
	}
	f.last = e.PC
	if f.done || f.saved {
		return
	}
	inst, ok := f.decode(e.CPU, e.PC)
	if !ok {
		f.reader = e.PC
		f.end(true)
		return
	}
	u := usesOf(&inst, f.at)
	if kernel := e.PC>>63 != 0; f.at.kind == gsKernel && !kernel || f.at.kind == gsUser && kernel {
		u = use{} // the other GS base is in use
	}
	if kernel := e.PC>>63 != 0; kernel && inst.Op == x86asm.SYSCALL && unusedArgument(f.m.Register(e.CPU, 0), f.at) {
		u = use{}
	}
	switch {
	case !u.reads && !u.writes:
	case u.reads && f.saves(e.CPU, e.PC, &inst):
	default:
		f.reader = e.PC
		f.end(u.reads)
	}
}

func (f *follower) decode(cpu int, pc uint64) (x86asm.Inst, bool) {
	code := make([]byte, 15)
	for n := len(code); n > 0 && f.m.ReadCode(cpu, pc, code[:n]) != nil; n-- {
		code = code[:n-1]
	}
	inst, err := x86asm.Decode(code, 64)
	return inst, err == nil
}

// moves tells whether an instruction belongs to the code by which the guest's kernel
// saves and restores registers, or saves or restores a frame pointer: compiled code
// does nothing else with it.
func (f *follower) moves(pc uint64, inst *x86asm.Inst) bool {
	if (inst.Op == x86asm.PUSH || inst.Op == x86asm.POP) && inst.Args[0] == x86asm.RBP {
		return true
	}
	_, name, _ := strings.Cut(strings.TrimSuffix(f.guests.Function(pc), ".abi0"), "vi/guest.")
	return slices.Contains([]string{"common", "leave"}, name)
}

// saves follows the register to memory.
func (f *follower) saves(cpu int, pc uint64, inst *x86asm.Inst) bool {
	if !f.moves(pc, inst) {
		return false
	}
	at := uint64(0)
	switch inst.Op {
	case x86asm.PUSH:
		at = f.m.Register(cpu, 4) - 8 + uint64(f.at.bit/8)
	case x86asm.FXSAVE64, x86asm.MOVUPS, x86asm.MOVDQU:
		to, ok := inst.Args[0].(x86asm.Mem)
		_, base, _, _ := numbered(to.Base)
		if !ok || base < 0 || to.Index != 0 {
			return false
		}
		at = f.m.Register(cpu, faults.Register(base)) + uint64(int64(int32(to.Disp))) + uint64(f.at.bit/8)
		if inst.Op == x86asm.FXSAVE64 {
			at += imageOffset(f.at)
		}
	default:
		return false
	}
	pa, ok := f.m.Translate(cpu, at)
	if ok {
		f.guests.Watch(f.m, pa) // again once the instruction has written it
		f.saved, f.fresh, f.place = true, true, pa
	}
	return ok
}

// restored checks whether the previous instruction has accessed the register's
// value in memory.
func (f *follower) restored(e faults.TraceEntry) {
	touch, by := f.m.Touched()
	switch {
	case touch == testbed.Untouched:
		return
	case touch == testbed.WasWritten && f.fresh:
		f.fresh = false
		f.guests.Watch(f.m, f.place)
		return
	case touch == testbed.WasWritten || by != f.last:
		f.reader = by
		f.end(touch == testbed.WasRead)
		return
	}
	inst, ok := f.decode(e.CPU, by)
	if !f.moves(by, &inst) {
		f.reader = by
		f.end(true)
		return
	}
	f.saved = false
	switch {
	case ok && inst.Op == x86asm.POP:
		_, n, _, _ := numbered(inst.Args[0].(x86asm.Reg))
		f.at.n = n
	case ok && (inst.Op == x86asm.FXRSTOR64 || inst.Op == x86asm.MOVUPS || inst.Op == x86asm.MOVDQU):
	default:
		f.end(true)
	}
}

// imageOffset is where FXSAVE stores a register (APM vol. 2, 11.4.4).
func imageOffset(r register) uint64 {
	switch r.kind {
	case vector:
		return 160 + 16*uint64(r.n)
	case x87:
		return 32 + 16*uint64(r.n)
	case mxcsr:
		return 24
	}
	return 0
}
