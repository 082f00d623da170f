package report

import (
	"fmt"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
)

// Comparison sets a setting beside the campaign's last one, on the same faults.
type Comparison struct {
	With  string `json:"with"`  // the last setting
	Pairs int    `json:"pairs"` // faults that struck under both, with an outcome under both
	// Unknown is how many faults are left out because the model or the tool failed
	// under one of both: nobody knows what would have become of them.
	Unknown    int     `json:"unknown"`
	OnlyHere   int     `json:"unsurvived_only_here"`
	OnlyThere  int     `json:"unsurvived_only_there"`
	Difference float64 `json:"difference"` // of unsurvived, this setting's share minus the last one's
	Low        float64 `json:"low"`        // 95 %, paired
	High       float64 `json:"high"`
	P          float64 `json:"mcnemar_p"` // exact, two-sided
}

// addComparisons compares the last setting with each other one.
func addComparisons(db *store.DB, r *Report, settings []experiments.Setting) error {
	if len(settings) < 2 {
		return nil
	}
	all, err := db.Fates()
	if err != nil {
		return err
	}
	last := settings[len(settings)-1].Name
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Setting != last {
			c.Compared = compareFates(last, all[[2]string{c.Setting, c.Fault}], all[[2]string{last, c.Fault}])
		}
	}
	return nil
}

// compareFates pairs two settings' runs by the index of their fault.
func compareFates(with string, here, there store.Fates) *Comparison {
	c := &Comparison{With: with, P: 1}
	for i, a := range here {
		b, ok := there[i]
		switch {
		case !ok || !a.Applied() && !b.Applied():
		case !decided(a) || !decided(b):
			c.Unknown++
		default:
			c.Pairs++
			if a.Unsurvived() && !b.Unsurvived() {
				c.OnlyHere++
			} else if b.Unsurvived() && !a.Unsurvived() {
				c.OnlyThere++
			}
		}
	}
	if c.Pairs > 0 {
		c.Difference = float64(c.OnlyHere-c.OnlyThere) / float64(c.Pairs)
		i := stats.PairedDifference(c.OnlyHere, c.OnlyThere, c.Pairs)
		c.Low, c.High, c.P = i.Low, i.High, stats.McNemar(c.OnlyHere, c.OnlyThere)
	}
	return c
}

// decided tells whether it is known what became of a fault that struck.
func decided(o faults.Outcome) bool {
	return o.Applied() && o != faults.NoModel && o != faults.ToolError
}

func (r *Report) pairedTable(b *strings.Builder) {
	t := table(b)
	begun := false
	for _, cell := range r.Cells {
		c := cell.Compared
		if c == nil || c.Pairs == 0 {
			continue
		}
		if !begun {
			begun = true
			fmt.Fprintf(b, "\nunsurvived on the same faults, each setting (A) and %s (B):\n", c.With)
			fmt.Fprintln(t, "setting A\tfault\tpairs\tunknown\tonly A\tonly B\tA - B in points\tMcNemar p\t")
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%+.2f [%+.2f, %+.2f]\t%.2g\t\n", cell.Setting, cell.Fault,
			c.Pairs, c.Unknown, c.OnlyHere, c.OnlyThere, 100*c.Difference, 100*c.Low, 100*c.High, c.P)
	}
	t.Flush()
	if begun {
		b.WriteString("Intervals of differences are 95 % Agresti-Min for pairs; McNemar is exact and two-sided. Faults\n" +
			"whose fate is unknown under A or B (unsupported, tool error) make no pair.\n")
	}
}
