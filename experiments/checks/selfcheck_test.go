package checks_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/checks"
	"resvirt/faults"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
	"resvirt/sim"
)

func TestSelfcheck(t *testing.T) {
	n := 0
	err := checks.Selfcheck(context.Background(), toyrun.Experiment(), toy.System{Version: "1"}, checks.Options{Runs: 10, Faults: 5, Dir: t.TempDir(), Told: func(c checks.Check) {
		n++
		if c.Err != nil {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	}})
	if err != nil || n != 8 {
		t.Errorf("%d checks: %v", n, err)
	}
}

// flawed is a machine with a defect that one of the checks must find.
type flawed struct {
	checks.Disturbable
	flaw     string
	restored int
}

func (f *flawed) Snapshot() faults.Snapshot { return f.Disturbable.Snapshot() }

// Restore forgets a register from the second time on, with the flaw "restore".
func (f *flawed) Restore(s faults.Snapshot) {
	f.Disturbable.Restore(s)
	if f.restored++; f.flaw == "restore" && f.restored > 1 {
		f.Disturbable.SetRegister(0, 7, 1)
	}
}

// SetRegister misses every other register, with the flaw "inject".
func (f *flawed) SetRegister(cpu int, r faults.Register, v uint64) {
	if f.flaw == "inject" && r%2 == 1 {
		return
	}
	f.Disturbable.SetRegister(cpu, r, v)
}

// Stall costs not only time, with the flaw "stall".
func (f *flawed) Stall(cpu int, t sim.Time) {
	f.Disturbable.Stall(cpu, t)
	if f.flaw == "stall" {
		f.Disturbable.SetRegister(cpu, 0, 1)
	}
}

type flawedSystem struct {
	toy.System
	flaw string
}

func (s flawedSystem) Boot() (faults.Machine, error) {
	m, err := s.System.Boot()
	return &flawed{Disturbable: m.(checks.Disturbable), flaw: s.flaw}, err
}

func (s flawedSystem) Fork(p faults.Snapshot) faults.Machine {
	return &flawed{Disturbable: s.System.Fork(p).(checks.Disturbable), flaw: s.flaw}
}

func (s flawedSystem) Facts(m faults.Machine) experiments.Counters {
	return s.System.Facts(m.(*flawed).Disturbable)
}

func TestSelfcheckFindsDefects(t *testing.T) {
	for flaw, want := range map[string]string{
		"restore": ": ", // which check meets it first depends on how workers shared the runs
		"inject":  "the machine has",
		"stall":   "timing: stalls",
	} {
		var failed []string
		err := checks.Selfcheck(context.Background(), toyrun.Experiment(), flawedSystem{toy.System{Version: "1"}, flaw}, checks.Options{Runs: 10, Faults: 40, Dir: t.TempDir(), Told: func(c checks.Check) {
			if c.Err != nil {
				failed = append(failed, fmt.Sprintf("%s: %v", c.Name, c.Err))
			}
		}})
		if err == nil || !strings.Contains(strings.Join(failed, "\n"), want) {
			t.Errorf("a machine whose %s is wrong: %v, %q", flaw, err, failed)
		}
	}
}
