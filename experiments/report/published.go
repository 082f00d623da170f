package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
)

// addPublished puts the published figures into the cells that they belong to.
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
				fmt.Fprintln(t, "setting\tfault\tstrict\tpaper\tpaper\tno VM lost\tsource\t")
			}
			at := slices.Index(sources, p.Source)
			if at < 0 {
				at, sources = len(sources), append(sources, p.Source)
			}
			paper := "-"
			if c.RecoveredPaper != nil {
				paper = offsets(*c.RecoveredPaper, c.Detected)
			}
			success, strict := figures(&p)
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t[%d]\t\n", c.Setting, c.Fault, offsets(c.Recovered, c.Detected), paper, success, strict, at+1)
		}
	}
	t.Flush()
	for i, s := range sources {
		fmt.Fprintf(b, "  [%d] %s\n", i+1, s)
	}
}

// figures are the published figures as text.
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

// decimal has as many digits as there are, and one behind the point.
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// offsets is "98.9 -0.9/+0.6": percent and the Clopper-Pearson interval.
func offsets(k, n int) string {
	if n == 0 {
		return "-"
	}
	p, i := float64(k)/float64(n), stats.ClopperPearson(k, n)
	return fmt.Sprintf("%.1f -%.1f/+%.1f", 100*p, 100*(p-i.Low), 100*(i.High-p))
}
