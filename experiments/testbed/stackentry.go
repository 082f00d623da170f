package testbed

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// The places where code is entered that was not called: those of the VMM by the
// processor, those of a guest's kernel by the VMM. What they leave on the stack stands
// in vi/vmm/entry_amd64.s and vi/guest/entry_amd64.s.

// entryKind is a kind of such code.
type entryKind uint8

const (
	noEntry      entryKind = iota
	givenUp                // it has changed to a fresh stack
	vmmVector              // a stub of the table of vectors
	vmmTrap                // what the stubs call
	vmmSyscall             // a stub of SYSCALL
	vmmSyscallIn           // where the stubs jump to
	vmmExit                // the way back to a guest, whose registers are in the block
	guestVector            // a guest's entry, with RCX and R11 on the stack
	guestFault             // the same with an error code
	guestTrap              // where these jump to
	guestLeave             // the way back from a trapFrame
)

var vmmEntries = map[string]entryKind{
	"main.vectorTable": vmmVector,
	"main.trapEntry":   vmmTrap, "main.trapEntryDebug": vmmTrap, "main.trapEntryOwn": vmmTrap,
	"main.sysTable": vmmSyscall, "main.sysTable32": vmmSyscall,
	"main.sysCommon": vmmSyscallIn, "main.sysCommon32": vmmSyscallIn,
	"main.returnToGuest": vmmExit, "main.guestIRET": vmmExit,
	"main.onFreshStack": givenUp,
}

const guestPackage = "resvirt/vi/guest."

// withErrorCode are the entries of a guest's kernel for exceptions that push one.
var withErrorCode = []string{"vec10", "vec11", "vec12", "vec13", "vec14", "vec17"}

// entryOf is the kind of entry that a level's function is.
func (g *Guests) entryOf(name string, level *StackLevel) entryKind {
	if name == "" || name == "workload" {
		return noEntry
	}
	f, _ := g.system.images[name].Func(level.At())
	function := strings.TrimSuffix(f.Name, ".abi0")
	if name == "vmm" {
		kind := vmmEntries[function]
		if kind == givenUp && !level.Called {
			kind = noEntry // on its way there
		}
		return kind
	}
	function, ok := strings.CutPrefix(function, guestPackage)
	switch {
	case !ok:
	case function == "common":
		return guestTrap
	case function == "leave":
		return guestLeave
	case slices.Contains(withErrorCode, function):
		return guestFault
	case function == "vecSyscall" || function == "vecEvent" || isVector(function):
		return guestVector
	}
	return noEntry
}

// isVector tells whether a guest's function is the entry of an exception.
func isVector(function string) bool {
	number, ok := strings.CutPrefix(function, "vec")
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// cross finds the registers before an entry.
func (w *stackWalk) cross(kind entryKind, level *StackLevel) (r inspect.Registers, how Entered, ok bool) {
	var cs uint64
	switch kind {
	case vmmSyscall, vmmSyscallIn:
		if r, ok = w.syscall(kind, level); ok {
			cs = 3
		}
		how = Hypercall
	case vmmExit:
		r, cs, ok = w.saved(level)
		how = Interrupted
		if w.bySyscall(level) {
			how = Hypercall
		}
	default:
		r, cs, ok = w.trap(kind, level)
		how = Interrupted
		if f, _ := w.g.system.images[level.Image].Func(level.At()); strings.Contains(f.Name, "vecSyscall") || ok && kind == guestTrap && w.systemCall(level, r.PC) {
			how = SystemCall
		}
	}
	if !ok {
		w.end = inspect.EntryUnknown
		return r, how, false
	}
	if level.Image == "vmm" && cs&3 != 0 {
		r = w.enterGuest(r)
	}
	return r, how, true
}

// trap finds what an interrupt or exception interrupted: the frame that the processor,
// or the VMM for a guest, has pushed lies above what the entry pushes.
func (w *stackWalk) trap(kind entryKind, level *StackLevel) (r inspect.Registers, cs uint64, ok bool) {
	from := uint64(0)
	if kind == vmmVector {
		table, _ := w.g.vmm.Func(level.At())
		from = table.Start + (level.PC-table.Start)&^7
	}
	e, ok := level.view.AtEntry(level.Frame, from, w.mem)
	if !ok {
		if level.Image == "vmm" && level.Called {
			return w.saved(level) // registers that were copied to the block
		}
		return r, 0, false
	}
	r = e.Registers
	frame := int64(0) // of RIP, from RSP at the entry
	switch kind {
	case vmmVector:
		var stub [1]byte
		if w.mem(from, stub[:]) == nil && stub[0] != 0x6a {
			frame = 8 // the processor has pushed an error code
		}
	case vmmTrap, guestTrap:
		frame = 16 // the return address or the vector, the error code
	case guestVector, guestFault:
		r.Known &^= 1<<inspect.RCX | 1<<inspect.R11
		take(&r, &e, inspect.RCX, 0)
		take(&r, &e, inspect.R11, 8)
		if frame = 16; kind == guestFault {
			frame = 24
		}
	case guestLeave:
		r = inspect.Registers{}
		for i, reg := range trapFrameOrder {
			take(&r, &e, reg, int64(8*i))
		}
		frame = 17 * 8
	}
	pc, ok1 := e.Word(frame)
	cs, ok2 := e.Word(frame + 8)
	r.PC = pc
	r.Known &^= 1 << inspect.RSP
	return r, cs & 0xffff, take(&r, &e, inspect.RSP, frame+24) && ok1 && ok2
}

// trapFrameOrder are the registers in the order of Xen's cpu_user_regs.
var trapFrameOrder = [...]int{15, 14, 13, 12, inspect.RBP, inspect.RBX, inspect.R11, 10, 9, 8, inspect.RAX, inspect.RCX, inspect.RDX, inspect.RSI, inspect.RDI}

// take sets a register from a word of the stack.
func take(r *inspect.Registers, e *inspect.Entry, reg int, offset int64) bool {
	v, ok := e.Word(offset)
	if ok {
		r.Set(reg, v)
	}
	return ok
}

// syscall finds what SYSCALL left: RIP is in RCX.
func (w *stackWalk) syscall(kind entryKind, level *StackLevel) (r inspect.Registers, ok bool) {
	if kind == vmmSyscall {
		r = level.Registers
		table, _ := w.g.vmm.Func(level.At())
		if at := level.PC - table.Start; at%32 != 0 {
			// The guest's RSP is in a variable already.
			name := "main.sysRSP"
			addr, known := w.g.vmm.Addr(name)
			sp, err := ReadWord(w.vmm, addr+at/32*8)
			if !known || err != nil {
				return r, false
			}
			r.Set(inspect.RSP, sp)
		}
		r.PC = r.GPR[inspect.RCX]
		return r, r.Knows(inspect.RCX)
	}
	e, ok := level.view.AtEntry(level.Frame, 0, w.mem)
	if level.Called || ok && e.StackChanged() {
		// The registers are complete, and may be those to which the guest will return.
		r, _, ok = w.saved(level)
		return r, ok
	}
	if !ok || !e.Knows(inspect.RCX) {
		return r, false
	}
	r = e.Registers
	r.PC = r.GPR[inspect.RCX]
	r.Known &^= 1 << inspect.RSP
	return r, take(&r, &e, inspect.RSP, 0)
}

// saved are the guest's registers in the block of the CPU on whose stack a level is.
func (w *stackWalk) saved(level *StackLevel) (inspect.Registers, uint64, bool) {
	block := level.GPR[inspect.RSP] &^ (w.g.block - 1)
	if w.cpu >= 0 {
		block = w.g.blockOf(w.cpu)
	}
	r, cs, ok := w.g.registersAt(w.vmm, block+w.g.blockRegs)
	return known(r), cs, ok
}

// bySyscall tells whether the guest on a level's CPU has entered by SYSCALL.
func (w *stackWalk) bySyscall(level *StackLevel) bool {
	if w.cpu < 0 {
		return false
	}
	v, err := ReadWord(w.vmm, w.g.blockOf(w.cpu)+w.g.blockRegs+w.g.regsVector)
	return err == nil && v&0xffffffff&^w.g.entering == w.g.bySyscall
}

// systemCall tells whether a guest's kernel was entered by a system call, after which
// the program goes on at pc. The kernel clears the vector of one.
func (w *stackWalk) systemCall(level *StackLevel, pc uint64) bool {
	e, ok := level.view.AtEntry(level.Frame, 0, w.mem)
	if !ok {
		return false
	}
	vector, ok := e.Word(0)
	var code [2]byte
	return ok && (vector == w.g.guestSyscall || vector == 0 && w.mem(pc-2, code[:]) == nil && code == [2]byte{0x0f, 0x05})
}

// enterGuest makes the walk one through the guest whose vCPU is on the CPU, and returns
// its registers, which are r unless the VMM has noted that they are elsewhere. A guest's
// memory is that of its kernel's page tables: they map programs as well, and what the
// processor uses may be another guest's, or a program's, until the VMM has returned.
func (w *stackWalk) enterGuest(r inspect.Registers) inspect.Registers {
	g := &Guest{Name: "guest", m: w.m}
	w.domain, w.mem = g.Name, g.read
	vcpu, ok := w.g.CurrentVCPU(w.vmm, w.cpu)
	if !ok {
		return r
	}
	v, err := w.g.view.At("main.VCPU", vcpu, w.vmm)
	if err != nil {
		return r
	}
	read := reader{}
	if id, err := v.Follow("domain.id"); err == nil {
		w.domain = fmt.Sprintf("d%d", read.number(id, ""))
	}
	g.root = read.number(v, "arch.guestTable")
	noted := read.number(v, "arch.noted")
	if read.err != nil {
		return r
	}
	if w.g.notedWhere != never && noted&w.g.notedWhere == w.g.notedSaved {
		// The VMM is about to run this vCPU; those at the entry are another one's.
		if at, err := v.Path("arch.regs"); err == nil {
			if saved, _, ok := w.g.registersAt(w.vmm, at.Addr); ok {
				return known(saved)
			}
		}
	}
	if w.g.nextFlow != never && noted&w.g.nextFlow != 0 {
		// They are being changed, one by one, to these.
		if at, err := v.Path("arch.next"); err == nil {
			if next, _, ok := w.g.registersAt(w.vmm, at.Addr); ok {
				r.PC = next[faults.RIP]
				r.Set(inspect.RSP, next[inspect.RSP])
			}
		}
	}
	return r
}
