package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
)

// addPublished puts the published figures into their cells.
func (r *Report) addPublished(list []experiments.Published) {
	for _, p := range list {
		for i := range r.Cells {
			if c := &r.Cells[i]; c.Setting == p.Setting && c.Fault == p.Fault {
				c.Published = append(c.Published, p)
			}
		}
	}
}

// publishedTable puts ours and the published figures side by side, in percent
// of detected failures. Intervals are printed as the papers do, as points down
// and up.
func (r *Report) publishedTable(b *strings.Builder) {
	var sources []string
	t := table(b)
	for _, c := range r.Cells {
		for _, p := range c.Published {
			if len(sources) == 0 {
				fmt.Fprint(b, "\nours beside the published figures, percent of detected failures:\n")
				fmt.Fprintln(t, "\t\tours,\tours,\tpubl.,\tpubl.,\t\t")
				fmt.Fprintln(t, "setting\tfault\tstrict\tpaper\tpaper\tstrict\tfrom\t")
			}
			at := slices.Index(sources, p.Source)
			if at < 0 {
				at, sources = len(sources), append(sources, p.Source)
			}
			paper := "-"
			if c.RecoveredPaper != nil {
				paper = stats.Offsets(*c.RecoveredPaper, c.Detected)
			}
			success, strict := figures(&p)
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t[%d]\t\n", c.Setting, c.Fault, stats.Offsets(c.Recovered, c.Detected), paper, success, strict, at+1)
		}
	}
	t.Flush()
	for i, s := range sources {
		fmt.Fprintf(b, "  [%d] %s\n", i+1, s)
	}
	r.gapTable(b)
}

// gapTable divides the distance of the last setting to published figures into
// two parts, by the papers' rule: what the published setting gains here over its
// own publication, which is due to the testbed, and what the last setting gains
// over it.
func (r *Report) gapTable(b *strings.Builder) {
	if len(r.Cells) == 0 {
		return
	}
	last := r.Cells[len(r.Cells)-1].Setting
	t := table(b)
	begun := false
	for i := range r.Cells {
		c := &r.Cells[i]
		best := r.cell(last, c.Fault)
		if c.Setting == last || c.PaperOfDetected == nil || best.PaperOfDetected == nil {
			continue
		}
		for _, p := range c.Published {
			if p.Success == nil {
				continue
			}
			if !begun {
				begun = true
				b.WriteString("\nhow much of the distance to the published figures is whose, in points, by the papers' rule:\n")
				fmt.Fprintf(t, "setting\tfault\there\tless published\t%s\tless this setting\t\n", last)
			}
			here, there := c.PaperOfDetected.Share, best.PaperOfDetected.Share
			gap := here - *p.Success/100
			fmt.Fprintf(t, "%s\t%s\t%.2f\t%+.*f\t%.2f\t%s\t\n", c.Setting, c.Fault, 100*here, max(2, stats.Digits(gap)), 100*gap,
				100*there, stats.Points(there-here, stats.Newcombe(*best.RecoveredPaper, best.Detected, *c.RecoveredPaper, c.Detected)))
		}
	}
	t.Flush()
	if begun {
		fmt.Fprintf(b, "Less published: the same mechanisms, there and here, so that this is the testbed's (machine,\n"+
			"hypervisor, workload, judging). Less this setting: what %s adds to them here. Where its interval\n"+
			"(Newcombe, 95 %%) holds 0, nothing of the distance is shown to be the mechanisms'.\n", last)
	}
}

// cell finds the cell of a setting and fault type that has one.
func (r *Report) cell(setting, fault string) *Cell {
	i := slices.IndexFunc(r.Cells, func(c Cell) bool { return c.Setting == setting && c.Fault == fault })
	return &r.Cells[i]
}

// figures formats the published figures.
func figures(p *experiments.Published) (success, noVM string) {
	success, noVM = "-", "-"
	interval := ""
	switch i := p.Interval; {
	case len(i) == 2 && i[0] == i[1]:
		interval = " ±" + decimal(i[0])
	case len(i) == 2:
		interval = " -" + decimal(i[0]) + "/+" + decimal(i[1])
	}
	if p.Success != nil {
		success, interval = decimal(*p.Success)+interval, ""
	}
	if p.NoVM != nil {
		noVM = decimal(*p.NoVM) + interval
	}
	return success, noVM
}

// decimal formats a number with all its digits, and at least one behind the
// point.
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
