package testbed

import (
	"math/rand/v2"
	"slices"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/sim"
	"resvirt/vi/seam"
)

// controlled is the system of quick with options for the VMM's command line.
func controlled(t *testing.T, options string) *VI {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	e, _, err := experiments.Load("quick")
	if err != nil {
		t.Fatal(err)
	}
	e.VMM.Domains, e.VMM.Late = 1, 0
	built, err := Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	s := built.(*VI)
	s.options = options
	return s
}

// ended runs m to its end, at which the VMM must have no complaint.
func ended(t *testing.T, m faults.Machine) {
	t.Helper()
	if stop := m.Run(faults.Until{Time: m.Now() + sim.Second}); stop.Reason != faults.Exited || stop.Code != exitOK {
		t.Fatalf("%s; the console ends with:\n%s", campaign.Describe(stop), campaign.Tail(m.Serial()))
	}
}

// The golden run of four: an AppVM busy on each processor, and one made late,
// when no fault may strike any more.
func TestFourAppVMsAndALateOne(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	e, _, err := experiments.Load("four")
	if err != nil {
		t.Fatal(err)
	}
	sys, err := Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	g, err := campaign.RunGolden(sys, &e)
	if err != nil {
		t.Fatal(err)
	}
	roles := map[faults.Role]int{}
	for _, v := range Judge(g.Output, g.Output) {
		roles[v.Role]++
	}
	if roles[faults.ControlVM] != 1 || roles[""] != 4 || roles[faults.LateVM] != 1 {
		t.Errorf("%v", roles)
	}
	if g.Span.End <= g.Span.Start || g.Span.End >= g.Ended {
		t.Errorf("faults strike from %v to %v, the run ends at %v", g.Span.Start, g.Span.End, g.Ended)
	}
	if list := g.Facts.Warnings(); len(list) != 0 {
		t.Error(list)
	}
}

// Domains that are made and destroyed a thousand times leave nothing behind:
// the VMM counts its frames and checks all invariants at the end.
func TestThousandDomains(t *testing.T) {
	t.Parallel()
	m, err := controlled(t, "cycles=1000 ").Boot()
	if err != nil {
		t.Fatal(err)
	}
	ended(t, m)
}

// Domains leave nothing behind also if the VMM fails again and again meanwhile,
// with either way of recovery.
func TestDomainsUnderFailures(t *testing.T) {
	t.Parallel()
	s := controlled(t, "cycles=100 ")
	reset := slices.DeleteFunc(slices.Clone(s.Steps()), func(step string) bool { return step == "microreboot" })
	reboot := slices.DeleteFunc(slices.Clone(s.Steps()), func(step string) bool { return step == "microreset" })
	for _, policy := range []experiments.Setting{{Name: "microreset", Steps: reset}, {Name: "microreboot", Steps: reboot}} {
		t.Run(policy.Name, func(t *testing.T) { underFailures(t, s, policy) })
	}
}

func underFailures(t *testing.T, s *VI, policy experiments.Setting) {
	b, err := s.Boot()
	if err != nil {
		t.Fatal(err)
	}
	m := b.(*Hardware)
	for !slices.Contains(LinesByVM(m.Serial())[seam.ControlVM], seam.ControlStart) {
		m.Run(faults.Until{Time: m.Now() + 100*sim.Microsecond})
	}
	m.SetPolicy(experiments.MustPolicy(policy, s))
	r := rand.New(rand.NewPCG(1, 2))
	for k := range 30 {
		m.Run(faults.Until{Position: m.Position() + 20000 + r.Uint64N(50000)})
		for m.CPL(0) != 0 || m.Next() != 0 {
			m.Run(faults.Until{Position: m.Position() + 1})
		}
		failstop(t, nil, m, 0)
		limit := m.Now() + 10*sim.Millisecond
		for had := len(posts(m, seam.PostRecovered)); len(posts(m, seam.PostRecovered)) == had; {
			if stop := m.Run(faults.Until{Time: m.Now() + 10*sim.Microsecond}); stop.Reason != faults.Reached || m.Now() > limit {
				t.Fatalf("failure %d: %s; the console ends with:\n%s", k, campaign.Describe(stop), campaign.Tail(m.Serial()))
			}
		}
	}
	ended(t, m)
}
