package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/sim"
)

// StepTime is the time of a step of recovery: from its announcement to the next
// one on the processor that completed recovery. Instructions are those of all
// processors. Only recovered runs count.
type StepTime struct {
	Name             string   `json:"name"`
	Runs             int      `json:"runs"` // in which it occurred
	Mean             sim.Time `json:"mean_ps"`
	P95              sim.Time `json:"p95_ps"`
	MeanInstructions int64    `json:"mean_instructions"`
	P95Instructions  int64    `json:"p95_instructions"`

	start sim.Time // mean, after the detection
}

// Parts of a recovery that are no steps.
const (
	beforeSteps  = "(until the first step)"
	untilResumed = "(until all CPUs run VMs)"
	inBetween    = "(VMs run in between)"
	allSteps     = "all"
)

// segment is a part of one recovery.
type segment struct {
	name         string
	start, time  sim.Time // start: after the detection
	instructions int64
}

// segments divides a recovery. A step that occurs again, because
// recovery failed and began again, counts as one.
func segments(r *store.Recovery) []segment {
	first, steps, took, instructions := &r.Detections[0], r.Steps, r.Took, r.Instructions
	done := -1
	for i, s := range steps {
		if s.Done {
			done = i
		}
	}
	if done < 0 {
		return nil
	}
	list := []segment{{name: allSteps, start: took, time: took, instructions: instructions}}
	name, time, position := beforeSteps, first.Time, first.Position
	end := func(at sim.Time, pos uint64) {
		i := slices.IndexFunc(list, func(s segment) bool { return s.name == name })
		if i < 0 {
			i, list = len(list), append(list, segment{name: name, start: time - first.Time})
		}
		list[i].time += at - time
		list[i].instructions += int64(pos - position)
	}
	for i, s := range steps[:done+1] {
		if s.CPU != steps[done].CPU || s.Code == faults.StepResume {
			continue
		}
		end(s.Time, s.Position)
		name, time, position = s.Name, s.Time, s.Position
		if s.Done {
			name = inBetween
		}
		if i == done {
			name = untilResumed
		}
	}
	end(first.Time+took, first.Position+uint64(instructions))
	return list
}

// addSteps reads what the recovered runs announced.
func addSteps(db *store.DB, r *Report) error {
	cells, settings := map[[2]string][]segment{}, map[string][]segment{}
	err := db.Recoveries(faults.Recovered, "", func(x *store.Recovery) {
		list, key := segments(x), [2]string{x.Setting, x.Fault}
		cells[key], settings[x.Setting] = append(cells[key], list...), append(settings[x.Setting], list...)
	})
	if err != nil {
		return err
	}
	r.Steps = map[string][]StepTime{}
	for name, list := range settings {
		r.Steps[name] = stepTimes(list)
	}
	for i := range r.Cells {
		c := &r.Cells[i]
		c.Steps = stepTimes(cells[[2]string{c.Setting, c.Fault}])
	}
	return nil
}

// stepTimes sums up the segments of many runs, in the order in which steps
// begin; the whole comes last.
func stepTimes(all []segment) []StepTime {
	named := map[string][]segment{}
	for _, s := range all {
		named[s.name] = append(named[s.name], s)
	}
	var list []StepTime
	for name, segments := range named {
		t := StepTime{Name: name, Runs: len(segments)}
		n := sim.Time(len(segments))
		var times []sim.Time
		var counts []int64
		for _, s := range segments {
			t.start += s.start
			t.Mean += s.time
			t.MeanInstructions += s.instructions
			times, counts = append(times, s.time), append(counts, s.instructions)
		}
		t.start, t.Mean, t.MeanInstructions = t.start/n, t.Mean/n, t.MeanInstructions/int64(n)
		t.P95, _ = stats.Quantile(times, 0.95)
		t.P95Instructions, _ = stats.Quantile(counts, 0.95)
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b StepTime) int {
		return cmp.Or(btoi(a.Name == allSteps)-btoi(b.Name == allSteps), cmp.Compare(a.start, b.start), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mostStepTables is how many settings' steps the text report lists; with more
// settings it lists only those of the last setting, which has the most steps.
const mostStepTables = 4

func (r *Report) stepTable(b *strings.Builder) {
	var names []string
	for _, c := range r.Cells {
		if len(r.Steps[c.Setting]) > 0 && !slices.Contains(names, c.Setting) {
			names = append(names, c.Setting)
		}
	}
	if len(names) == 0 {
		return
	}
	b.WriteString("\nrecovery step by step: from the announcement of each to that of the next\n")
	if n := len(names); n > mostStepTables {
		fmt.Fprintf(b, "(the last of %d settings; --format json has all)\n", n)
		names = names[n-1:]
	}
	t := table(b)
	fmt.Fprintln(t, "\t\t\ttime,\ttime,\tinstructions,\tinstructions,\t")
	fmt.Fprintln(t, "setting\tstep\truns\tmean\tp95\tmean\tp95\t")
	for _, name := range names {
		for _, s := range r.Steps[name] {
			fmt.Fprintf(t, "%s\t%s\t%d\t%v\t%v\t%d\t%d\t\n", name, s.Name, s.Runs, s.Mean, s.P95, s.MeanInstructions, s.P95Instructions)
		}
	}
	t.Flush()
	b.WriteString("Recovered runs only. Times are virtual, instructions those of all processors, those that wait too.\n")
}
