package checks

import (
	"context"
	"encoding/binary"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// Guests notice what is not theirs to look over: a bit in an entry that maps
// nothing, of their page tables, and bases of segments of a vCPU that waits.
func TestGuestsNotice(t *testing.T) {
	e, sys := quickSystem(t)
	guests, err := testbed.GuestsOf(sys)
	if err != nil {
		t.Fatal(err)
	}
	l, err := campaign.NewToldLab(context.Background(), e, sys, experiments.Facts{}, campaign.Teller{})
	if err != nil {
		t.Fatal(err)
	}
	o := &oracle{Lab: l, guests: guests}
	w := &campaign.Worker{Lab: l}
	o.followsCall(t, w)
	for _, c := range []struct {
		name  string
		place func(*testbed.Hardware, *testbed.Guest) uint64
	}{
		{"entry that maps nothing", emptyEntry},
		{"kernel GS base", o.waiting(func(c *testbed.Context) uint64 { return c.Bases + 8 })},
		{"GS base", o.waiting(func(c *testbed.Context) uint64 { return c.Bases + 16 })},
		{"FS base", o.waiting(func(c *testbed.Context) uint64 { return c.Bases })},
	} {
		if reason, ok := o.notices(t, w, c.place); !ok {
			t.Errorf("%s: a bit of it flips, and no guest notices: %s", c.name, reason)
		}
	}
}

// A register that a guest's kernel saves when a program calls it, and restores, is
// followed to the program, which checks it.
func (o *oracle) followsCall(t *testing.T, w *campaign.Worker) {
	t.Helper()
	const r12 = 12
	at := o.Golden.Span.Start + (o.Golden.Span.End-o.Golden.Span.Start)/2
	state := o.Golden.Before(at, o.System.Margin()).State
	w.Restore(state)
	h := w.Machine.(*testbed.Hardware)
	call, cpu := uint64(0), 0
	h.Trace(func(e faults.TraceEntry) {
		var code [2]byte
		if call == 0 && e.CPL == 3 && o.guests.Function(e.PC) == "main.sys.abi0" && h.ReadCode(e.CPU, e.PC, code[:]) == nil && code == [2]byte{0x0f, 0x05} {
			call, cpu = e.Position, e.CPU
		}
	})
	h.Run(faults.Until{Position: h.Position() + 400_000})
	h.Trace(nil)
	w.Restore(state)
	h.Run(faults.Until{Position: call})
	vcpu, ok := o.guests.CurrentVCPU(o.guests.Memory(h), cpu)
	if call == 0 || !ok {
		t.Fatal("no program calls its kernel")
	}
	f := &follower{guests: o.guests, m: h, vcpu: vcpu, at: register{general, r12, 3}, value: h.Register(cpu, r12)}
	if read := f.follow(); !read || o.guests.Function(f.reader) != "main.sys.abi0" {
		t.Errorf("R12 over a system call: read %v, by %q", read, o.guests.Function(f.reader))
	}
}

// notices flips a bit of the first place that there is from the middle of the golden
// run on.
func (o *oracle) notices(t *testing.T, w *campaign.Worker, place func(*testbed.Hardware, *testbed.Guest) uint64) (reason string, ok bool) {
	t.Helper()
	g := &o.Golden.Golden
	at := o.Golden.Span.Start + (o.Golden.Span.End-o.Golden.Span.Start)/4
	w.Restore(o.Golden.Before(at, o.System.Margin()).State)
	h := w.Machine.(*testbed.Hardware)
	h.Run(faults.Until{Time: at})
	for range 2000 {
		vms, err := o.guests.In(h)
		if err != nil {
			t.Fatal(err)
		}
		for _, vm := range vms {
			if vm.Name == "d0" {
				continue
			}
			if pa := place(h, vm); pa != 0 {
				o.bit(pa, 3)(h)
				seen := faults.Observe(h, o.System.Target(), g, g.Policy)
				var verdicts []faults.Verdict
				if !seen.Converged {
					verdicts = o.System.Target().Judge(g.Output, seen.Output)
				}
				outcome, reason := faults.Classify(o.System.Target(), g, &seen, verdicts)
				return reason, outcome != faults.Converged && outcome != faults.Latent
			}
		}
		h.Run(faults.Until{Position: h.Position() + 1000})
	}
	t.Fatal("there is no such place")
	return "", false
}

// emptyEntry is the third byte of an entry of a page table of processes that maps nothing.
func emptyEntry(h *testbed.Hardware, vm *testbed.Guest) uint64 {
	for _, p := range vm.Pages() {
		if p.Kind != "page tables" {
			continue
		}
		for at := p.PA + 8*64; at < p.PA+8*500; at += 8 {
			var b [8]byte
			if h.ReadPhys(at, b[:]); binary.LittleEndian.Uint64(b[:]) == 0 {
				return at + 2
			}
		}
	}
	return 0
}

// waiting is a place in the context of a vCPU that waits in memory.
func (o *oracle) waiting(place func(*testbed.Context) uint64) func(*testbed.Hardware, *testbed.Guest) uint64 {
	return func(h *testbed.Hardware, vm *testbed.Guest) uint64 {
		c, err := o.guests.ContextOf(h, vm)
		if err != nil || c.Bases == 0 {
			return 0
		}
		return place(&c)
	}
}
