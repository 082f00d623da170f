package report

import (
	"fmt"
	"strings"

	"resvirt/experiments/stats"
)

// The rates of a report: first those of all faults that did harm and of all
// that manifested, which do not depend on how many a mechanism detects, then
// those of detected faults.

// Share is a rate with its Clopper-Pearson interval of 95 %.
type Share struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// shareOf is k of n, nil if n is 0.
func shareOf(k, n int) *Share {
	if n == 0 {
		return nil
	}
	i := stats.ClopperPearson(k, n)
	return &Share{float64(k) / float64(n), i.Low, i.High}
}

func (r *Report) harmTable(b *strings.Builder) {
	b.WriteString("\n")
	t := table(b)
	fmt.Fprintln(t, "setting\tfault\tunsurvived of applied\trecovered of manifested\t")
	for _, c := range r.Cells {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", c.Setting, c.Fault, stats.Rate(c.Unsurvived, c.Applied), stats.Rate(c.Recovered, c.Manifested))
	}
	t.Flush()
	b.WriteString("Manifested: detected, silent or hang. Recovered: no VM lost and every probe passed (strict).\n" +
		"Intervals are 95 % Clopper-Pearson.\n")
}

func (r *Report) detectedTable(b *strings.Builder) {
	b.WriteString("\n")
	t := table(b)
	fmt.Fprintln(t, "setting\tfault\trecovered of detected (strict)\t(paper)\t")
	for _, c := range r.Cells {
		paper := "-"
		if n := c.RecoveredPaper; n != nil {
			paper = stats.Rate(*n, c.Detected)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", c.Setting, c.Fault, stats.Rate(c.Recovered, c.Detected), paper)
	}
	t.Flush()
	b.WriteString("Paper: at most one AppVM lost, the control domain came to its end, and a VM created after recovery\n" +
		"did its work; where none is created there is no such count. What is detected depends on the setting:\n" +
		"of settings that detect differently, compare the rates above.\n")
}

// windowLine says in which part of the run faults' triggers lie. Virtual time is
// not spread over the VMM's instructions evenly, and a part of the run may be
// left out.
func (r *Report) windowLine(b *strings.Builder) {
	g, e := &r.Campaign.Golden, &r.experiment
	if g.WindowTarget == 0 || len(e.Faults.Window) != 2 {
		return // an old database
	}
	of := "the time"
	if e.VMM.Late > 0 {
		of = "the time until a VM is made late"
	}
	fmt.Fprintf(b, "  triggers: %d to %d %% of %s, %s of %s's instructions\n",
		e.Faults.Window[0], e.Faults.Window[1], of, stats.PercentOf(g.WindowTarget, g.Counters.Target), r.whose())
}
