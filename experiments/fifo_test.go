package experiments

import (
	"flag"
	"slices"
	"sync"
	"testing"

	"resvirt/faults"
)

// fifoFaults is how many faults the test with FIFO guests injects; more are for hands:
// go test ./experiments -run FIFOGuests -timeout 0 -fifo 5000
var fifoFaults = flag.Int("fifo", 8, "faults of the test with guests that use FIFO event channels")

// fifoReal is quick with one AppVM, two settings that recover, and guests that use
// FIFO event channels.
var fifoReal = sync.OnceValues(func() (*Lab, error) {
	e, _, err := Load("quick")
	if err != nil {
		return nil, err
	}
	final, _, err := Load("final")
	if err != nil {
		return nil, err
	}
	// A microreboot, and a microreset that takes back what is in the journal.
	e.Settings = []Setting{e.Settings[len(e.Settings)-1], final.Settings[len(final.Settings)-1]}
	e.VMM.Domains, e.Workload.FIFO, e.Faults.Types = 1, true, []string{"failstop"}
	sys, err := BuildSystem(e, func(string) {})
	if err != nil {
		return nil, err
	}
	return NewLab(e, sys)
})

func fifoLab(t *testing.T) *Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	l, err := fifoReal()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestFIFOGuests: guests that take their events from queues do their work, and lose
// no event when the hypervisor fails, wherever it was.
func TestFIFOGuests(t *testing.T) {
	l := fifoLab(t)
	from := l.golden.Checkpoints[0].State
	for _, at := range positionsIn(t, l, l.sys.Fork(from).(*hardware), []int{12, 40, 52}, "main.(*fifo).enqueue", "main.(*Domain).setPendingFIFO") {
		for _, s := range l.exp.Settings {
			m, policy := l.sys.Fork(from).(*hardware), mustPolicy(s, l.sys)
			m.Run(faults.Until{Position: at})
			m.SetPolicy(policy)
			failstop(t, l, m, m.Next())
			o := faults.Observe(m, l.sys.Target(), &l.golden.Golden, policy)
			verdicts := l.sys.Target().Judge(l.golden.Output, o.Output)
			if outcome, reason := faults.Classify(l.sys.Target(), &l.golden.Golden, &o, verdicts); outcome != faults.Recovered {
				t.Errorf("at %d, %s: %s: %s; detected %v", at, s.Name, outcome, reason, o.Detections)
			}
		}
	}
	w := &worker{Lab: l}
	for i := range *fifoFaults {
		for _, row := range w.unit(i, l.exp.Settings) {
			if row.Outcome != faults.Recovered && row.Outcome != faults.NotApplied {
				t.Errorf("fault %d, %s: %s: %s", i, row.Setting, row.Outcome, row.Reason)
			}
		}
	}
}

// TestFIFOAtBoot: a guest that is about to switch to the FIFO interface when the
// hypervisor fails gets there.
func TestFIFOAtBoot(t *testing.T) {
	l := fifoLab(t)
	for i, at := range positionsIn(t, l, bootLab(t, l), []int{40}, "main.(*Domain).placeControl", "main.(*Domain).startFIFO", "main.(*Domain).addWords") {
		setting := l.exp.Settings[i%len(l.exp.Settings)]
		m := bootLab(t, l)
		m.SetPolicy(mustPolicy(setting, l.sys))
		m.Run(faults.Until{Position: at})
		failstop(t, l, m, m.Next())
		stop := m.Run(faults.Until{Time: 2 * l.golden.Ended})
		for _, v := range l.sys.Target().Judge(l.golden.Output, m.Serial()) {
			if !v.Right {
				t.Errorf("at %d, %s: %+v", at, setting.Name, v)
			}
		}
		if stop.Reason != faults.Exited || stop.Code != exitAllRight || len(posts(m, postRecovered)) == 0 {
			t.Errorf("at %d, %s: %s\n%s", at, setting.Name, describe(stop), tail(m.Serial()))
		}
	}
}

func bootLab(t *testing.T, l *Lab) *hardware {
	t.Helper()
	m, err := l.sys.Boot()
	if err != nil {
		t.Fatal(err)
	}
	return m.(*hardware)
}

// positionsIn is where m, running on, has executed so many instructions of each of
// some functions of the hypervisor's.
func positionsIn(t *testing.T, l *Lab, m *hardware, counts []int, functions ...string) (list []uint64) {
	t.Helper()
	seen := map[string]int{}
	m.Trace(func(e faults.TraceEntry) {
		if e.CPL != 0 {
			return
		}
		name, _, _ := l.sys.Target().Symbols.Func(e.PC)
		if !slices.Contains(functions, name) {
			return
		}
		if seen[name]++; slices.Contains(counts, seen[name]) {
			list = append(list, e.Position)
		}
	})
	want := len(counts) * len(functions)
	for len(list) < want && m.Run(faults.Until{Position: m.Position() + 20000}).Reason == faults.Reached {
	}
	if len(list) < want {
		t.Fatalf("of %v not all run", functions)
	}
	return list
}
