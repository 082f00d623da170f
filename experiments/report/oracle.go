package report

import (
	"fmt"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
)

// oracleLines say how much harm the judges notice: the rates of silent, unsurvived
// and manifested runs depend on it.
func oracleLines(s *experiments.Sensitivity) string {
	if s == nil {
		return "oracle: not measured for these guests, so what went unnoticed is not known (selfcheck --oracle)\n"
	}
	var b strings.Builder
	all := s.All()
	fmt.Fprintf(&b, "oracle: of %d flips in what guests own %d were used again; %s of those noticed (%s, seed %d)\n",
		all.Flips, all.Used, noticed(all), s.Experiment, s.Seed)
	line := " "
	for i, c := range s.Classes {
		next := fmt.Sprintf(" %s %s", c.Class, noticed(c))
		if i+1 < len(s.Classes) {
			next += ";"
		}
		if len(line)+len(next) > 96 {
			b.WriteString(line + "\n")
			line = " "
		}
		line += next
	}
	b.WriteString(line + "\n")
	return b.String()
}

// noticed is the share of flips that were used.
func noticed(c experiments.Noticeable) string {
	if c.Used == 0 {
		return "-"
	}
	i := stats.ClopperPearson(c.Noticed, c.Used)
	return fmt.Sprintf("%.1f %% [%.1f, %.1f]", 100*float64(c.Noticed)/float64(c.Used), 100*i.Low, 100*i.High)
}

// OracleText writes a measured sensitivity for people, also for each kind of thing
// that flipped.
func OracleText(s *experiments.Sensitivity, kinds []experiments.Noticeable) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  guests %s  seed %d\n\n", s.Experiment, s.Guests, s.Seed)
	for _, part := range []struct {
		head string
		rows []experiments.Noticeable
	}{{"what flips", append(append([]experiments.Noticeable(nil), s.Classes...), s.All())}, {"of which", kinds}} {
		t := table(&b)
		fmt.Fprintf(t, "%s\tflips\tused again\tnoticed\tof those used again\tof all\t\n", part.head)
		for _, c := range part.rows {
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t\n", c.Class, c.Flips, c.Used, c.Noticed, noticed(c), noticed(experiments.Noticeable{Used: c.Flips, Noticed: c.Noticed}))
		}
		t.Flush()
		b.WriteString("\n")
	}
	b.WriteString("Used again: read before it was overwritten, by anything but the sums that guests take of\n" +
		"their memory, or noticed. Noticed: the run would have counted as harm. What was used without\n" +
		"any influence counts as not noticed. Intervals are 95 % Clopper-Pearson.\n")
	return b.String()
}
