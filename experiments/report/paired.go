package report

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/internal/words"
)

// Comparison sets a setting beside the campaign's last one, on the same faults.
type Comparison struct {
	With  string `json:"with"`  // the last setting
	Pairs int    `json:"pairs"` // faults that struck under both, with an outcome under both
	// Unknown is the number of faults that are left out because the model or the
	// tool failed under one of both, so that the outcome is not known.
	Unknown    int     `json:"unknown"`
	OnlyHere   int     `json:"unsurvived_only_here"`
	OnlyThere  int     `json:"unsurvived_only_there"`
	Difference float64 `json:"difference"` // of unsurvived, this setting's share minus the last one's
	Low        float64 `json:"low"`        // 95 %, paired
	High       float64 `json:"high"`
	P          float64 `json:"mcnemar_p"` // exact, two-sided
	// Indices of the faults that make up OnlyHere and OnlyThere.
	HereAlone  []int `json:"unsurvived_only_here_runs"`
	ThereAlone []int `json:"unsurvived_only_there_runs"`
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
	c := &Comparison{With: with, P: 1, HereAlone: []int{}, ThereAlone: []int{}}
	for i, a := range here {
		b, ok := there[i]
		switch {
		case !ok || !a.Applied() && !b.Applied():
		case !a.Decided() || !b.Decided():
			c.Unknown++
		default:
			c.Pairs++
			if a.Unsurvived() && !b.Unsurvived() {
				c.HereAlone = append(c.HereAlone, i)
			} else if b.Unsurvived() && !a.Unsurvived() {
				c.ThereAlone = append(c.ThereAlone, i)
			}
		}
	}
	slices.Sort(c.HereAlone)
	slices.Sort(c.ThereAlone)
	c.OnlyHere, c.OnlyThere = len(c.HereAlone), len(c.ThereAlone)
	if c.Pairs > 0 {
		c.Difference = float64(c.OnlyHere-c.OnlyThere) / float64(c.Pairs)
		i := stats.PairedDifference(c.OnlyHere, c.OnlyThere, c.Pairs)
		c.Low, c.High, c.P = i.Low, i.High, stats.McNemar(c.OnlyHere, c.OnlyThere)
	}
	return c
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
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%s\t%.2g\t\n", cell.Setting, cell.Fault,
			c.Pairs, c.Unknown, c.OnlyHere, c.OnlyThere, stats.Points(c.Difference, stats.Interval{Low: c.Low, High: c.High}), c.P)
	}
	t.Flush()
	if begun {
		r.aloneTable(b)
		b.WriteString("Intervals of differences are 95 % Agresti-Min for pairs; McNemar is exact and two-sided. Faults\n" +
			"whose fate is unknown under A or B (unsupported, tool error) make no pair.\n")
	}
}

// mostNamed is the number of runs of each class that the text names.
const mostNamed = 3

// aloneTable names runs that did harm under one setting alone, and how to list all.
func (r *Report) aloneTable(b *strings.Builder) {
	t := words.NewColumns(b, 2)
	begun := false
	for _, cell := range r.Cells {
		c := cell.Compared
		if c == nil || c.OnlyHere+c.OnlyThere == 0 {
			continue
		}
		if !begun {
			begun = true
			b.WriteString("`resvirt show DB --setting A --type FAULT --worse-than B` lists those of only A; the first are\n")
			fmt.Fprintln(t, "  setting A\tfault\tonly A\tonly B")
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", cell.Setting, cell.Fault, named(cell.Setting, c.HereAlone), named(c.With, c.ThereAlone))
	}
	t.Flush()
}

// named is "full/12 full/57 full/60 and 3 more".
func named(setting string, runs []int) string {
	if len(runs) == 0 {
		return "-"
	}
	var list []string
	for _, i := range runs[:min(len(runs), mostNamed)] {
		list = append(list, fmt.Sprintf("%s/%d", setting, i))
	}
	text := strings.Join(list, " ")
	if more := len(runs) - len(list); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
