package machine

import (
	"slices"
	"testing"

	"resvirt/sim"
)

// before is a stop before an instruction.
type before struct {
	cpu          int
	position, pc uint64
}

// stopsBefore runs a machine to its end and lists the stops.
func stopsBefore(t *testing.T, m *Machine) (list []before) {
	u := limit
	u.Before = true
	for {
		s := m.Run(u)
		if s.Reason != ReachedBefore {
			return list
		}
		c := m.CPU(s.CPU)
		list = append(list, before{s.CPU, m.Position(), c.RIP})
		if len(list) > 1e6 {
			t.Fatal("the machine does not get on")
		}
	}
}

// TestStopBefore: a run stops before each instruction at some addresses, once, as a trace
// tells of them, by either engine, and comes to the same end. At the stop the processor
// is there: what leads to the instruction has been delivered.
func TestStopBefore(t *testing.T) {
	want := endOf(boot(t, smpKernel))
	var all []before
	m := boot(t, smpKernel)
	m.Trace(func(e TraceEntry) { all = append(all, before{e.CPU, e.Position, e.PC}) })
	m.Run(limit)
	handlers := map[uint64]bool{} // addresses that are reached without an instruction that leads there
	m = boot(t, smpKernel)
	for _, b := range all[1:] { // position 0 is no bound
		if m.Run(Until{Position: b.position}); m.CPU(b.cpu).RIP != b.pc {
			handlers[b.pc] = true
		}
	}
	if len(handlers) == 0 || len(handlers) > 20 {
		t.Errorf("%d handlers in this kernel", len(handlers))
	}
	r := sim.Stream(4, t.Name())
	for range 8 {
		pcs := make([]uint64, 1+r.IntN(4))
		for i := range pcs {
			pcs[i] = all[r.IntN(len(all))].pc
		}
		for pc := range handlers {
			pcs = append(pcs, pc)
		}
		var some []before
		for _, b := range all {
			if slices.Contains(pcs, b.pc) {
				some = append(some, b)
			}
		}
		for _, engine := range []Engine{Plain{}, Fast{}} {
			for _, traced := range []bool{false, true} {
				m := boot(t, smpKernel)
				m.SetEngine(engine)
				m.StopBefore(pcs...)
				if traced {
					m.Trace(func(TraceEntry) {})
				}
				got := stopsBefore(t, m)
				if end := endOf(m); end != want {
					t.Errorf("%s, stopped before %#x: %+v, else %+v", engine.Name(), pcs, end, want)
				}
				if !slices.Equal(got, some) {
					t.Errorf("%s: %d stops before %#x, a trace has %d", engine.Name(), len(got), pcs, len(some))
				}
			}
		}
	}
}
