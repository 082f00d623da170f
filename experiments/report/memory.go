package report

import (
	"fmt"
	"io"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/sim"
	"resvirt/vi/seam"
)

// Table is a report on several campaigns.
type Table interface {
	JSON(io.Writer) error
	Text(io.Writer) error
}

// SweepTable computes the report of a sweep whose databases' names begin with path.
func SweepTable(e experiments.Experiment, path string) (Table, error) {
	if len(e.Sweep.MemoryMB) > 0 {
		return OfMemory(e, path)
	}
	return OfSweep(e, path)
}

// Memory is how the latency of recovery grows with the machine's memory.
type Memory struct {
	Experiment string      `json:"experiment"`
	Rows       []MemoryRow `json:"rows"`
	Growth     []Growth    `json:"growth"`
}

// MemoryRow is one setting with one size of memory, over all fault types.
type MemoryRow struct {
	MemoryMB  int     `json:"memory_mb"`
	Setting   string  `json:"setting"`
	Detected  int     `json:"detected"`
	Recovered int     `json:"recovered"` // strict
	Latency   Latency `json:"latency"`

	Counted  int      `json:"counted"`  // runs in which all frames were counted
	Counting *Latency `json:"counting"` // time of the counting in these runs; null without any
	Rest     Latency  `json:"rest"`     // the latency without the counting, of all runs
}

// Latency sums up times; all are 0 without any.
type Latency struct {
	Median sim.Time `json:"median_ps"`
	P95    sim.Time `json:"p95_ps"`
	Max    sim.Time `json:"max_ps"`
}

// Growth is the increase of a setting's median latency for each gigabyte of
// memory, between the first and the last size.
type Growth struct {
	Setting string   `json:"setting"`
	PerGB   sim.Time `json:"per_gb_ps"`
}

// countingStep looks at every frame of the machine.
const countingStep = seam.StepPageFrames

// OfMemory computes the report of a sweep over sizes of memory.
func OfMemory(e experiments.Experiment, path string) (*Memory, error) {
	r := &Memory{Experiment: e.Name}
	sizes := e.Sweep.MemoryMB
	for _, s := range e.Settings {
		for _, mb := range sizes {
			row, err := memoryRow(e.MemberPath(path, mb), mb, s.Name)
			if err != nil {
				return nil, err
			}
			r.Rows = append(r.Rows, row)
		}
		first, last := &r.Rows[len(r.Rows)-len(sizes)], &r.Rows[len(r.Rows)-1]
		if more := int64(last.MemoryMB - first.MemoryMB); more > 0 && first.Recovered > 0 && last.Recovered > 0 {
			d := int64(last.Latency.Median - first.Latency.Median)
			r.Growth = append(r.Growth, Growth{s.Name, sim.Time(d * 1024 / more)})
		}
	}
	return r, nil
}

// memoryRow reads one setting of one campaign.
func memoryRow(path string, mb int, setting string) (MemoryRow, error) {
	row := MemoryRow{MemoryMB: mb, Setting: setting}
	db, err := store.OpenReader(path)
	if err != nil {
		return row, err
	}
	defer db.Close()
	rep, err := Of(db)
	if err != nil {
		return row, err
	}
	for i := range rep.Cells {
		if c := &rep.Cells[i]; c.Setting == setting {
			row.Detected, row.Recovered = row.Detected+c.Detected, row.Recovered+c.Recovered
		}
	}
	var runs [][]segment
	err = db.Recoveries(faults.Recovered, setting, func(x *store.Recovery) { runs = append(runs, segments(x)) })
	row.sum(runs)
	return row, err
}

// sum sums up runs by their segments; one segment stands for the whole.
func (row *MemoryRow) sum(runs [][]segment) {
	var all, counting, rest []sim.Time
	for _, list := range runs {
		var took, step sim.Time
		for _, s := range list {
			switch s.name {
			case allSteps:
				took = s.time
			case countingStep:
				step = s.time
				counting = append(counting, s.time)
			}
		}
		all, rest = append(all, took), append(rest, took-step)
	}
	row.Latency, row.Rest, row.Counted = latencyOf(all), latencyOf(rest), len(counting)
	if len(counting) > 0 {
		l := latencyOf(counting)
		row.Counting = &l
	}
}

func latencyOf(list []sim.Time) (l Latency) {
	l.Median, _ = stats.Quantile(list, 0.5)
	l.P95, _ = stats.Quantile(list, 0.95)
	l.Max, _ = stats.Quantile(list, 1)
	return l
}

// JSON writes the report as one object.
func (r *Memory) JSON(w io.Writer) error {
	return experiments.WriteJSON(w, r)
}

// Text writes the report for people.
func (r *Memory) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  recovery latency and its growth with memory\n\n", r.Experiment)
	t := table(&b)
	fmt.Fprintf(t, "\t\trecovered of\tlatency,\t\t\truns with\tthat step,\tlatency without it,\t\t\t\n")
	fmt.Fprintf(t, "setting\tmemory\tdetected\tmedian\tp95\tmax\t%s\tmedian\tmedian\tp95\tmax\t\n", countingStep)
	for i := range r.Rows {
		row := &r.Rows[i]
		if i > 0 && row.Setting != r.Rows[i-1].Setting {
			fmt.Fprintln(t, "\t\t\t\t\t\t\t\t\t\t\t")
		}
		step := "-"
		if row.Counting != nil {
			step = row.Counting.Median.String()
		}
		fmt.Fprintf(t, "%s\t%d MB\t%d/%d\t%s\t%d\t%s\t%s\t\n", row.Setting, row.MemoryMB, row.Recovered, row.Detected,
			row.Latency.cells(row.Recovered), row.Counted, step, row.Rest.cells(row.Recovered))
	}
	t.Flush()
	b.WriteString("\nwhat a gigabyte more adds to the median\n")
	t = table(&b)
	for _, g := range r.Growth {
		fmt.Fprintf(t, "%s\t%v\t\n", g.Setting, g.PerGB)
	}
	t.Flush()
	fmt.Fprintf(&b, "\nRecovered runs only, from the first detection until all processors run VMs again; times\n"+
		"are virtual. Step %s looks at every frame of the machine. Memory is part of the golden\n"+
		"run: faults are drawn anew for each size, and each size's runs are in a database of its own.\n", countingStep)
	_, err := io.WriteString(w, b.String())
	return err
}

// cells are three cells of a table, of so many times.
func (l *Latency) cells(n int) string {
	if n == 0 {
		return "-\t-\t-"
	}
	return fmt.Sprintf("%v\t%v\t%v", l.Median, l.P95, l.Max)
}
