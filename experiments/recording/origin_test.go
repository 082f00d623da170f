package recording

import (
	"encoding/binary"
	"slices"
	"testing"

	"resvirt/faults"
	"resvirt/hw/mem"
)

// stands moves a recording to where a processor executes the hypervisor on some way.
func stands(t testing.TB, r *Recording) (cpu int, here Position) {
	if err := r.Goto(t.Context(), "step 9"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run.Find(t.Context(), func(m faults.Machine, e faults.TraceEntry) bool {
		return e.CPL == 0 && e.Position > r.Run.Start()
	}); err != nil {
		t.Fatal(err)
	}
	return r.Run.Next(), r.Run.Position()
}

// Who wrote a word of the stack is the instruction after which it had its value, or a
// later one that wrote it again.
func TestWhoWrote(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r := recovered(t, c)
	cpu, here := stands(t, r)
	m := r.Run.Machine()
	top := m.Register(cpu, 4)
	for i := range uint64(6) {
		pa, ok := m.Translate(cpu, top+8*i)
		if !ok {
			continue
		}
		o, found, err := r.WhoWrote(t.Context(), pa, 8)
		if err != nil || !found || o.Position >= here {
			t.Fatalf("word %d: %+v %v %v", i, o, found, err)
		}
		if r.Run.Position() != here {
			t.Fatalf("the search ended at %d instead of %d", r.Run.Position(), here)
		}
		value := func(p Position) uint64 {
			if err := r.Run.Seek(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			var b [8]byte
			r.Run.Machine().ReadPhys(pa, b[:])
			return binary.LittleEndian.Uint64(b[:])
		}
		now := value(here)
		for p := o.Position + 1; p < here; p += max(1, (here-o.Position)/50) {
			if got := value(p); got != now {
				t.Errorf("word %d: %#x at %d after the last store at %d, now %#x", i, got, p, o.Position, now)
			}
		}
		if err := r.Run.Seek(t.Context(), here); err != nil {
			t.Fatal(err)
		}
	}
}

// Who reads a word next: a search from the instruction found finds it again, one from
// behind it something later, and a byte that nobody reads has no reader.
func TestWhoReads(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r := recovered(t, c)
	cpu, here := stands(t, r)
	pa, ok := r.Run.Machine().Translate(cpu, r.Run.Machine().Register(cpu, 4))
	if !ok {
		t.Fatal("the stack is not mapped")
	}
	o, found, err := r.WhoReads(t.Context(), pa, 8)
	if err != nil || !found || o.Position < here {
		t.Fatal(o, found, err)
	}
	for p, same := range map[Position]bool{o.Position: true, o.Position + 1: false} {
		if err := r.Run.Seek(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		again, _, err := r.WhoReads(t.Context(), pa, 8)
		if err != nil || (again.Position == o.Position) != same {
			t.Errorf("from %d: read at %d, first %d: %v", p, again.Position, o.Position, err)
		}
	}
	if _, found, err := r.WhoReads(t.Context(), 1<<51, 1); found || err != nil {
		t.Error("a byte that there is not is read:", err)
	}
}

// The fault that changed a register or a byte is what wrote it; before it, somebody else.
func TestTheFaultWrote(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	seen := map[faults.Kind]bool{}
	for i := range 12 {
		r, err := c.Execute(t.Context(), i, c.lab.Experiment.Settings[0])
		if err != nil {
			t.Fatal(err)
		}
		s := r.Row.Strike
		if s == nil || seen[s.Kind] || s.Kind.InCode() || s.Kind == faults.Memory {
			continue
		}
		seen[s.Kind] = true
		reg, err := faults.ParseRegister(s.What)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Goto(t.Context(), "F"); err != nil {
			t.Fatal(err)
		}
		o, found, err := r.WhoSet(t.Context(), s.CPU, reg)
		if err != nil || !found || !o.Strike || o.Before != s.Before || o.After != s.After {
			t.Errorf("%s %s: %+v %v %v", r.Row.Run(), s.What, o, found, err)
		}
		if err := r.Goto(t.Context(), "F-1"); err != nil {
			t.Fatal(err)
		}
		if o, found, err = r.WhoSet(t.Context(), s.CPU, reg); err != nil || found && (o.Strike || o.Position >= s.Position) {
			t.Errorf("%s before the fault: %+v %v", s.What, o, err)
		}
	}
	if len(seen) < 2 {
		t.Errorf("only faults of %v", seen)
	}
}

// A value that is written is used or overwritten; RSP is used by the next push or call.
func TestWhoUses(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r := recovered(t, c)
	cpu, here := stands(t, r)
	h, use, err := r.WhoUses(t.Context(), cpu, 4)
	if err != nil || use != Read || h.Position < here || h.Position > here+500 {
		t.Errorf("RSP: %v at %+v, from %d: %v", use, h, here, err)
	}
	uses := map[Use]int{}
	for reg := range faults.Register(16) {
		_, use, err := r.WhoUses(t.Context(), cpu, reg)
		if err != nil {
			t.Fatal(err)
		}
		uses[use]++
	}
	if uses[Read] == 0 || uses[Overwritten] == 0 {
		t.Errorf("%v", uses)
	}
}

// A page to which something is stored between two marks is not said to be untouched there,
// and one to which nothing is, is.
func TestUntouched(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r := recovered(t, c)
	cpu, _ := stands(t, r)
	pa, ok := r.Run.Machine().Translate(cpu, r.Run.Machine().Register(cpu, 4))
	if !ok {
		t.Fatal("the stack is not mapped")
	}
	page := pa &^ 0xfff
	seen := map[bool]int{}
	if err := r.Run.Seek(t.Context(), r.Run.End()); err != nil {
		t.Fatal(err)
	}
	marks := slices.Clone(r.Run.coarse)
	for i, m := range marks[1:] {
		from := marks[i].at
		if s := r.Row.Strike.Position; from == m.at || m.at == s || from == s {
			continue // there are two states
		}
		_, count, err := r.Run.accesses(t.Context(), from, m.at, watchpoint(page, 0x1000, mem.Store))
		if err != nil {
			t.Fatal(err)
		}
		if r.Run.untouched(from, m.at, page+8, 8) == (count > 0) {
			t.Errorf("%d stores between %d and %d", count, from, m.at)
		}
		seen[count > 0]++
	}
	if seen[true] == 0 {
		t.Errorf("the test is too poor: %v", seen)
	}
}
