package explain

import (
	"fmt"
	"strings"
)

// String is the fact in words: the only place that has them.
func (f Fact) String() string {
	switch f.Kind {
	case SourceLine:
		return fmt.Sprintf("%s: %s", f.place(0), f.source())
	case Compared:
		return fmt.Sprintf("it compared %v with %v (%s)", f.is(0), f.is(1), f.Words)
	case TestedFor:
		return fmt.Sprintf("it tested %v for %v (%s)", f.is(0), f.is(1), f.Words)
	case Tested:
		return fmt.Sprintf("what it tested was %v (%s)", f.is(0), f.Words)
	case Executed:
		return "it executed " + f.Words + f.with()
	case AboutLock:
		return fmt.Sprintf("it is about lock %s, held by CPU %d", f.Object, f.Count)
	case Accessed:
		return fmt.Sprintf("address %v (%s), error code %v", f.is(0), f.Object, f.is(1))
	case SpinsOnLock, Spins, HungOnLock, HungIn:
		return f.spins()
	case FailedNext:
		return fmt.Sprintf("failure 2 of %d: %s on CPU %d at position %d", f.Count, f.Words, f.CPU, f.Position)
	case TakenLater:
		return fmt.Sprintf("CPU %d took the lock after the failure, at position %d in %s", f.CPU, f.Position, f.chain())
	case TakenBefore:
		return fmt.Sprintf("the lock was held when the failure was detected; CPU %d took it long before", f.CPU)
	case TakenAndLost:
		return fmt.Sprintf("the lock was taken at position %d by a thread of CPU %d that recovery discarded, in %s", f.Position, f.CPU, f.chain())
	case LeftByRecovery:
		return "left wrong by recovery: " + strings.Join(f.List, "; ")
	case WrongAtEnd:
		return "wrong at the end: " + strings.Join(f.List, "; ")
	case Refused:
		return fmt.Sprintf("%s: %s, as it never does in the golden run (%s)", f.Object, f.Words, plural(f.Count, "such result"))
	case LastCalls:
		return "the last hypercalls of " + f.Object + ":"
	}
	return f.resumption()
}

// resumption is a fact about how a VM goes on, or something that was said.
func (f *Fact) resumption() string {
	switch f.Kind {
	case IssuedAgain:
		return fmt.Sprintf("%s was in %s, which is issued again, in %s", f.Object, f.Words, f.place(0))
	case NotIssuedAgain:
		return fmt.Sprintf("%s was in %s, which is not issued again: it goes on in %s with %v for its result", f.Object, f.Words, f.place(0), f.is(0))
	case RegistersChanged:
		return fmt.Sprintf("%s goes on in %s with other registers: %s", f.Object, f.place(0), f.changes())
	case InterruptedAt:
		return fmt.Sprintf("%s was at %s and goes on in %s, as if it had been at %v", f.Object, f.place(1), f.place(0), f.is(0))
	case GoesOn:
		return fmt.Sprintf("%s was at %s and goes on in %s", f.Object, f.place(1), f.place(0))
	case BaseChanged:
		return fmt.Sprintf("%s goes on with FS base %v, was %v", f.Object, f.is(0), f.was(0))
	case DidNotGoOn:
		return fmt.Sprintf("%s, which had CPU %d, did not go on", f.Object, f.CPU)
	}
	return f.Words
}

// spins is what a processor waits for.
func (f *Fact) spins() string {
	who := "it"
	if f.Kind == HungOnLock || f.Kind == HungIn {
		who = fmt.Sprintf("CPU %d: it", f.CPU)
	}
	if f.Kind == SpinsOnLock || f.Kind == HungOnLock {
		return fmt.Sprintf("%s spins on lock %s, held by CPU %d, for %s", who, f.Object, f.Count, f.place(0))
	}
	text := who + " spins in " + f.place(0)
	if src := f.source(); src != "" {
		text += ": " + src
	}
	if f.Object != "" {
		text += "; " + f.Object
	}
	return text
}

// Members that a kind has may be missing in what a database kept.

func (f *Fact) place(i int) string {
	if i >= len(f.Places) {
		return "a place that is not known"
	}
	return f.Places[i].place()
}

func (f *Fact) source() string {
	if len(f.Places) == 0 {
		return ""
	}
	return f.Places[0].Source
}

func (f *Fact) is(i int) Word {
	if i >= len(f.Values) {
		return 0
	}
	return f.Values[i].Is
}

func (f *Fact) was(i int) Word {
	if i >= len(f.Values) || f.Values[i].Was == nil {
		return 0
	}
	return *f.Values[i].Was
}

// chain is a call chain in one line.
func (f *Fact) chain() string {
	var list []string
	for i := range f.Places {
		list = append(list, f.place(i))
	}
	return strings.Join(list, " < ")
}

// with lists registers.
func (f *Fact) with() string {
	var list []string
	for _, v := range f.Values {
		list = append(list, fmt.Sprintf("%s = %v", v.Name, v.Is))
	}
	if len(list) == 0 {
		return ""
	}
	return " with " + strings.Join(list, ", ")
}

// changes lists registers with what they were.
func (f *Fact) changes() string {
	var list []string
	for i, v := range f.Values {
		list = append(list, fmt.Sprintf("%s = %v, was %v", v.Name, v.Is, f.was(i)))
	}
	return strings.Join(list, "; ")
}

// place is a place without its source.
func (l *Line) place() string {
	if l.Function == "" {
		return fmt.Sprintf("%#x, where no code is known", l.PC)
	}
	text := fmt.Sprintf("%s (%s:%d)", strings.TrimSuffix(l.Function, ".abi0"), l.File, l.Line)
	if l.In != "" {
		text += ", inlined in " + l.In
	}
	return text
}
