package testbed

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/hw/cpu"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
	"resvirt/vi/seam"
)

// The domains of a hostile system: two vCPUs each that run and two that can be brought
// up, on two processors. The first is the witness (vi/hostile), the others do what they like.
const (
	hostileRounds = 3000
	hostileEnd    = 800_000_000 // instructions; domains that hang do not end
	hostileBoot   = 8_000_000   // ... for each processor, and all have begun
	hostileEvery  = 4_000_000   // ... between two failures

	hostileLook     = 100_000   // ... between two looks at the address spaces that guests run in
	hostileCount    = 4_000_000 // ... until all frames are counted again
	hostileRecovery = 100_000   // ... until it is worth looking whether a recovery has ended
	hostileRound    = 8_000_000 // ... and until it must have
)

// hostileSystem is the hypervisor under hostile domains, on two processors.
func hostileSystem(t testing.TB) *VI { return hostileSystemOf(t, 2) }

func hostileSystemOf(t testing.TB, cpus int) *VI {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	e, _, err := experiments.Load("final")
	if err != nil {
		t.Fatal(err)
	}
	e.Machine.CPUs = cpus
	e.VMM = experiments.VMM{Domains: 3, DomainMB: 8, TickUS: 10, WatchdogUS: 150}
	built, err := Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	s := built.(*VI)
	s.options = "vcpus=4 "
	if s.images["appvm"], err = image.BuildGuest(root, "./vi/hostile", ""); err != nil {
		t.Fatal(err)
	}
	return s
}

// attack lets domains do what they like. The hypervisor must not fail, but for
// verdicts that a setting lets it doubt and, if every is not 0, by a failstop
// after so many instructions on average; the witness must be content.
func attack(t *testing.T, sys *VI, seed uint64, policy experiments.Setting, every uint64, options ...string) (says string) {
	t.Helper()
	s := *sys
	s.exp.Workload.Name = fmt.Sprintf("none %s seed=%d rounds=%d", strings.Join(options, " "), seed, hostileRounds)
	b, err := s.Boot()
	if err != nil {
		t.Fatal(err)
	}
	m := b.(*Hardware)
	m.SetPolicy(experiments.MustPolicy(policy, &s))
	r := rand.New(rand.NewPCG(seed, 3))
	next := uint64(hostileEnd)
	if every > 0 {
		next = hostileBoot*uint64(m.CPUs()) + r.Uint64N(every)
	}
	struck, due, detected, struckAt := false, 0, uint64(0), uint64(0) // recoveries that there must be, and for what
	looked, counted := uint64(hostileBoot), uint64(hostileBoot)*uint64(m.CPUs())
	a, err := s.anatomy()
	if err != nil {
		t.Fatal(err)
	}
	for {
		stop := m.Run(faults.Until{Position: min(next, looked, hostileEnd), Watched: true})
		switch {
		case stop.Reason == faults.Reached && m.Position() >= looked && m.Position() < hostileEnd:
			looked += hostileLook
			bad := roots(a, m)
			if m.Position() >= counted {
				if counted = m.Position() + hostileCount; between(m) {
					bad = append(bad, frames(a, m)...)
				}
			}
			for _, v := range bad {
				t.Errorf("seed %d, %s: at %d %s%s", seed, policy.Name, m.Position(), v, doing(t, &s, m))
			}
			continue
		case stop.Reason == faults.Reached && m.Position() < hostileEnd && due > len(posts(m, seam.PostRecovered)):
			next = m.Position() + hostileRecovery // one failure at a time
			continue
		case stop.Reason == faults.Reached && m.Position() < hostileEnd:
			next = m.Position() + every/2 + r.Uint64N(every)
			if struck && detected < struckAt {
				t.Errorf("seed %d, %s: the failure made at %d was not detected", seed, policy.Name, struckAt)
			}
			struckAt, struck = m.Position(), strike(t, m)
			continue
		case stop.Reason == faults.Watched:
			// Failures of two processors at once are one recovery's.
			due, detected = len(posts(m, seam.PostRecovered))+1, m.Position()
			cause := s.target.Cause(m, stop.CPU)
			if at := s.target.Locate(cause.PC - 1); at.Function != "main.disbelieve" && !(struck && cause.PC == 0) {
				t.Errorf("seed %d, %s: the hypervisor failed at %d: %s in %s%s", seed, policy.Name, m.Position(), cause.What, at.Function, doing(t, &s, m))
			}
			continue
		}
		says = string(m.Serial())
		if stop.Reason != faults.Reached && (stop.Reason != faults.Exited || stop.Code != exitOK) ||
			strings.Count(says, seam.WitnessOK) != 1 || strings.Contains(says, seam.Error) {
			t.Errorf("seed %d, %s: %s at %d, %v;%s\nthe console says:\n%s", seed, policy.Name, campaign.Describe(stop), m.Position(), m.Now(), doing(t, &s, m), says)
		}
		if n := len(posts(m, seam.PostRecovered)); n < due && m.Position() > detected+hostileRound {
			t.Errorf("seed %d, %s: no recovery from the failure at %d; there were %d", seed, policy.Name, detected, n)
		}
		return says
	}
}

// strike makes the processor that is next fail, if it comes to execute the hypervisor soon.
func strike(t *testing.T, m *Hardware) bool {
	for range 20_000 {
		if cpu := m.Next(); m.CPL(cpu) == 0 {
			failstop(t, nil, m, cpu)
			return true
		}
		m.Run(faults.Until{Position: m.Position() + 1})
	}
	return false
}

// roots lists the processors on which a guest runs in an address space that is not
// its vCPU's.
func roots(a *Anatomy, m *Hardware) []inspect.Violation { return a.Checker.CheckRoots(a.Machine(m)) }

// between goes on until no processor executes the hypervisor, if that is soon.
func between(m *Hardware) bool {
	for range 2_000 {
		busy := false
		for i := range m.CPUs() {
			busy = busy || m.CPL(i) != 3 && m.CPU(i).Activity != cpu.Halted
		}
		if !busy {
			return true
		}
		if m.Run(faults.Until{Position: m.Position() + 1}).Reason != faults.Reached {
			return false
		}
	}
	return false
}

// frames lists the frames that are not counted as page tables and grants use them.
func frames(a *Anatomy, m *Hardware) (list []inspect.Violation) {
	for _, v := range a.Check(m) {
		if v.Kind == "frames" || v.Kind == "domains" {
			list = append(list, v)
		}
	}
	return list
}

// doing says what all processors do.
func doing(t *testing.T, s *VI, m *Hardware) string {
	t.Helper()
	a, err := s.anatomy()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for cpu := range m.CPUs() {
		fmt.Fprintf(&b, "\nCPU %d:", cpu)
		for _, f := range a.ChainOf(m, cpu) {
			fmt.Fprintf(&b, " %s:%d", f.Place.Function, f.Place.Line)
		}
	}
	return b.String()
}

// hostileSettings are those under which the hypervisor is attacked: one that
// does not recover, and ours, where refusals are failures and recovery meets
// what hostile guests have left behind.
func hostileSettings(s *VI) []experiments.Setting {
	return []experiments.Setting{{Name: "none"}, s.exp.Settings[2]}
}

// hostileSeeds is how many worlds each test tries; hours of them are for hands:
// go test ./experiments/testbed -run Hostile -timeout 0 -hostile 10000
var hostileSeeds = flag.Uint64("hostile", 3, "seeds of the tests with hostile domains")

func TestHostileDomains(t *testing.T) {
	s := hostileSystem(t)
	for seed := range *hostileSeeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			for _, policy := range hostileSettings(s) {
				attack(t, s, seed, policy, 0)
			}
		})
	}
}

// Nor must recovery mind what hostile guests were doing.
func TestFailuresUnderHostileDomains(t *testing.T) {
	s := hostileSystem(t)
	for seed := range *hostileSeeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			attack(t, s, seed, hostileSettings(s)[1], hostileEvery)
		})
	}
}
