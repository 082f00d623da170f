package testbed

import (
	"bytes"

	"resvirt/faults"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
	"resvirt/vi/seam"
)

// What a processor is doing, from the function that it executes to the program in a VM
// on whose behalf it does so: across interrupts and exceptions of the VMM, hypercalls,
// and entries of a guest's kernel.

// Entered is how the code of a frame was left for that of the frame before it.
type Entered uint8

// Ways into other code.
const (
	Called      Entered = iota // by a call; also for the innermost frame
	Interrupted                // an interrupt or exception came
	Hypercall                  // by SYSCALL, into the VMM
	SystemCall                 // by SYSCALL, into a guest's kernel
	Failed                     // a failure was detected; the stack was given up
)

// String says it in words.
func (e Entered) String() string {
	return [...]string{"called", "interrupted", "hypercall", "system call", "failed"}[e]
}

// StackLevel is a function under way.
type StackLevel struct {
	inspect.Frame
	Image  string // name of the image that has the code, "" for code in none
	Domain string // "d1", "" = the VMM
	Copied bool   // it executes in a copy of the image, whose addresses PC and Calls have been made the image's
	User   bool   // a program in a VM
	Left   Entered
	Calls  []image.Call // the function and the calls expanded in it, innermost first
	view   *inspect.View
	mem    inspect.Memory
}

// Stack is the levels from the innermost function on, and why it ends.
type Stack struct {
	Levels []StackLevel
	End    inspect.StackEnd
}

// stackLimit bounds the levels of a stack.
const stackLimit = 64

// Locals are the variables in scope.
func (l *StackLevel) Locals() []inspect.Local {
	if l.view == nil {
		return nil
	}
	return l.view.Locals(l.Frame, l.mem)
}

// Wrapper tells whether the function is in no source: the compiler has added it between
// assembly and compiled code.
func (l *StackLevel) Wrapper() bool {
	return len(l.Calls) > 0 && l.Calls[len(l.Calls)-1].File == inspect.Generated
}

// View reads the debug information of the level's image; nil if there is none.
func (l *StackLevel) View() *inspect.View { return l.view }

// Memory is what the level's code sees.
func (l *StackLevel) Memory() inspect.Memory { return l.mem }

// ProcessorRegisters are a processor's registers, all of them if it is the emulator's.
func ProcessorRegisters(m faults.Machine, cpu int) inspect.Registers {
	r := inspect.Registers{PC: m.Register(cpu, faults.RIP), Known: inspect.GeneralRegisters}
	for i := range r.GPR {
		r.GPR[i] = m.Register(cpu, faults.Register(i))
	}
	if h, ok := m.(*Hardware); ok {
		r.XMM, r.Known = h.CPU(cpu).FPU.XMM, inspect.AllRegisters
	}
	return r
}

// StackOf is what a processor is doing.
func (g *Guests) StackOf(m faults.Machine, cpu int) Stack {
	w := stackWalk{g: g, m: m, cpu: cpu, mem: g.Virtual(m, cpu), vmm: g.Memory(m)}
	r := ProcessorRegisters(m, cpu)
	if m.CPL(cpu) == 3 {
		w.enterGuest(r)
	}
	w.walk(r)
	return Stack{w.list, w.end}
}

// StackIn is what a guest's vCPU 0 is doing, whether it runs or not.
func (g *Guests) StackIn(m faults.Machine, guest *Guest) Stack {
	c, err := g.ContextOf(m, guest)
	if err != nil {
		return Stack{End: inspect.EntryUnknown}
	}
	w := stackWalk{g: g, m: m, cpu: -1, mem: guest.read, vmm: g.Memory(m), domain: guest.Name}
	w.walk(known(c.Values))
	return Stack{w.list, w.end}
}

// known makes saved registers of the VMM's into those of a frame.
func known(r Registers) inspect.Registers {
	k := inspect.Registers{PC: r[faults.RIP], Known: inspect.GeneralRegisters}
	copy(k.GPR[:], r[:16])
	return k
}

// stackWalk collects the levels of a stack.
type stackWalk struct {
	g        *Guests
	m        faults.Machine
	cpu      int            // -1 = none: a vCPU that does not run
	mem, vmm inspect.Memory // what the processor sees; the VMM's
	domain   string         // of the code at hand, "" = the VMM
	list     []StackLevel
	end      inspect.StackEnd
}

// walk adds the levels from registers on.
func (w *stackWalk) walk(r inspect.Registers) {
	left := Called
	for len(w.list) < stackLimit {
		next, how, ok := w.straight(r, left)
		if !ok {
			return
		}
		r, left = next, how
	}
	w.end = inspect.StackTooDeep
}

// straight adds levels as far as they have called each other, and finds what the
// outermost one was entered from.
func (w *stackWalk) straight(r inspect.Registers, left Entered) (next inspect.Registers, how Entered, ok bool) {
	name, view := w.code(r.PC)
	copied := false
	if view == nil && w.domain == "" {
		var home uint64
		if home, copied = w.g.copied(w.mem, r.PC); copied {
			r.PC, name, view = home, "vmm", w.g.view
		}
	}
	level := StackLevel{Copied: copied, Frame: inspect.Frame{Registers: r}, Image: name, Domain: w.domain, Left: left, view: view, mem: w.mem}
	if view == nil {
		return w.nowhere(level)
	}
	for level.Frame = view.Frame(r, w.mem); ; level.Left, level.Copied = Called, false {
		level.User = name == "workload"
		level.Calls = callsAt(view.Image(), level.At())
		if w.list = append(w.list, level); len(w.list) >= stackLimit {
			w.end = inspect.StackTooDeep
			return next, how, false
		}
		switch entry := w.g.entryOf(name, &level); entry {
		case noEntry:
		case givenUp:
			w.abandoned(&level)
			return next, how, false
		default:
			return w.cross(entry, &level)
		}
		f, end := view.Caller(level.Frame, w.mem)
		if end != inspect.Continues {
			w.end = end
			return next, how, false
		}
		level.Frame = f
	}
}

// callsAt lists the function of an address and the calls expanded in it; of code
// without debug information the function.
func callsAt(m *image.Image, pc uint64) []image.Call {
	if list := m.Calls(pc); len(list) > 0 {
		return list
	}
	if f, ok := m.Func(pc); ok {
		return []image.Call{{Function: f.Name}}
	}
	return nil
}

// code is the image that has the code at an address.
func (w *stackWalk) code(pc uint64) (string, *inspect.View) {
	names := [...]string{"control", "appvm", "workload"}
	if w.domain == "" {
		if _, ok := w.g.vmm.Func(pc); ok {
			return "vmm", w.g.view
		}
		return "", nil
	}
	for _, name := range names {
		if _, ok := w.g.system.images[name].Func(pc); ok {
			return name, w.g.views[name]
		}
	}
	return "", nil
}

// copied finds the address in the VMM's image of code that executes in a copy of it: a
// microreboot executes the pristine copy while it replaces the image. The copy is found
// by its content, as what the VMM knows of it is being replaced as well.
func (a *Anatomy) copied(mem inspect.Memory, pc uint64) (uint64, bool) {
	const page = 4096
	var b [page]byte
	if mem(pc&^(page-1), b[:]) != nil {
		return 0, false
	}
	for at := 0; at+page <= len(a.vmm.File); at += page {
		if bytes.Equal(a.vmm.File[at:at+page], b[:]) {
			home := a.vmm.Base + uint64(at) + pc&(page-1)
			_, code := a.vmm.Func(home)
			return home, code
		}
	}
	return 0, false
}

// nowhere adds a level of code that is in no function: a stub of a guest's hypercall
// page, from which one gets on, or anything.
func (w *stackWalk) nowhere(level StackLevel) (next inspect.Registers, how Entered, ok bool) {
	w.end = inspect.NoFunction
	if w.domain != "" {
		for _, name := range [...]string{"control", "appvm"} {
			m := w.g.system.images[name]
			if s, ok := m.Var(level.PC); ok && s.Name == "resvirt.hypercall_page" {
				level.Image = name
				level.Calls = []image.Call{{Function: s.Name}}
				w.list = append(w.list, level)
				return w.stub(&level)
			}
		}
	}
	w.list = append(w.list, level)
	return next, how, false
}

// stub finds what called a stub of the hypercall page.
func (w *stackWalk) stub(level *StackLevel) (next inspect.Registers, how Entered, ok bool) {
	const size = 32 // abi.HypercallStubBytes
	code := make([]byte, size)
	start := level.PC &^ (size - 1)
	if w.mem(start, code) != nil {
		w.end = inspect.Unreadable
		return next, how, false
	}
	e, ok := inspect.CodeEntry(start, code, level.Frame, w.mem)
	if !ok {
		w.end = inspect.FrameUnknown
		return next, how, false
	}
	next = e.Registers
	if next.PC, ok = e.Word(0); !ok {
		w.end = inspect.Unreadable
	}
	next.GPR[inspect.RSP] += 8
	return next, Called, ok
}

// abandoned adds the place where a failure was found, after which its stack was given
// up: the handler has it as an argument.
func (w *stackWalk) abandoned(level *StackLevel) {
	w.end = inspect.StackGivenUp
	kind, err := ReadWord(w.mem, level.GPR[inspect.RSP])
	pc, err2 := ReadWord(w.mem, level.GPR[inspect.RSP]+8)
	if err != nil || err2 != nil || !level.Knows(inspect.RSP) {
		return
	}
	f := inspect.Frame{Called: kind == seam.KindAssert || kind >= seam.KindGoCheck}
	f.PC = pc
	at := StackLevel{Frame: f, Left: Failed, mem: w.mem}
	if _, ok := w.g.vmm.Func(f.At()); ok {
		at.Image, at.view, at.Calls = "vmm", w.g.view, callsAt(w.g.vmm, f.At())
	}
	if len(w.list) < stackLimit {
		w.list = append(w.list, at)
	}
}
