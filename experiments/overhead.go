package experiments

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"resvirt/faults"
	"resvirt/sim"
	"resvirt/vi/seam"
)

// OverheadReport is what mechanisms cost in runs without faults.
type OverheadReport struct {
	Experiment string        `json:"experiment"`
	Runs       []OverheadRun `json:"runs"`
	Reserved   []Reserved    `json:"reserved"`
}

// OverheadRun is the golden runs of one variant, one for each layout, from the
// moment when all VMs have begun their workload until the last one has printed
// its last line. Numbers are means of the runs, those of the VMM's cycles are the
// first one's.
type OverheadRun struct {
	Compute         int      `json:"compute"`
	Variant         string   `json:"variant"`
	Cycles          uint64   `json:"cycles"` // unhalted, of all CPUs
	VMMCycles       uint64   `json:"vmm_cycles"`
	Instructions    uint64   `json:"instructions"`
	VMMInstructions uint64   `json:"vmm_instructions"`
	Time            sim.Time `json:"time_ps"`
	Busy            float64  `json:"busy"` // unhalted of all cycles

	// What the mechanisms cost that this variant lacks, in percent of its cycles,
	// and the same of the layouts where it is least and most; null for the variant
	// that has all.
	Overhead    *float64 `json:"overhead_percent"`
	VMMOverhead *float64 `json:"vmm_overhead_percent"`
	Least       *float64 `json:"overhead_percent_least"`
	Most        *float64 `json:"overhead_percent_most"`
}

// measures tells whether the experiment measures overhead instead of injecting faults.
func (e *Experiment) measures() bool { return len(e.Overhead.Compute) > 0 }

// Measures is measures for the command line.
func (e *Experiment) Measures() bool { return e.measures() }

func (o *Overhead) validate(e *Experiment) error {
	for i, c := range o.Compute {
		if c < 0 || c > 1_000_000 {
			return fmt.Errorf("overhead.compute: %d: it must lie between 0 and 1000000", c)
		}
		if slices.Contains(o.Compute[:i], c) {
			return fmt.Errorf("overhead.compute: %d stands there twice", c)
		}
	}
	if len(o.Variants) < 2 || o.Variants[0] != withAll {
		return fmt.Errorf("overhead.variants = %q: it must be %q and then what that is compared with: %q, or the mechanism left out, of %s",
			o.Variants, withAll, withNone, strings.Join(mechanismNames(), ", "))
	}
	if o.Layouts < 1 || o.Layouts > maxLayouts {
		return fmt.Errorf("overhead.layouts: %d: it must lie between 1 and %d", o.Layouts, maxLayouts)
	}
	var without []string
	for i, v := range o.Variants[1:] {
		if v != withNone {
			without = append(without, v)
		} else if slices.Contains(o.Variants[1:1+i], v) {
			return fmt.Errorf("overhead.variants: %q stands there twice", v)
		}
	}
	if len(e.Settings) > 0 || len(e.VMM.Without) > 0 || e.Sweeps() {
		return fmt.Errorf("overhead: an experiment that measures overhead has no [[setting]], vmm.without or [sweep]")
	}
	if e.VMM.Domains != e.Machine.CPUs {
		return fmt.Errorf("overhead: vmm.domains = %d: it must be machine.cpus = %d, so that every processor is busy", e.VMM.Domains, e.Machine.CPUs)
	}
	return validateWithout("overhead.variants", without)
}

// Layouts lie evenly in as many pages as the TLB has places.
const (
	maxLayouts  = 64
	layoutPages = 512
)

// variant is the experiment of one run.
func (e *Experiment) variant(compute int, name string, layout int) Experiment {
	v := *e
	v.Workload.Compute = compute
	v.VMM.spacer = layout * layoutPages / e.Overhead.Layouts
	switch name {
	case withAll:
	case withNone:
		v.VMM.Without = mechanismNames()
	default:
		v.VMM.Without = []string{name}
	}
	return v
}

// MeasureOverhead runs every variant on every workload in every layout, as many
// at a time as there are cores; build makes a variant's system.
func MeasureOverhead(ctx context.Context, e Experiment, build func(Experiment, func(string)) (System, error), say func(string)) (*OverheadReport, error) {
	r := &OverheadReport{Experiment: e.Name}
	var err error
	if r.Reserved, err = reservedBy(e, build, say); err != nil {
		return nil, err
	}
	o := &e.Overhead
	list := make([]layoutRun, len(o.Compute)*len(o.Variants)*o.Layouts)
	for i := range list {
		list[i].at = overheadAt{o.Compute[i/(len(o.Variants)*o.Layouts)], o.Variants[i/o.Layouts%len(o.Variants)], i % o.Layouts}
	}
	var saying sync.Mutex
	done := 0
	err = forEach(workersFor(e.Machine.MemoryMB), len(list), func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := list[i].at
		sys, err := build(e.variant(at.compute, at.variant, at.layout), func(string) {})
		if err == nil {
			list[i].run, list[i].console, err = measure(sys, at.layout == 0)
		}
		if err != nil {
			return fmt.Errorf("overhead, compute %d, variant %s, layout %d: %w", at.compute, at.variant, at.layout, err)
		}
		saying.Lock()
		defer saying.Unlock()
		done++
		say(fmt.Sprintf("golden run %d of %d: compute %d, %s", done, len(list), at.compute, at.variant))
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := list[:o.Layouts]
	for ; len(list) > 0; list = list[o.Layouts:] {
		if list[0].at.variant == withAll {
			all = list[:o.Layouts]
		}
		run, err := summarize(all, list[:o.Layouts])
		if err != nil {
			return nil, err
		}
		r.Runs = append(r.Runs, run)
	}
	return r, nil
}

// reservedBy is what the mechanisms of the variant that has all reserve.
func reservedBy(e Experiment, build func(Experiment, func(string)) (System, error), say func(string)) ([]Reserved, error) {
	sys, err := build(e.variant(e.Overhead.Compute[0], withAll, 0), say)
	if err != nil {
		return nil, err
	}
	if s, ok := sys.(*system); ok {
		return s.reserved()
	}
	return nil, nil
}

// against computes what all mechanisms, in the run of them all, cost more.
func (r *OverheadRun) against(all *OverheadRun) {
	more := 100 * (float64(all.Cycles) - float64(r.Cycles))
	ofAll, ofVMM := more/float64(r.Cycles), more/float64(max(r.VMMCycles, 1))
	r.Overhead, r.VMMOverhead = &ofAll, &ofVMM
}

// sameLines compares what VMs printed, which depends neither on time nor on mechanisms.
func sameLines(want, got []byte) error {
	for _, v := range judge(want, got) {
		if v.Wrong || !v.Complete {
			return fmt.Errorf("%s printed something else than with all mechanisms: %s", v.VM, v.Detail)
		}
	}
	return nil
}

// cycleCounter is a machine that counts cycles in which CPUs are not halted.
type cycleCounter interface {
	Unhalted(cpu int) uint64
	CPUs() int
}

// meter books cycles by the privilege level of the instruction that took them.
type meter struct {
	m     cycleCounter
	last  []uint64 // of each CPU, when it was looked at
	level []uint8  // of each CPU, since then
	at    [4]uint64
}

func newMeter(m cycleCounter, level func(cpu int) uint8) *meter {
	t := &meter{m: m}
	for i := range m.CPUs() {
		t.last, t.level = append(t.last, m.Unhalted(i)), append(t.level, level(i))
	}
	return t
}

func (t *meter) look(cpu int, level uint8) {
	now := t.m.Unhalted(cpu)
	t.at[t.level[cpu]&3] += now - t.last[cpu]
	t.last[cpu], t.level[cpu] = now, level
}

const consoleStep = sim.Microsecond // how often the console is looked at

// measure runs a system's workload once. Telling the VMM's cycles from the guests'
// means to look at each instruction, which takes ten times as long.
func measure(sys System, told bool) (OverheadRun, []byte, error) {
	m, err := sys.Boot()
	if err != nil {
		return OverheadRun{}, nil, err
	}
	counter, ok := m.(cycleCounter)
	if !ok {
		return OverheadRun{}, nil, fmt.Errorf("the machine of this system does not count cycles")
	}
	if err := boot(m, sys); err != nil {
		return OverheadRun{}, nil, err
	}
	begin, position, before := m.Now(), m.Position(), sys.Facts(m)
	t := newMeter(counter, m.CPL)
	if told {
		m.Trace(func(e faults.TraceEntry) { t.look(e.CPU, e.CPL) })
	}
	seen := -1
	for !endedAll(m.Serial(), counter.CPUs(), &seen) {
		stop := m.Run(faults.Until{Time: m.Now() + consoleStep, Watched: true})
		if stop.Reason != faults.Reached || m.Now()-begin > runLimit {
			return OverheadRun{}, nil, fmt.Errorf("the run did not come to its end: %s; the console ends with:\n%s", describe(stop), tail(m.Serial()))
		}
	}
	m.Trace(nil)
	for i := range counter.CPUs() {
		t.look(i, m.CPL(i))
	}
	r := OverheadRun{
		Instructions:    m.Position() - position,
		VMMInstructions: sys.Facts(m).minus(before).Ring0, Time: m.Now() - begin,
	}
	for _, n := range t.at {
		r.Cycles += n
	}
	if told {
		r.VMMCycles = t.at[0]
	}
	r.Busy = float64(r.Cycles) / (float64(r.Time) / 1e12 * cyclesPerSecond(sys) * float64(counter.CPUs()))
	return r, bytes.Clone(m.Serial()), nil
}

// cyclesPerSecond is the rate of the time stamp counter.
func cyclesPerSecond(sys System) float64 {
	if s, ok := sys.(*system); ok {
		return float64(sim.Second / s.spec.Models.TSCPeriod)
	}
	return 1e9
}

// endedAll tells whether so many VMs printed their last line. seen is the length
// of the console's output that is known not to have it.
func endedAll(serial []byte, vms int, seen *int) bool {
	if len(serial) == *seen {
		return false
	}
	*seen = len(serial)
	n := 0
	for _, lines := range linesByVM(serial) {
		if slices.Contains(lines, seam.ProbePassed) {
			n++
		}
	}
	return n >= vms
}
