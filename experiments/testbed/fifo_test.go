package testbed

import (
	"encoding/binary"
	"flag"
	"slices"
	"sync"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/vi/abi"
	"resvirt/vi/inspect"
	"resvirt/vi/seam"
)

// fifoFaults is the number of faults in the test with FIFO guests. To run more, start
// it by hand: go test ./experiments/testbed -run FIFOGuests -timeout 0 -fifo 5000
var fifoFaults = flag.Int("fifo", 8, "faults of the test with guests that use FIFO event channels")

// fifoReal is quick with one AppVM, two settings that recover, and guests that use
// FIFO event channels.
var fifoReal = sync.OnceValues(func() (*campaign.Lab, error) {
	e, _, err := experiments.Load("quick")
	if err != nil {
		return nil, err
	}
	final, _, err := experiments.Load("final")
	if err != nil {
		return nil, err
	}
	// A microreboot, and a microreset that takes back what is in the journal.
	e.Settings = []experiments.Setting{e.Settings[len(e.Settings)-1], final.Settings[len(final.Settings)-1]}
	e.VMM.Domains, e.Workload.FIFO, e.Faults.Types = 1, true, []string{"failstop"}
	sys, err := Build(e, func(string) {})
	if err != nil {
		return nil, err
	}
	return campaign.NewLab(e, sys)
})

func fifoLab(t *testing.T) *campaign.Lab {
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
	from := l.Golden.Checkpoints[0].State
	for _, at := range positionsIn(t, l, l.System.Fork(from).(*Hardware), []int{12, 40, 52}, "main.(*fifo).enqueue", "main.(*Domain).setPendingFIFO") {
		for _, s := range l.Experiment.Settings {
			m, policy := l.System.Fork(from).(*Hardware), experiments.MustPolicy(s, l.System)
			m.Run(faults.Until{Position: at})
			m.SetPolicy(policy)
			failstop(t, l, m, m.Next())
			o := faults.Observe(m, l.System.Target(), &l.Golden.Golden, policy)
			verdicts := l.System.Target().Judge(l.Golden.Output, o.Output)
			if outcome, reason := faults.Classify(l.System.Target(), &l.Golden.Golden, &o, verdicts); outcome != faults.Recovered {
				t.Errorf("at %d, %s: %s: %s; detected %v", at, s.Name, outcome, reason, o.Detections)
			}
		}
	}
	w := &campaign.Worker{Lab: l}
	for i := range *fifoFaults {
		for _, row := range w.Unit(i, l.Experiment.Settings) {
			if row.Outcome != faults.Recovered && row.Outcome != faults.NotApplied {
				t.Errorf("fault %d, %s: %s: %s", i, row.Setting, row.Outcome, row.Reason)
			}
		}
	}
}

// TestFIFOAtBoot: a guest that is about to switch to the FIFO interface when the
// hypervisor fails still gets there.
func TestFIFOAtBoot(t *testing.T) {
	l := fifoLab(t)
	for i, at := range positionsIn(t, l, bootLab(t, l), []int{40}, "main.(*Domain).placeControl", "main.(*Domain).startFIFO", "main.(*Domain).addWords") {
		setting := l.Experiment.Settings[i%len(l.Experiment.Settings)]
		m := bootLab(t, l)
		m.SetPolicy(experiments.MustPolicy(setting, l.System))
		m.Run(faults.Until{Position: at})
		failstop(t, l, m, m.Next())
		stop := m.Run(faults.Until{Time: 2 * l.Golden.Ended})
		for _, v := range l.System.Target().Judge(l.Golden.Output, m.Serial()) {
			if !v.Right {
				t.Errorf("at %d, %s: %+v", at, setting.Name, v)
			}
		}
		if stop.Reason != faults.Exited || stop.Code != exitOK || len(posts(m, seam.PostRecovered)) == 0 {
			t.Errorf("at %d, %s: %s\n%s", at, setting.Name, campaign.Describe(stop), campaign.Tail(m.Serial()))
		}
	}
}

func bootLab(t *testing.T, l *campaign.Lab) *Hardware {
	t.Helper()
	m, err := l.System.Boot()
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Hardware)
}

// positionsIn runs m on and returns the positions at which it has executed so many
// instructions of each of some functions of the hypervisor.
func positionsIn(t *testing.T, l *campaign.Lab, m *Hardware, counts []int, functions ...string) (list []uint64) {
	t.Helper()
	seen := map[string]int{}
	m.Trace(func(e faults.TraceEntry) {
		if e.CPL != 0 {
			return
		}
		name, _, _ := l.System.Target().Symbols.Func(e.PC)
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

// TestFIFOInvariants: the checks from outside find nothing wrong in a sound state, and
// find planted damage.
func TestFIFOInvariants(t *testing.T) {
	l := fifoLab(t)
	a, err := AnatomyOf(l.System)
	if err != nil {
		t.Fatal(err)
	}
	m := l.System.Fork(l.Golden.Checkpoints[0].State).(*Hardware)
	for i := 0; i < len(l.Golden.Checkpoints); i += 7 {
		if l.Golden.Checkpoints[i].State == nil {
			continue
		}
		m.Restore(l.Golden.Checkpoints[i].State)
		if !untilQuiet(a, m) {
			break
		}
		if list := a.Check(m); len(list) != 0 {
			t.Errorf("position %d: %v", m.Position(), first(list))
		}
	}
	m.Restore(l.Golden.Checkpoints[0].State)
	untilQuiet(a, m)
	var domain uint64
	for _, o := range a.Checker.Objects(a.Machine(m)) {
		if o.Name == "d1" {
			domain = o.Addr
		}
	}
	number := func(typ string, base uint64, path string) (addr, v uint64) {
		at, err := a.view.At(typ, base, a.Memory(m))
		if err == nil {
			at, err = at.Path(path)
		}
		if err == nil {
			v, err = at.Uint()
		}
		if err != nil {
			t.Fatal(err)
		}
		return at.Addr, v
	}
	_, fifo := number("main.Domain", domain, "fifo")
	array, frame := number("main.fifo", fifo, "array[0]")
	tail, _ := number("main.fifo", fifo, "tails[7]")
	words, quiet := frame<<12, m.Snapshot()
	for _, c := range []struct {
		name  string
		at    uint64 // physical
		value uint32
		kind  inspect.ViolationKind
	}{
		{"pending in no queue", words + 4, abi.EvtchnFIFOPending, inspect.Events},
		{"busy", words + 4, abi.EvtchnFIFOBusy, inspect.Events},
		{"linked, not the last", words + 8, abi.EvtchnFIFOLinked, inspect.Events},
		{"a frame that is held", array - a.direct, 1 << 30, inspect.Frames},
		{"the fifo lock", 0, 1, inspect.Locks},
	} {
		m.Restore(quiet)
		if c.at == 0 {
			at, _ := number("main.Domain", domain, "fifoLock.v")
			c.at = at - a.direct
		}
		m.WritePhys(tail-a.direct, []byte{0, 0, 0, 0})
		m.WritePhys(c.at, binary.LittleEndian.AppendUint32(nil, c.value))
		list := a.Check(m)
		if !slices.ContainsFunc(list, func(v inspect.Violation) bool { return v.Kind == c.kind }) {
			t.Errorf("%s: %v", c.name, first(list))
		}
	}
}
