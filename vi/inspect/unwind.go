package inspect

import (
	"slices"
	"strings"
)

// StackEnd is why no caller of a frame is known.
type StackEnd uint8

// Ends of stacks.
const (
	Continues     StackEnd = iota
	StackBegins            // the function was not called: it begins a stack
	NoFunction             // the address is in no function of the image
	FrameUnknown           // where the function's frame is cannot be found out
	Unreadable             // the stack lies in memory that cannot be read
	Circular               // the caller's frame is not above this one
	NoReturn               // the return address is in no function of the image
	StackTooDeep           // there are more frames than anything here has
	StackGivenUp           // the stack before was given up
	EntryUnknown           // what entered the code here was not saved where it should be
	OtherDataOnly          // nothing is known of what runs there
)

// String says it in words.
func (e StackEnd) String() string {
	return [...]string{"continues", "the stack begins here", "the address is in no function of the image",
		"where its frame lies is not known", "the stack cannot be read", "the caller's frame would not be above this one",
		"the return address is in no function of the image", "there are more frames than there can be",
		"the stack before was given up", "what was interrupted is not known", "nothing is known of what runs there"}[e]
}

// Frame is the frame of the function to which registers belong.
func (v *View) Frame(r Registers, mem Memory) Frame {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := Frame{Registers: r}
	v.place(&f, mem)
	return f
}

// place finds a frame's CFA; v.mu is held.
func (v *View) place(f *Frame, mem Memory) {
	d, err := v.details()
	if err != nil || !f.Knows(RSP) {
		return
	}
	if s := v.flowOf(d, f); s != nil {
		if base, ok := s.stackAtEntry(&f.Registers, mem); ok {
			f.CFA, f.CFAKnown = base+8, true
		}
		return
	}
	if offset, ok := d.frameAt(v.link(f)); ok {
		f.CFA, f.CFAKnown = f.GPR[RSP]+uint64(offset), true
	}
}

// link is the link address at which a frame's rule is looked up: that of a call's
// return address is the rule of the call.
func (v *View) link(f *Frame) uint64 { return f.At() - v.image.Slide }

// flowOf is what is known at a frame's instruction if its function is in assembly.
func (v *View) flowOf(d *detail, f *Frame) *flowState {
	start, end, ok := v.assembly(d, f.At())
	if !ok {
		return nil
	}
	if w := v.follow(d, start, end); w != nil {
		return w.states[f.PC]
	}
	return nil
}

// follow is the flow of a function, which is kept.
func (v *View) follow(d *detail, start, end uint64) *flow {
	if w := d.flows[start]; w != nil {
		return w
	}
	w := newFlow(start, func(pc uint64) []byte {
		if pc < start || pc >= end {
			return nil
		}
		return d.bytes(pc, int(min(16, end-pc)))
	})
	d.flows[start] = w
	return w
}

// assembly tells whether an address belongs to a function in assembly, or to one whose
// code was replaced when the image was made, and where that is.
func (v *View) assembly(d *detail, pc uint64) (start, end uint64, ok bool) {
	s, ok := v.image.Func(pc)
	if !ok || s.End-s.Start > 1<<16 {
		return 0, 0, false
	}
	if c := d.at(pc - v.image.Slide); c != nil && !strings.HasSuffix(c.file, ".s") {
		if b := d.bytes(s.Start, 3); len(b) < 3 || b[0] != 0x6a || b[2] != 0xe9 {
			return 0, 0, false // not PUSH kind; JMP main.failed
		}
	}
	return s.Start, s.End, true
}

// Caller is the frame of the function that called another one. If there is none, the
// reason is given.
func (v *View) Caller(f Frame, mem Memory) (Frame, StackEnd) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, err := v.details()
	if err != nil {
		return Frame{}, FrameUnknown
	}
	if _, ok := v.image.Func(f.At()); !ok {
		return Frame{}, NoFunction
	}
	r := Registers{}
	if _, _, asm := v.assembly(d, f.At()); asm {
		s := v.flowOf(d, &f)
		if s == nil {
			return Frame{}, FrameUnknown
		}
		ok := false
		if r, ok = s.entry(&f.Registers, mem); s.reg[RBP].kind == zero || v.begins(f.At()) {
			return Frame{}, StackBegins
		} else if !ok {
			return Frame{}, FrameUnknown
		}
		r.GPR[RSP] += 8
	} else if !f.CFAKnown {
		return Frame{}, FrameUnknown
	} else if end := v.goCaller(&f, &r, mem); end != Continues {
		return Frame{}, end
	}
	return v.returned(&f, r, mem)
}

// begins tells whether an address is in the function at which the image is entered.
func (v *View) begins(pc uint64) bool {
	s, ok := v.image.Func(pc)
	return ok && s.Start == v.image.Entry
}

// goCaller finds the registers of the caller of a compiled function. Of all registers
// Go's functions preserve RSP and RBP alone.
func (v *View) goCaller(f *Frame, r *Registers, mem Memory) StackEnd {
	r.Set(RSP, f.CFA)
	saved := f.CFA-f.GPR[RSP] >= 16 // the first thing that a function with a frame pushes
	switch {
	case saved:
		bp, ok := readWord(mem, f.CFA-16)
		if !ok {
			return Unreadable
		}
		r.Set(RBP, bp)
	case f.Knows(RBP):
		r.Set(RBP, f.GPR[RBP])
	}
	return Continues
}

// returned completes the frame of a caller by its address.
func (v *View) returned(f *Frame, r Registers, mem Memory) (Frame, StackEnd) {
	pc, ok := readWord(mem, r.GPR[RSP]-8)
	if !ok {
		return Frame{}, Unreadable
	}
	if r.GPR[RSP] <= f.GPR[RSP] {
		return Frame{}, Circular
	}
	next := Frame{Registers: r, Called: true}
	next.PC = pc
	if s, ok := v.image.Func(pc); ok && s.Start == pc {
		next.Called = false // an address that was put there for the return to go to it
	} else if _, ok := v.image.Func(next.At()); !ok {
		return Frame{}, NoReturn
	}
	v.place(&next, mem)
	return next, Continues
}

// Entry is the state at the entry of a function that was not called: registers, and
// the words on the stack there, as far as they can still be found.
type Entry struct {
	Registers
	state *flowState
	now   Registers
	mem   Memory
}

// Word is the word that was at an offset from RSP.
func (e *Entry) Word(offset int64) (uint64, bool) {
	return e.state.find(term{stackWord, 0, offset}, e.GPR[RSP], &e.now, e.mem)
}

// StackChanged tells whether the code has left the stack that it was entered on.
func (e *Entry) StackChanged() bool {
	sp := e.state.reg[RSP]
	return sp.kind != relative || sp.n != 0
}

// AtEntry finds the state at the entry of the function of a frame, which must be in
// assembly. from is where the code was entered; 0 means where the function begins.
func (v *View) AtEntry(f Frame, from uint64, mem Memory) (Entry, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, err := v.details()
	if err != nil {
		return Entry{}, false
	}
	start, end, ok := v.assembly(d, f.At())
	if !ok {
		return Entry{}, false
	}
	if from != 0 {
		if start = from; f.At() < from {
			return Entry{}, false
		}
	}
	return entryAt(v.follow(d, start, end), f, mem)
}

// CodeEntry is AtEntry for code that is in no image: bytes from an address on.
func CodeEntry(start uint64, code []byte, f Frame, mem Memory) (Entry, bool) {
	return entryAt(newFlow(start, func(pc uint64) []byte {
		if pc-start >= uint64(len(code)) {
			return nil
		}
		return code[pc-start:]
	}), f, mem)
}

func entryAt(w *flow, f Frame, mem Memory) (Entry, bool) {
	s := w.states[f.PC]
	if s == nil {
		return Entry{}, false
	}
	e := Entry{state: s, now: f.Registers, mem: mem}
	var ok bool
	e.Registers, ok = s.entry(&f.Registers, mem)
	return e, ok
}

// Backtrace lists a function and its callers, at most as many as given.
func (v *View) Backtrace(r Registers, mem Memory, most int) ([]Frame, StackEnd) {
	list := []Frame{v.Frame(r, mem)}
	for len(list) < most {
		next, end := v.Caller(list[len(list)-1], mem)
		if end != Continues {
			return list, end
		}
		list = append(list, next)
	}
	return slices.Clip(list), StackTooDeep
}
