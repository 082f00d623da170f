package machine

import (
	_ "embed"
	"regexp"
	"slices"
	"testing"

	"resvirt/sim"
)

// smpKernel is testdata/smp.S, assembled.
//
//go:embed testdata/smp.bin
var smpKernel []byte

func boot(t testing.TB, kernel []byte) *Machine {
	t.Helper()
	spec := DefaultSpec()
	spec.MemBytes = 16 << 20
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LoadMultiboot(kernel, "test", nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// limit ends tests whose machine runs away.
var limit = Until{Position: 3_000_000}

func TestSMPKernel(t *testing.T) {
	m := boot(t, smpKernel)
	stop := m.Run(limit)
	want := regexp.MustCompile(`^smp kernel\nc0ed392f\nA\.{12,13}\n[0-9a-f]{8}\n[0-9a-f]{8}\n[0-9a-f]{8}\n$`)
	if stop.Reason != Exit || stop.Code != 1 || !want.Match(m.Serial()) {
		t.Fatalf("%v at %v, position %d; output:\n%s", stop, m.Now(), m.Position(), m.Serial())
	}
	t.Logf("%d instructions, %v:\n%s", m.Position(), m.Now(), m.Serial())
	if ev := m.Events(); len(ev) != 1 || ev[0].Kind != Post || ev[0].Value != 0x42 || ev[0].CPU != 0 {
		t.Errorf("events %+v", ev)
	}
	if m.Scoped() != m.Position() || m.CPU(1).Retired == 0 {
		t.Errorf("%d instructions at level 0 of %d, CPU 1 executed %d", m.Scoped(), m.Position(), m.CPU(1).Retired)
	}
	if again := m.Run(Until{}); again != stop {
		t.Errorf("run on after the end: %v", again)
	}
}

// end is what must not depend on how a run was made.
type end struct {
	stop     Stop
	digest   sim.Digest
	position uint64
	scoped   uint64
	serial   string
}

func endOf(m *Machine) end {
	s := m.Run(limit)
	return end{s, m.Digest(), m.Position(), m.Scoped(), string(m.Serial())}
}

// TestSlicing cuts a run at random bounds of every kind; nothing may change.
func TestSlicing(t *testing.T) {
	want := endOf(boot(t, smpKernel))
	r := sim.Stream(1, t.Name())
	for try := range 12 {
		m := boot(t, smpKernel)
		for m.Final().Reason == None && m.Position() < limit.Position {
			pos, now, scoped := m.Position(), m.Now(), m.Scoped()
			n := 1 + r.Uint64N(1<<r.Uint64N(14))
			switch r.IntN(4) {
			case 0:
				if s := m.Run(Until{Position: pos + n}); s.Reason == ReachedPosition && m.Position() != pos+n {
					t.Fatalf("%v at position %d, want %d", s, m.Position(), pos+n)
				}
			case 1:
				if s := m.Run(Until{Time: now + sim.Time(n)*250}); s.Reason == ReachedTime && m.Now() < now+sim.Time(n)*250 {
					t.Fatalf("%v at %v, want %v", s, m.Now(), now+sim.Time(n)*250)
				}
			case 2:
				if s := m.Run(Until{Scoped: n}); s.Reason == ReachedScoped && m.Scoped() != scoped+n-1 {
					t.Fatalf("%v after %d instructions at level 0, want %d", s, m.Scoped()-scoped, n-1)
				}
			case 3:
				m.Run(Until{Position: pos + n, Time: now + sim.Time(n)*300, Scoped: n})
			}
		}
		if got := endOf(m); got != want {
			t.Fatalf("try %d: sliced run ends as %+v, whole run as %+v", try, got, want)
		}
	}
}

// TestSnapshotOracle: run to the end = snapshot, restore into a fresh or a used
// machine, run to the end.
func TestSnapshotOracle(t *testing.T) {
	want := endOf(boot(t, smpKernel))
	r := sim.Stream(2, t.Name())
	m := boot(t, smpKernel)
	used := boot(t, smpKernel)
	used.Run(Until{Position: 20_000})
	for pos := uint64(0); pos < want.position; pos += 1 + r.Uint64N(want.position/16) {
		if pos > 0 {
			if s := m.Run(Until{Position: pos}); s.Reason != ReachedPosition {
				t.Fatal(s)
			}
		}
		before := m.Digest()
		snap := m.Snapshot()
		if d := m.Digest(); d != before {
			t.Fatalf("position %d: taking a snapshot changes the digest", pos)
		}
		fork := NewFrom(snap)
		if d := fork.Digest(); d != before || fork.Position() != m.Position() || snap.Position() != pos {
			t.Fatalf("position %d: a fork has another digest", pos)
		}
		used.Restore(snap)
		if d := used.Digest(); d != before {
			t.Fatalf("position %d: a restored machine has another digest", pos)
		}
		for name, x := range map[string]*Machine{"fork": fork, "restored": used} {
			if got := endOf(x); got != want {
				t.Fatalf("position %d: %s ends as %+v, the original as %+v", pos, name, got, want)
			}
		}
		if d := m.Digest(); d != before {
			t.Fatalf("position %d: running forks changes the original", pos)
		}
	}
	if got := endOf(m); got != want {
		t.Fatalf("with snapshots: %+v, without: %+v", got, want)
	}
}

// TestTrace: a trace sees each instruction once and changes nothing.
func TestTrace(t *testing.T) {
	want := endOf(boot(t, smpKernel))
	m := boot(t, smpKernel)
	var n, last uint64
	m.Trace(func(e TraceEntry) {
		if e.Position != last && e.Position != last+1 {
			t.Fatalf("trace jumps from position %d to %d", last, e.Position)
		}
		last = e.Position
		n++
	})
	if got := endOf(m); got != want {
		t.Errorf("traced: %+v, untraced: %+v", got, want)
	}
	if n != m.Position() {
		t.Errorf("%d instructions traced, %d retired", n, m.Position())
	}
}

// TestTraceOfAddresses: a trace of some addresses is that of all instructions without the
// others, by either engine, beside a watch, and changes nothing.
func TestTraceOfAddresses(t *testing.T) {
	want := endOf(boot(t, smpKernel))
	var all []TraceEntry
	m := boot(t, smpKernel)
	m.Trace(func(e TraceEntry) { all = append(all, e) })
	m.Run(limit)
	r := sim.Stream(3, t.Name())
	for range 8 {
		only := make([]uint64, 1+r.IntN(4))
		for i := range only {
			only[i] = all[r.IntN(len(all))].PC
		}
		var some []TraceEntry
		for _, e := range all {
			if slices.Contains(only, e.PC) {
				some = append(some, e)
			}
		}
		for _, engine := range []Engine{Plain{}, Fast{}} {
			m := boot(t, smpKernel)
			m.SetEngine(engine)
			if r.IntN(2) == 0 {
				m.Watch(only[0], all[r.IntN(len(all))].PC)
			}
			var seen []TraceEntry
			m.Trace(func(e TraceEntry) { seen = append(seen, e) }, only...)
			if got := endOf(m); got != want {
				t.Errorf("%s, traced at %#x: %+v, untraced: %+v", engine.Name(), only, got, want)
			}
			if !slices.Equal(seen, some) {
				t.Errorf("%s: %d instructions traced at %#x, all traces have %d of them", engine.Name(), len(seen), only, len(some))
			}
		}
	}
}

// TestWatch: watching does not change the run, events are right, and
// ReachedWatched stops after the instruction.
func TestWatch(t *testing.T) {
	want := endOf(boot(t, smpKernel))
	m := boot(t, smpKernel)
	var pcs []uint64
	m.Trace(func(e TraceEntry) { pcs = append(pcs, e.PC) })
	m.Run(limit)
	pc := pcs[len(pcs)*2/3]
	var at []uint64
	for pos, p := range pcs {
		if p == pc {
			at = append(at, uint64(pos))
		}
	}
	m = boot(t, smpKernel)
	m.Watch(pc, 0xdead)
	for i, pos := range at {
		s := m.Run(Until{Watched: true})
		if s.Reason != ReachedWatched || m.Position() != pos+1 {
			t.Fatalf("hit %d: %v at %d, want to be right after %d", i, s, m.Position(), pos)
		}
		if e := m.Events()[len(m.Events())-1]; e.Kind != Watched || e.PC != pc || e.Position != pos {
			t.Fatalf("event %+v, want PC %#x at %d", e, pc, pos)
		}
	}
	if got := endOf(m); got != want {
		t.Errorf("watched: %+v, unwatched: %+v", got, want)
	}
}
