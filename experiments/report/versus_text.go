package report

import (
	"fmt"
	"io"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/internal/words"
)

// JSON writes the comparison as one object.
func (v *Versus) JSON(w io.Writer) error {
	return experiments.WriteJSON(w, v)
}

// Text writes the comparison for people, in the manner of benchstat.
func (v *Versus) Text(w io.Writer) error {
	var b strings.Builder
	t := words.NewColumns(&b, 2)
	for _, s := range []struct {
		name string
		*Side
	}{{"A", &v.A}, {"B", &v.B}} {
		fmt.Fprintf(t, "%s\t%s\t%s\tcampaign %s\tseed %d\n", s.name, s.Database, s.Experiment, store.Short(s.Campaign), s.Seed)
	}
	t.Flush()
	for _, n := range v.Notes {
		fmt.Fprintf(&b, "  %s\n", n)
	}
	v.outcomes(&b)
	for i := range rateKinds {
		v.rates(&b, &rateKinds[i])
		if i == 0 {
			v.alone(&b)
		}
	}
	v.latencies(&b)
	b.WriteString("\n~: not significant, p >= 0.05. Where nothing differs, one line of 20 is below that by chance.\n" +
		"Pairs: faults that struck the same instruction in A and B; McNemar's exact test, interval of Agresti\n" +
		"and Min. Unpaired: Fisher's exact test, interval of Newcombe. Latencies: virtual, the test of Mann\n" +
		"and Whitney. Intervals are 95 %. Test and interval are made in different ways: near p = 0.05 they can\n" +
		"disagree, and ~ goes by the test.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// outcomes sets the shares of all outcomes one below the other.
func (v *Versus) outcomes(b *strings.Builder) {
	b.WriteString("\noutcomes, percent of runs\n")
	t := words.NewColumns(b, 1).Right()
	for line, first := range []string{"\t\t\t\t", "setting\tfault\t\truns\t"} {
		fmt.Fprint(t, first)
		for _, h := range outcomeHeads {
			fmt.Fprintf(t, "%s\t", h[line])
		}
		fmt.Fprintln(t)
	}
	for i := range v.Cells {
		c := &v.Cells[i]
		for _, s := range []struct {
			name, setting string
			counts        map[string]int
		}{{"A", c.SettingA, c.A}, {"B", c.SettingB, c.B}} {
			runs := 0
			for _, n := range s.counts {
				runs += n
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t", s.setting, c.Fault, s.name, runs)
			for o := faults.Outcome(0); o < faults.Outcomes; o++ {
				fmt.Fprintf(t, "%s\t", outcomeShare(s.counts[o.String()], runs))
			}
			fmt.Fprintln(t)
		}
	}
	t.Flush()
}

// outcomeShare is a number of percent without its sign; 0 only for none.
func outcomeShare(k, n int) string {
	if k == 0 {
		return "0"
	}
	return strings.TrimSuffix(stats.PercentOf(k, n), " %")
}

// rates is the table of one rate.
func (v *Versus) rates(b *strings.Builder, k *rateKind) {
	t := table(b)
	begun := false
	for i := range v.Cells {
		c := &v.Cells[i]
		for j := range c.Rates {
			r := &c.Rates[j]
			if r.Rate != k.name+"_of_"+k.of {
				continue
			}
			if !begun {
				begun = true
				fmt.Fprintf(b, "\n%s of %s\n", strings.Replace(k.name, "_", ", ", 1), k.of)
				fmt.Fprintln(t, "setting\tfault\tA\tB\tB - A in points\tp\tfrom\t")
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", matchName([2]string{c.SettingA, c.SettingB}), c.Fault,
				countText(r.KA, r.NA), countText(r.KB, r.NB), r.change(), probabilityText(r.P), r.from())
		}
	}
	t.Flush()
}

// alone names runs that did harm in one campaign only, among the faults that are the
// same.
func (v *Versus) alone(b *strings.Builder) {
	t := words.NewColumns(b, 2)
	begun := false
	for i := range v.Cells {
		c := &v.Cells[i]
		r := &c.Rates[0]
		if r.OnlyA+r.OnlyB == 0 {
			continue
		}
		if !begun {
			begun = true
			fmt.Fprintln(t, "  unsurvived:\tin A alone\tin B alone")
		}
		fmt.Fprintf(t, "  %s %s\t%s\t%s\n", matchName([2]string{c.SettingA, c.SettingB}), c.Fault, named(c.SettingA, r.AAlone), named(c.SettingB, r.BAlone))
	}
	t.Flush()
}

// countText is "12/40 30.0 %".
func countText(k, n int) string {
	if n == 0 {
		return "0/0 -"
	}
	return fmt.Sprintf("%d/%d %s", k, n, stats.PercentOf(k, n))
}

// change is "+0.52 [+0.37, +0.66]", or "~ [-0.37, +0.66]" where it is not significant.
func (r *VersusRate) change() string {
	switch {
	case r.P == nil:
		return "-"
	case !r.Significant:
		return "~ " + stats.PointsInterval(stats.Interval{Low: *r.Low, High: *r.High})
	}
	return stats.Points(*r.Difference, stats.Interval{Low: *r.Low, High: *r.High})
}

func (r *VersusRate) from() string {
	switch {
	case r.P == nil:
		return "-"
	case r.Paired:
		return fmt.Sprintf("%d pairs", r.Pairs)
	case r.Pairs > 0:
		return fmt.Sprintf("unpaired, %d pairs", r.Pairs)
	}
	return "unpaired"
}

func probabilityText(p *float64) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%.2g", *p)
}

// latencies is the table of both latencies.
func (v *Versus) latencies(b *strings.Builder) {
	b.WriteString("\nlatencies, medians\n")
	t := table(b)
	fmt.Fprintln(t, "setting\tfault\t\tA\tB\tB - A\tp\truns\t")
	for i := range v.Cells {
		c := &v.Cells[i]
		for _, l := range c.Latencies {
			change := "-"
			switch {
			case l.P != nil && !l.Significant:
				change = "~"
			case l.Change != nil:
				change = fmt.Sprintf("%+.*f %%", stats.Digits(*l.Change), 100**l.Change)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d+%d\t\n", matchName([2]string{c.SettingA, c.SettingB}), c.Fault, l.Latency,
				latency(l.MedianA), latency(l.MedianB), change, probabilityText(l.P), l.NA, l.NB)
		}
	}
	t.Flush()
}
