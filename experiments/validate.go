package experiments

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"resvirt/faults"
)

// MostRuns bounds the runs of a campaign, those of all fault types and settings.
const MostRuns = 1_000_000_000

// bound is where the number behind a key must lie.
type bound struct {
	key      string
	v        int
	low, top int
}

// bounds are the bounds of all keys that have any.
func (e *Experiment) bounds() []bound {
	return []bound{
		{"runs", e.Runs, 1, MostRuns},
		{"machine.cpus", e.Machine.CPUs, 1, 8},
		{"machine.memory_mb", e.Machine.MemoryMB, 16, 65536},
		{"machine.quantum_ns", e.Machine.QuantumNS, 1, 1000},
		{"vmm.domains", e.VMM.Domains, 1, 16},
		{"vmm.late", e.VMM.Late, 0, 16},
		{"vmm.domain_mb", e.VMM.DomainMB, 4, 4096},
		{"vmm.domain_cpus", e.VMM.DomainCPUs, 0, e.Machine.CPUs},
		{"vmm.tick_us", e.VMM.TickUS, 1, 1_000_000},
		{"vmm.watchdog_us", e.VMM.WatchdogUS, 1, 1_000_000},
		{"program.exit", e.Program.Exit, 0, 127},
		{"faults.vm", e.Faults.VM, 0, e.VMM.Domains},
		{"faults.per_run", e.Faults.PerRun, 1, 100},
		{"workload.length", e.Workload.Length, 1, 1_000_000},
		{"workload.quantum_us", e.Workload.QuantumUS, 0, 1_000_000},
		{"workload.compute", e.Workload.Compute, 0, 1_000_000},
		{"io.blocks", e.IO.Blocks, 1, 10_000},
		{"io.requests", e.IO.Requests, 10, 1_000_000},
		{"io.period_us", e.IO.PeriodUS, 1, 1_000_000},
		{"deadline.detection_us", e.Deadline.DetectionUS, 1, 100_000_000},
		{"deadline.recovery_us", e.Deadline.RecoveryUS, 1, 100_000_000},
		{"golden.snapshots", e.Golden.Snapshots, 1, 10_000},
		{"golden.digests", e.Golden.Digests, e.Golden.Snapshots, 100_000},
		{"golden.misses", e.Golden.Misses, 0, 100_000},
	}
}

// text is the range as people read it. Two ranges depend on other keys.
func (b *bound) text() string {
	switch b.key {
	case "vmm.domain_cpus":
		return "0 to machine.cpus"
	case "faults.vm":
		return "0 to vmm.domains"
	case "golden.digests":
		return fmt.Sprintf("golden.snapshots to %d", b.top)
	}
	return fmt.Sprintf("%d to %d", b.low, b.top)
}

// Validate says what is wrong with an experiment, with the key that is wrong.
func (e *Experiment) Validate() error {
	for _, r := range e.bounds() {
		if r.v < r.low || r.v > r.top {
			return fmt.Errorf("%s = %d: it must lie between %d and %d", r.key, r.v, r.low, r.top)
		}
	}
	if !e.Bare() {
		if err := e.VMM.validate(e.Machine.MemoryMB); err != nil {
			return err
		}
	}
	if err := e.Workload.validate(); err != nil {
		return err
	}
	if err := e.Faults.validate(); err != nil {
		return err
	}
	if err := e.validateVM(); err != nil {
		return err
	}
	if err := validateWithout("vmm.without", e.VMM.Without); err != nil {
		return err
	}
	if e.Sweeps() {
		if err := e.Sweep.validate(e); err != nil {
			return err
		}
	}
	if e.Measures() {
		return e.Overhead.validate(e)
	}
	if err := validateSettings(e.Settings); err != nil {
		return err
	}
	if e.IO.Whole && !e.VMM.Control {
		return errors.New("io.whole = true: services and devices belong to a control domain: set vmm.control = true")
	}
	if err := e.validateProgram(); err != nil {
		return err
	}
	return e.validatePublished()
}

// ControlMB is the memory of the control domain, controlDomainMB the most that
// it can give to an AppVM.
const (
	ControlMB       = 6
	controlDomainMB = 64
)

// IOMB is the memory of what the whole infrastructure adds: a larger control domain, the
// driver domain, three AppVMs.
const IOMB = 16 + 8 + 3*8

func (v *VMM) validate(memoryMB int) error {
	vms, what := v.Domains*v.DomainMB, "vmm.domains × vmm.domain_mb"
	if v.Control {
		vms, what = (v.Domains+v.Late)*v.DomainMB+ControlMB, fmt.Sprintf("(vmm.domains + vmm.late) × vmm.domain_mb + %d for the control domain", ControlMB)
	}
	if vms+16 > memoryMB {
		return fmt.Errorf("%s = %d MB leaves less than 16 MB of machine.memory_mb = %d for the VMM", what, vms, memoryMB)
	}
	if v.Late != 0 && !v.Control {
		return fmt.Errorf("vmm.late = %d: only a control domain can make AppVMs late: set vmm.control = true", v.Late)
	}
	if v.Control && v.DomainMB > controlDomainMB {
		return fmt.Errorf("vmm.domain_mb = %d: with a control domain it must be at most %d", v.DomainMB, controlDomainMB)
	}
	return nil
}

func (f *Faults) validate() error {
	if err := f.validateTarget(); err != nil {
		return err
	}
	if len(f.Types) == 0 {
		return fmt.Errorf("faults.types is empty: name one or more of %s", strings.Join(faults.KindNames(), ", "))
	}
	for _, name := range f.Types {
		if _, err := faults.ParseKind(name); err != nil {
			return fmt.Errorf("faults.types: %w", err)
		}
	}
	if len(f.Window) != 2 || f.Window[0] >= f.Window[1] || f.Window[1] > 100 {
		return fmt.Errorf("faults.window = %v: it must be two percentages in rising order, like [10, 90]", f.Window)
	}
	if f.Instructions > 1<<32 {
		return fmt.Errorf("faults.instructions = %d: it must be at most %d", f.Instructions, uint64(1)<<32)
	}
	return nil
}

func validateSettings(settings []Setting) error {
	if len(settings) == 0 {
		return fmt.Errorf("there is no [[setting]]: a campaign needs at least one")
	}
	seen := map[string]bool{}
	for i, s := range settings {
		if s.Name == "" {
			return fmt.Errorf("setting %d has no name", i+1)
		}
		if seen[s.Name] {
			return fmt.Errorf("setting %q stands there twice", s.Name)
		}
		seen[s.Name] = true
	}
	return resolveSettings(settings)
}

// Kinds are the fault types, each once, in the order in which they first stand.
func (f *Faults) Kinds() []string {
	var list []string
	for _, name := range f.Types {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// Model is the experiment's fault model as package faults takes it.
func (e *Experiment) Model() faults.Model {
	m := faults.Model{From: e.Faults.Window[0] * 10, To: e.Faults.Window[1] * 10, Instructions: e.Faults.Instructions, PerRun: e.Faults.PerRun}
	for _, name := range e.Faults.Types {
		k, err := faults.ParseKind(name)
		if err != nil {
			panic("BUG: unvalidated experiment: " + err.Error())
		}
		m.Kinds = append(m.Kinds, k)
	}
	return m
}
