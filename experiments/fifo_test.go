package experiments

import (
	"flag"
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
	for _, c := range []crash{
		{"main.(*fifo).enqueue", 30, 12, failstop},
		{"main.(*fifo).enqueue", 40, 40, failstop},
		{"main.(*fifo).enqueue", 50, 52, failstop},
		{"main.(*Domain).setPendingFIFO", 20, 20, failstop},
	} {
		for _, s := range l.exp.Settings {
			if o, outcome, reason := c.follow(t, l, s.Name); outcome != faults.Recovered {
				t.Errorf("%s after %d instructions, %s: %s: %s; detected %v", c.function, c.k, s.Name, outcome, reason, o.Detections)
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
	for i, at := range positionsIn(t, l, 40, "main.(*Domain).placeControl", "main.(*Domain).startFIFO", "main.(*Domain).addWords") {
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

// positionsIn is where a boot has executed k instructions of each of some functions
// of the hypervisor's.
func positionsIn(t *testing.T, l *Lab, k int, functions ...string) (list []uint64) {
	t.Helper()
	m := bootLab(t, l)
	seen := map[string]int{}
	for _, f := range functions {
		seen[f] = k
	}
	m.Trace(func(e faults.TraceEntry) {
		if e.CPL != 0 {
			return
		}
		name, _, _ := l.sys.Target().Symbols.Func(e.PC)
		if n, ok := seen[name]; ok {
			if seen[name] = n - 1; n == 1 {
				list = append(list, e.Position)
			}
		}
	})
	for len(list) < len(functions) && m.Run(faults.Until{Position: m.Position() + 20000}).Reason == faults.Reached {
	}
	if len(list) < len(functions) {
		t.Fatalf("of %v not all run", functions)
	}
	return list
}
