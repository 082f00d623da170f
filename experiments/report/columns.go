package report

import (
	"encoding/csv"
	"io"
	"strconv"

	"resvirt/faults"
	"resvirt/sim"
)

// column is a column of a report as CSV; docs/definitions.md defines each.
type column struct {
	name string
	of   func(*Cell) string
}

// columns are all columns. Their names say what is counted, and of what, so that
// a line can be understood by itself.
func columns() []column {
	list := []column{
		{"experiment", func(c *Cell) string { return c.Experiment }},
		{"setting", func(c *Cell) string { return c.Setting }},
		{"target", func(c *Cell) string { return c.Target }},
		{"fault", func(c *Cell) string { return c.Fault }},
		{"runs", count(func(c *Cell) int { return c.Runs })},
		{"planned", orEmpty(func(c *Cell) *int { return c.Planned })},
	}
	for o := faults.Outcome(0); o < faults.Outcomes; o++ {
		list = append(list, column{o.String(), count(func(c *Cell) int { return c.Outcomes[o.String()] })})
	}
	list = append(list,
		column{"applied", count(func(c *Cell) int { return c.Applied })},
		column{"detected", count(func(c *Cell) int { return c.Detected })},
		column{"manifested", count(func(c *Cell) int { return c.Manifested })},
		column{"unsurvived", count(func(c *Cell) int { return c.Unsurvived })},
		column{"recovered_paper", orEmpty(func(c *Cell) *int { return c.RecoveredPaper })},
	)
	list = append(list, shares("unsurvived_of_applied", func(c *Cell) *Share { return c.UnsurvivedOfApplied })...)
	list = append(list, shares("recovered_of_manifested", func(c *Cell) *Share { return c.RecoveredOfManifest })...)
	list = append(list, shares("recovered_of_detected", func(c *Cell) *Share { return c.RecoveredOfDetected })...)
	list = append(list, shares("recovered_paper_of_detected", func(c *Cell) *Share { return c.PaperOfDetected })...)
	return append(list,
		column{"detection_runs", count(func(c *Cell) int { return c.DetectionRuns })},
		column{"detection_median_ps", picoseconds(func(c *Cell) *sim.Time { return c.DetectionMedian })},
		column{"detection_p95_ps", picoseconds(func(c *Cell) *sim.Time { return c.DetectionP95 })},
		column{"recovery_runs", count(func(c *Cell) int { return c.RecoveryRuns })},
		column{"recovery_median_ps", picoseconds(func(c *Cell) *sim.Time { return c.RecoveryMedian })},
		column{"recovery_p95_ps", picoseconds(func(c *Cell) *sim.Time { return c.RecoveryP95 })},
	)
}

func count(of func(*Cell) int) func(*Cell) string {
	return func(c *Cell) string { return strconv.Itoa(of(c)) }
}

// orEmpty is a number that not all cells have.
func orEmpty(of func(*Cell) *int) func(*Cell) string {
	return func(c *Cell) string {
		if n := of(c); n != nil {
			return strconv.Itoa(*n)
		}
		return ""
	}
}

// shares are three columns of a rate: the share from 0 to 1 and its bounds, all
// empty without a denominator.
func shares(name string, of func(*Cell) *Share) []column {
	part := func(suffix string, of2 func(*Share) float64) column {
		return column{name + suffix, func(c *Cell) string {
			if s := of(c); s != nil {
				return strconv.FormatFloat(of2(s), 'g', 6, 64)
			}
			return ""
		}}
	}
	return []column{
		part("", func(s *Share) float64 { return s.Share }),
		part("_low", func(s *Share) float64 { return s.Low }),
		part("_high", func(s *Share) float64 { return s.High }),
	}
}

func picoseconds(of func(*Cell) *sim.Time) func(*Cell) string {
	return func(c *Cell) string { return picosecondText(of(c)) }
}

func picosecondText(t *sim.Time) string {
	if t == nil {
		return ""
	}
	return strconv.FormatInt(int64(*t), 10)
}

// CSV writes one line a cell, with a head.
func (r *Report) CSV(w io.Writer) error {
	var head []string
	list := columns()
	for _, c := range list {
		head = append(head, c.name)
	}
	lines := [][]string{head}
	for i := range r.Cells {
		var line []string
		for _, c := range list {
			line = append(line, c.of(&r.Cells[i]))
		}
		lines = append(lines, line)
	}
	return csv.NewWriter(w).WriteAll(lines)
}
