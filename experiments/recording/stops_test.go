package recording

import (
	"encoding/binary"
	"errors"
	"testing"

	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/mem"
)

// at is a stop for comparison.
type at struct {
	position Position
	cpu      int
	pc       uint64
}

// Stops at code are those that a trace tells of, forwards and backwards; the machine is
// then before the instruction, whatever leads there.
func TestStopsAtCode(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r, err := c.Execute(t.Context(), 0, c.lab.Experiment.Settings[0])
	if err != nil {
		t.Fatal(err)
	}
	track := r.Run
	from := track.Position() - 30000
	to := min(from+40000, track.End())
	if err := track.Seek(t.Context(), from); err != nil {
		t.Fatal(err)
	}
	var all []at
	seen := map[uint64]int{}
	for _, part := range []Position{track.turn(from), to} { // a trace does not jump over the fault
		err := track.Watch(t.Context(), part, func(e faults.TraceEntry) bool {
			all = append(all, at{e.Position, e.CPU, e.PC})
			seen[e.PC]++
			return true
		})
		if err == nil {
			err = track.Seek(t.Context(), part)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	last := all[len(all)-1].position
	var pcs []uint64
	for pc, n := range seen {
		if n < 4 || len(pcs) == 0 && n < 10 {
			pcs = append(pcs, pc)
		}
	}
	wanted := map[uint64]bool{}
	for _, pc := range pcs {
		wanted[pc] = true
	}
	var want []at
	for _, a := range all {
		if wanted[a.pc] && a.position < last {
			want = append(want, a)
		}
	}
	if err := track.Seek(t.Context(), from); err != nil {
		t.Fatal(err)
	}
	stops := Stops{Code: pcs}
	for i, w := range want {
		got, found, err := track.NextStop(t.Context(), last, stops)
		h := track.Machine().(*testbed.Hardware)
		if err != nil || !found || (at{got.Position, got.CPU, got.PC}) != w || h.CPU(w.cpu).RIP != w.pc || h.Position() != w.position {
			t.Fatalf("stop %d of %d forwards: %+v %v %v, want %+v; RIP %#x", i, len(want), got, found, err, w, h.CPU(w.cpu).RIP)
		}
	}
	if _, found, err := track.NextStop(t.Context(), last, stops); found || err != nil || track.Position() != last {
		t.Fatalf("there is another stop at %d, %v", track.Position(), err)
	}
	back := want[max(0, len(want)-12):]
	before := last
	for i := len(back) - 1; i >= 0; i-- {
		w := back[i]
		if w.position >= before {
			continue // of the instructions at one position backwards finds one
		}
		got, found, err := track.LastStop(t.Context(), stops)
		h := track.Machine().(*testbed.Hardware)
		if err != nil || !found || (at{got.Position, got.CPU, got.PC}) != w || h.CPU(w.cpu).RIP != w.pc {
			t.Fatalf("stop %d backwards: %+v %v %v, want %+v; RIP %#x", i, got, found, err, w, h.CPU(w.cpu).RIP)
		}
		before = w.position
	}
	// Stops change nothing: the run ends as it did, whatever is on the way.
	for found := true; found; {
		if _, found, err = track.NextStop(t.Context(), track.End(), Stops{Code: pcs, Data: []mem.Watchpoint{{PA: 0x300000, Len: 4096, Kinds: mem.Store}}}); err != nil {
			t.Fatal(err)
		}
	}
	if d := track.Machine().Digest(); track.Position() != track.End() || d != r.Row.EndDigest {
		t.Errorf("with stops the run ends at %d in %v, its row at %d in %v", track.Position(), d, track.End(), r.Row.EndDigest)
	}
}

// Stops at data are where the value changes: three positions each way, checked by what
// the memory holds behind and before them, over the fault.
func TestStopsAtData(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r, err := c.Execute(t.Context(), 0, c.lab.Experiment.Settings[0])
	if err != nil {
		t.Fatal(err)
	}
	track := r.Run
	vmm, _ := r.Guests.Image("vmm")
	va, ok := vmm.Addr("main.stats") // counters, which only grow
	if !ok {
		t.Fatal("no variable to watch")
	}
	const size = 64
	pa := va - vmm.Base + vmm.Phys
	value := func() (sum uint64) {
		var b [size]byte
		track.Machine().ReadPhys(pa, b[:])
		for i := 0; i < size; i += 8 {
			sum += binary.LittleEndian.Uint64(b[i:])
		}
		return sum
	}
	stops := Stops{Data: []mem.Watchpoint{{PA: pa, Len: size, Kinds: mem.Store}}}
	if err := track.Seek(t.Context(), track.Position()-200000); err != nil {
		t.Fatal(err)
	}
	var values []uint64
	var positions []Position
	start := value()
	for range 3 {
		got, found, err := track.NextStop(t.Context(), track.End(), stops)
		if err != nil || !found || got.Access == nil || track.Position() != got.Position+1 {
			t.Fatalf("%+v %v %v at %d", got, found, err, track.Position())
		}
		values, positions = append(values, value()), append(positions, got.Position)
	}
	for i := 2; i >= 0; i-- {
		before := start
		if i > 0 {
			before = values[i-1]
		}
		if value() != values[i] {
			t.Errorf("behind store %d is %d, forwards it was %d", i, value(), values[i])
		}
		got, found, err := track.LastStop(t.Context(), stops)
		if err != nil || !found || got.Position != positions[i] || track.Position() != positions[i] || value() != before {
			t.Fatalf("store %d backwards: %+v %v %v, at %d with %d before; forwards at %d with %d before", i, got, found, err, track.Position(), value(), positions[i], before)
		}
	}
	if err := track.Seek(t.Context(), track.Start()); err != nil {
		t.Fatal(err)
	}
	if _, found, err := track.LastStop(t.Context(), stops); found || err != nil || track.Position() != track.Start() {
		t.Errorf("found before the start: %v %v", found, err)
	}
	var out *OutsideError
	if _, _, err := track.NextStop(t.Context(), track.End()+1, stops); !errors.As(err, &out) {
		t.Errorf("behind the end: %v", err)
	}
}
