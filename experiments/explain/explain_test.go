package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// quick is a shipped experiment with its golden run, shared because it takes seconds.
var quick = sync.OnceValues(func() (*campaign.Lab, error) {
	e, _, err := experiments.Load("quick")
	if err != nil {
		return nil, err
	}
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		return nil, err
	}
	return campaign.NewLab(e, sys)
})

func quickLab(t *testing.T) *campaign.Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	l, err := quick()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestExplainsFailedRuns explains the first failed run of the setting that
// repairs nothing, twice, from its row and from its recording: the same run has the same
// explanation, with a cause, with what every CPU did, and with what recovery changed.
func TestExplainsFailedRuns(t *testing.T) {
	t.Parallel()
	l := quickLab(t)
	a, err := testbed.AnatomyOf(l.System)
	if err != nil {
		t.Fatal(err)
	}
	var basic experiments.Setting
	for _, s := range l.Experiment.Settings {
		if s.Name == "basic" {
			basic = s
		}
	}
	x := newExplainer(l, a, recording.SourcesOf(l.System.Parts()))
	recorded, err := recording.CampaignOf(l, l.System.Parts())
	if err != nil {
		t.Fatal(err)
	}
	explained := 0
	for i := 0; explained == 0 && i < 20; i += 2 { // even faults are failstop
		row := x.Unit(i, []experiments.Setting{basic})[0]
		if row.Plan.Kind != faults.Failstop || !row.Outcome.Unsurvived() {
			continue
		}
		explained++
		e, err := x.explain(&row, basic)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case !e.End.known() || e.End.Cause.Class != Failed:
			t.Errorf("%s (%s) has no cause", row.Run(), row.Reason)
		case e.Detection == nil || len(e.Detection.CPUs) != l.Experiment.Machine.CPUs || len(e.Detection.CPUs[e.Detection.CPU].Calls) < 2:
			t.Errorf("%s: no call chain at the detection: %+v", row.Run(), e.Detection)
		case !slices.ContainsFunc(e.Steps[:min(len(e.Steps), 2)], func(s Effect) bool { return s.Name == "microreboot" }): // behind what went on until then, if there was something
			t.Errorf("%s: steps %+v", row.Run(), e.Steps)
		}
		checkChain(t, e, &row, l.Golden.Position, row.EndPosition)
		r, err := recorded.Execute(t.Context(), i, basic)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Of(t.Context(), r, nil, campaign.Teller{})
		if err != nil {
			t.Fatal(err)
		}
		one, _ := json.Marshal(e)
		two, _ := json.Marshal(second)
		if !bytes.Equal(one, two) {
			t.Errorf("%s is explained in two ways:\n%s\n%s", row.Run(), one, two)
		}
	}
	if explained == 0 {
		t.Error("no run failed")
	}
}

// A lock that a thread held when it was discarded is found, with its holder and
// the place where it was taken.
func TestBlamesTheTakerOfALock(t *testing.T) {
	l := quickLab(t)
	a, err := testbed.AnatomyOf(l.System)
	if err != nil {
		t.Fatal(err)
	}
	m := l.System.Fork(l.Golden.Checkpoints[0].State)
	found := false
	m.Trace(func(e faults.TraceEntry) {
		if found || e.CPL != 0 {
			return
		}
		lock := m.Register(e.CPU, 0)
		for _, known := range a.Locks(m) {
			if known.Addr == lock {
				found = true
				chain := a.ChainOf(m, e.CPU)
				if p := takerOf(chain); p.Function == "" || inLock(p) || len(chain) < 3 {
					t.Errorf("lock %s is taken in %v", known.Name, chain)
				}
			}
		}
	}, a.LockEntry())
	for range 50 {
		if m.Run(faults.Until{Position: m.Position() + 5000}); found {
			break
		}
	}
	m.Trace(nil)
	if !found {
		t.Error("no known lock was taken")
	}
}

func TestExplanationText(t *testing.T) {
	e := Explanation{
		Run: "basic/7", Outcome: "component_lost (failure 2: panic: assertion)", Fault: "rip set from 0x10 to 0x0",
		At: Line{Function: "main.f", File: "vi/vmm/f.go", Line: 3, Source: "x++"}, Complete: true,
		Detection: &Detected{What: "panic: #PF page fault", CPU: 1, Position: 100, Time: 5000,
			Evidence:   []Fact{said("address 0x0")},
			CPUs:       []Chain{{0, "in a VM", nil}, {1, "in the VMM", []Line{{Function: "main.g.abi0", File: "a.s", Line: 1}, {PC: 16}}}},
			Violations: []inspect.Violation{{Kind: inspect.Locks, Place: "main.lk", Is: "held by CPU 1", Should: "free"}},
			Differs:    []testbed.Difference{{Structure: "main.heap", Words: 2, First: []string{"a = 1, golden 0", "b = 2, golden 0"}}}},
		Steps: []Effect{{Name: "microreboot", CPU: 1, Position: 120, Changes: Changes{Repaired: []inspect.Violation{{Kind: inspect.Locks, Place: "main.lk", Is: "held by CPU 1", Should: "free"}}}}},
		End:   End{Cause: ParseCause("spins"), Evidence: []Fact{said("CPU 0: it spins")}, Console: []string{"(d1) x"}},
	}
	var b bytes.Buffer
	if err := e.Text(&b); err != nil {
		t.Fatal(err)
	}
	const want = `basic/7: component_lost (failure 2: panic: assertion)

THE FAULT
  rip set from 0x10 to 0x0
  in main.f (vi/vmm/f.go:3)  x++

DETECTED at position 100, 5ns, on CPU 1
  panic: #PF page fault
  address 0x0
  CPU 0, in a VM:
  CPU 1, in the VMM:
    main.g (a.s:1)
    0x10, where no code is known
  1 violated invariant beyond those of the golden run at this position, which shares 0
    locks      main.lk is held by CPU 1, should be free
  2 other numbers in 1 structure than in the golden run
    main.heap             2  a = 1, golden 0; b = 2, golden 0

RECOVERY, step by step, until it is first complete: what holds again after it (+), what does not any more (-)
  microreboot        CPU 1 at 120: 1 repaired, 0 new, 0 left
      + locks      main.lk is held by CPU 1, should be free

LEFT when recovery was complete: 0 violated invariants

THE END
  cause: spins
  CPU 0: it spins
  the console ended with:
    (d1) x
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestNamesThatDifferBetweenRuns(t *testing.T) {
	for in, want := range map[string]string{
		"CPU 1 core.sched.lk": "CPU N core.sched.lk", "d2.pageLock": "domain.pageLock", "d1v0.virqLock": "vCPU.virqLock",
		"frame 123 (d1) count": "frame N (domain) count", "main.irqs[220].lk": "main.irqs[N].lk", "set is 0xf9": "set is N", "idle0.state": "idle.state",
	} {
		if got := alikeName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCausesAreRanked(t *testing.T) {
	var refs []store.FailedRun
	known := map[string]store.Cause{}
	for i, c := range []string{"a", "b", "b", "c", "b", "c"} {
		r := store.FailedRun{Setting: "full", Fault: "failstop", Index: i}
		refs = append(refs, r)
		known[r.Key()] = store.Cause{Setting: "full", Index: i, Text: c, Line: "line " + c}
	}
	c := rank(refs, known)
	if len(c.Groups) != 1 || c.Groups[0].Runs != 6 {
		t.Fatalf("%+v", c)
	}
	var got []string
	for _, r := range c.Groups[0].Causes {
		got = append(got, fmt.Sprintf("%s %d %.2f %s", r.Cause, r.Runs, r.Share, r.Example))
	}
	if strings.Join(got, ", ") != "b 3 0.50 full/1, c 2 0.33 full/3, a 1 0.17 full/0" {
		t.Error(got)
	}
}
