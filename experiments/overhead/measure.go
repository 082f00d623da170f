package overhead

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/sim"
	"resvirt/vi/seam"
)

// Report holds the cost of mechanisms in runs without faults.
type Report struct {
	Experiment string             `json:"experiment"`
	Runs       []Run              `json:"runs"`
	Reserved   []testbed.Reserved `json:"reserved"`
}

// Run is the golden runs of one variant, one for each layout, from the moment
// when all VMs have begun their workload until the last one has printed its last
// line. Numbers are means of the runs, except the VMM's cycles, which are the
// first run's.
type Run struct {
	Compute         int      `json:"compute"`
	Campaign        bool     `json:"campaign_clock"` // as in campaigns that measure rates
	Variant         string   `json:"variant"`
	Cycles          uint64   `json:"cycles"` // unhalted, of all CPUs
	VMMCycles       uint64   `json:"vmm_cycles"`
	Instructions    uint64   `json:"instructions"`
	VMMInstructions uint64   `json:"vmm_instructions"`
	Time            sim.Time `json:"time_ps"`
	Busy            float64  `json:"busy"` // unhalted of all cycles

	// The cost of the mechanisms that this variant lacks, in percent of its
	// cycles, as the mean and in the layouts with the least and the largest cost;
	// null for the variant that has all.
	Overhead    *float64 `json:"overhead_percent"`
	VMMOverhead *float64 `json:"vmm_overhead_percent"`
	Least       *float64 `json:"overhead_percent_least"`
	Most        *float64 `json:"overhead_percent_most"`
}

// Measure runs every variant on every workload in every layout, as many at a time as
// there are cores; build makes a variant's system. Results are kept in dir until all are
// measured: when ctx ends, the same measurement goes on from there.
func Measure(ctx context.Context, e experiments.Experiment, build Build, dir string, t campaign.Teller) (*Report, error) {
	j, err := campaign.OpenJournal(dir, "overhead", e.Name)
	if err != nil {
		return nil, fmt.Errorf("overhead: %w", err)
	}
	r, err := measure(ctx, e, build, j, t)
	if cerr := j.Close(err == nil); err == nil {
		err = cerr
	}
	return r, err
}

// Build makes the system of an experiment.
type Build func(e experiments.Experiment, say func(string)) (experiments.System, error)

func measure(ctx context.Context, e experiments.Experiment, build Build, j *campaign.Journal, t campaign.Teller) (*Report, error) {
	r := &Report{Experiment: e.Name}
	var err error
	if r.Reserved, err = reservedBy(e, build, t); err != nil {
		return nil, err
	}
	o := &e.Overhead
	loads := o.Loads()
	list := make([]layoutRun, len(loads)*len(o.Variants)*o.Layouts)
	for i := range list {
		list[i].at = place{loads[i/(len(o.Variants)*o.Layouts)], o.Variants[i/o.Layouts%len(o.Variants)], i % o.Layouts}
	}
	meter := t.Begin("golden runs", "golden runs", 0, len(list))
	err = campaign.ForEach(ctx, campaign.WorkersFor(e.Machine.MemoryMB), len(list), func(i int) error {
		at := list[i].at
		v := e.Variant(at.load, at.variant, at.layout)
		sys, err := build(v, func(string) {})
		if err == nil {
			err = list[i].measure(&v, sys, j)
		}
		if err != nil {
			return fmt.Errorf("overhead, %v, variant %s, layout %d: %w", at.load, at.variant, at.layout, err)
		}
		meter.Add(1)
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := list[:o.Layouts]
	for ; len(list) > 0; list = list[o.Layouts:] {
		if list[0].at.variant == experiments.WithAll {
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

// reservedBy lists what each mechanism occupies, in the variant that has all.
func reservedBy(e experiments.Experiment, build Build, t campaign.Teller) ([]testbed.Reserved, error) {
	say := func(what string) { t.Begin(what, "", 0, 0) }
	sys, err := build(e.Variant(experiments.OverheadLoad{Compute: e.Overhead.Compute[0]}, experiments.WithAll, 0), say)
	if err != nil {
		return nil, err
	}
	if s, ok := sys.(*testbed.VI); ok {
		return s.Reserved()
	}
	return nil, nil
}

// against computes how much more the run with all mechanisms costs.
func (r *Run) against(all *Run) {
	more := 100 * (float64(all.Cycles) - float64(r.Cycles))
	ofAll, ofVMM := more/float64(r.Cycles), more/float64(max(r.VMMCycles, 1))
	r.Overhead, r.VMMOverhead = &ofAll, &ofVMM
}

// sameLines compares what VMs printed, which depends neither on time nor on mechanisms.
func sameLines(want, got []byte) error {
	for _, v := range testbed.Judge(want, got) {
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
	last  []uint64 // of each CPU, at the last sample
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

// runOnce runs a system's workload once. To count the VMM's cycles apart, each
// instruction must be examined, which takes ten times as long.
func runOnce(sys experiments.System, vms int, told bool) (Run, []byte, error) {
	m, err := sys.Boot()
	if err != nil {
		return Run{}, nil, err
	}
	counter, ok := m.(cycleCounter)
	if !ok {
		return Run{}, nil, fmt.Errorf("the machine of this system does not count cycles")
	}
	if err := campaign.Boot(m, sys); err != nil {
		return Run{}, nil, err
	}
	begin, position, before := m.Now(), m.Position(), sys.Facts(m)
	t := newMeter(counter, m.CPL)
	if told {
		m.Trace(func(e faults.TraceEntry) { t.look(e.CPU, e.CPL) })
	}
	seen := -1
	for !endedAll(m.Serial(), vms, &seen) {
		stop := m.Run(faults.Until{Time: m.Now() + consoleStep, Watched: true})
		if stop.Reason != faults.Reached || m.Now()-begin > campaign.RunLimit {
			return Run{}, nil, fmt.Errorf("the run did not come to its end: %s; the console ends with:\n%s", campaign.Describe(stop), campaign.Tail(m.Serial()))
		}
	}
	m.Trace(nil)
	for i := range counter.CPUs() {
		t.look(i, m.CPL(i))
	}
	r := Run{
		Instructions:    m.Position() - position,
		VMMInstructions: sys.Facts(m).Minus(before).Target, Time: m.Now() - begin,
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
func cyclesPerSecond(sys experiments.System) float64 {
	if s, ok := sys.(*testbed.VI); ok {
		return s.TSCHz()
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
	for _, lines := range testbed.LinesByVM(serial) {
		if slices.Contains(lines, seam.ProbePassed) {
			n++
		}
	}
	return n >= vms
}
