package testbed

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/hw/cpu"
	"resvirt/vi/inspect"
	"resvirt/vi/seam"
)

// attacked is a run of a hostile system.
type attacked struct {
	*testing.T
	s       *VI
	m       *Hardware
	a       *Anatomy
	name    string // of the seed and the setting
	every   uint64 // instructions between two failstops, on average; 0: none
	r       *rand.Rand
	next    uint64 // position at which the hypervisor is to fail next
	looked  uint64 // position at which address spaces are checked next
	counted uint64 // ... and frames

	met      faults.Stop // event that happened while it was stepped by single instructions
	struck   uint64      // position of a failure that was made and is not detected yet, or 0
	detected uint64      // position of the last detection
	due      int         // number of recoveries that there must be
}

// interrupts is how many interrupts of devices there were, as the VMM counts them since its
// last microreboot.
func (h *attacked) interrupts() (n uint64) {
	irqs, err := h.a.view.Var("main.irqs", h.a.Machine(h.m).Memory)
	for i := 0; err == nil && i < 32; i++ {
		var v inspect.Value
		if v, err = irqs.Index(deviceVector + i); err == nil {
			if v, err = v.Field("count"); err == nil {
				c, e := v.Uint()
				n, err = n+c, e
			}
		}
	}
	if err != nil {
		h.Fatal(err)
	}
	return n
}

// deviceVector is the first vector of devices, as an index of main.irqs.
const deviceVector = 0x30 - 0x20

// attack lets hostile domains do what they like. The hypervisor must not fail,
// except for verdicts that the setting lets it doubt and, if every is not 0, by
// a failstop after so many instructions on average. The witness must find
// nothing wrong.
func attack(t *testing.T, sys *VI, seed uint64, policy experiments.Setting, every uint64, options ...string) (says string) {
	t.Helper()
	_, says = attacking(t, sys, seed, policy, every, options...)
	return says
}

func attacking(t *testing.T, sys *VI, seed uint64, policy experiments.Setting, every uint64, options ...string) (h *attacked, says string) {
	t.Helper()
	s := *sys
	s.exp.Workload.Name = fmt.Sprintf("none %s seed=%d rounds=%d", strings.Join(options, " "), seed, hostileRounds)
	b, err := s.Boot()
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.anatomy()
	if err != nil {
		t.Fatal(err)
	}
	h = &attacked{T: t, s: &s, m: b.(*Hardware), a: a, name: fmt.Sprintf("seed %d, %s", seed, policy.Name), every: every, r: rand.New(rand.NewPCG(seed, 3))}
	h.m.SetPolicy(experiments.MustPolicy(policy, &s))
	boot := hostileBoot * uint64(h.m.CPUs())
	h.next, h.looked, h.counted = hostileEnd, hostileBoot, boot
	if every > 0 {
		h.next = boot + h.r.Uint64N(every)
	}
	for {
		switch stop := h.step(); {
		case stop.Reason == faults.Watched:
			h.failed(stop.CPU)
		case stop.Reason != faults.Reached || h.m.Position() >= hostileEnd:
			return h, h.end(stop)
		case h.m.Position() >= h.looked:
			h.look()
		case h.due > h.recoveries():
			h.next = h.m.Position() + hostileRecovery // one failure at a time
		default:
			h.fail()
		}
	}
}

// step runs up to the next thing to do.
func (h *attacked) step() faults.Stop {
	stop := h.met
	if h.met = (faults.Stop{}); stop.Reason != faults.Reached {
		return stop
	}
	return h.m.Run(faults.Until{Position: min(h.next, h.looked, hostileEnd), Watched: true})
}

// recoveries is the number of recoveries that have ended.
func (h *attacked) recoveries() int { return len(posts(h.m, seam.PostRecovered)) }

// look checks that guests can reach only what they may.
func (h *attacked) look() {
	h.looked += hostileLook
	bad := roots(h.a, h.m)
	if h.m.Position() >= h.counted {
		h.counted = h.m.Position() + hostileCount
		var quiet bool
		if quiet, h.met = between(h.m); quiet {
			bad = append(bad, frames(h.a, h.m)...)
		}
	}
	for _, v := range bad {
		h.Errorf("%s: at %d %s%s", h.name, h.m.Position(), v, doing(h.T, h.s, h.m))
	}
}

// fail makes a processor fail.
func (h *attacked) fail() {
	h.next = h.m.Position() + h.every/2 + h.r.Uint64N(h.every)
	if h.struck > h.detected {
		h.Errorf("%s: the failure made at %d was not detected", h.name, h.struck)
	}
	struck := false
	if struck, h.met = strike(h.T, h.m); struck {
		h.struck = h.m.Position()
	}
}

// failed is called for each detection.
func (h *attacked) failed(id int) {
	cause := h.s.target.Cause(h.m, id)
	made := cause.PC == 0 && h.struck > 0
	if made {
		h.struck = 0
	}
	if at := h.s.target.Locate(cause.PC - 1); at.Source() != "main.disbelieve" && !made {
		h.Errorf("%s: the hypervisor failed at %d: %s in %s%s", h.name, h.m.Position(), cause.What, at.Function, doing(h.T, h.s, h.m))
	}
	h.due, h.detected = h.recoveries()+1, h.m.Position() // failures of two processors at once make one recovery
}

// end judges the run when it has ended.
func (h *attacked) end(stop faults.Stop) string {
	says := string(h.m.Serial())
	if stop.Reason != faults.Reached && (stop.Reason != faults.Exited || stop.Code != exitOK) ||
		strings.Count(says, seam.WitnessOK) != 1 || strings.Contains(says, seam.Error) {
		h.Errorf("%s: %s at %d, %v;%s\nthe console says:\n%s", h.name, campaign.Describe(stop), h.m.Position(), h.m.Now(), doing(h.T, h.s, h.m), says)
	}
	if h.recoveries() < h.due && h.m.Position() > h.detected+hostileRound {
		h.Errorf("%s: no recovery from the failure at %d; there were %d", h.name, h.detected, h.recoveries())
	}
	return says
}

// strike makes the next processor fail, if it soon executes the hypervisor and
// nothing else happens before; else stop says what happened.
func strike(t *testing.T, m *Hardware) (struck bool, stop faults.Stop) {
	for range 20_000 {
		if cpu := m.Next(); m.CPL(cpu) == 0 {
			failstop(t, nil, m, cpu)
			return true, stop
		}
		if stop = m.Run(faults.Until{Position: m.Position() + 1, Watched: true}); stop.Reason != faults.Reached {
			break
		}
	}
	return false, stop
}

// roots lists the processors on which a guest runs in an address space that is not
// its vCPU's.
func roots(a *Anatomy, m *Hardware) []inspect.Violation { return a.Checker.CheckRoots(a.Machine(m)) }

// between runs until no processor executes the hypervisor, if that is soon and
// nothing else happens before; else stop says what happened.
func between(m *Hardware) (quiet bool, stop faults.Stop) {
	for range 2_000 {
		busy := false
		for i := range m.CPUs() {
			busy = busy || m.CPL(i) != 3 && m.CPU(i).Activity != cpu.Halted
		}
		if !busy {
			return true, stop
		}
		if stop = m.Run(faults.Until{Position: m.Position() + 1, Watched: true}); stop.Reason != faults.Reached {
			break
		}
	}
	return false, stop
}

// frames lists the frames whose counts differ from their uses by page tables and
// grants.
func frames(a *Anatomy, m *Hardware) (list []inspect.Violation) {
	for _, v := range a.Check(m) {
		if v.Kind == inspect.Frames || v.Kind == inspect.Domains {
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
