package overhead

import (
	"fmt"
	"io"
	"math"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/internal/words"
)

// JSON writes the report as one object.
func (r *Report) JSON(w io.Writer) error {
	return experiments.WriteJSON(w, r)
}

// Figures of NiLiHype's authors for UnixBench on their prototype: additional
// cycles of the VMM, with and without the log for retrying hypercalls, relative
// to those of unmodified Xen (NiLiHype: low latency recovery, "Cost in normal
// operation").
const (
	publishedWithLog    = 13.27
	publishedWithoutLog = 0.70
	publishedOfAll      = 1.0 // upper bound, relative to all cycles
	publishedLines      = "2179 lines for NiLiHype, 2770 for the port of ReHype"
)

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  unhalted cycles of all processors, without faults\n\n", r.Experiment)
	r.lead(&b)
	t := words.NewColumns(&b, 2).Right()
	fmt.Fprintln(t, "compute\tvariant\tM cycles\tVMM's\tM instructions\tVMM's\tbusy\tcost of what it lacks\tin each layout\tof VMM cycles\t")
	for i, run := range r.Runs {
		if i > 0 && run.load() != r.Runs[i-1].load() {
			fmt.Fprintln(t, "\t\t\t\t\t\t\t\t\t\t")
		}
		fmt.Fprintf(t, "%s\t%s\t%.3f\t%s\t%.3f\t%s\t%s\t%s\t%s\t%s\t\n", run.load(), run.name(),
			float64(run.Cycles)/1e6, stats.PercentOf(run.VMMCycles, run.Cycles), float64(run.Instructions)/1e6,
			stats.PercentOf(run.VMMInstructions, run.Instructions), stats.Percent(run.Busy), signed(run.Overhead), run.spread(), signed(run.VMMOverhead))
	}
	t.Flush()
	fmt.Fprintf(&b, "\npublished, UnixBench, of VMM cycles: %+.2f %% with the log of calls, %+.2f %% without; of all cycles: under %.0f %%\n",
		publishedWithLog, publishedWithoutLog, publishedOfAll)
	b.WriteString("Rows are compared with \"all\" of the same workload. Cycles are the VMM's if the\ninstruction that took them began at privilege level 0. Times are virtual. Numbers are\nmeans of layouts, in which the VMM's memory lies at other places: which pages\ncompete in the TLB is luck. The VMM's share of the cycles is the first layout's.\n\n")
	t = words.NewColumns(&b, 2).Right()
	fmt.Fprintln(t, "mechanism\tbytes, static\ta CPU\ta vCPU\tlines of code\t")
	lines := 0
	for _, m := range r.Reserved {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t\n", m.Mechanism, m.Static, m.PerCPU, m.PerVCPU, m.Lines)
		lines += m.Lines
	}
	t.Flush()
	fmt.Fprintf(&b, "%d lines together; published: %s\n", lines, publishedLines)
	_, err := io.WriteString(w, b.String())
	return err
}

// publishedShare is the VMM's largest share of all cycles in the published
// measurement: publishedWithLog percent more of its cycles was less than
// publishedOfAll percent of all cycles.
const publishedShare = publishedOfAll / publishedWithLog

// lead writes the beginning of the report: the cost of all mechanisms where rates
// are measured, and where the VMM's share is about the published one.
func (r *Report) lead(b *strings.Builder) {
	var rates, published *Run
	share := func(none *Run) float64 { return float64(none.VMMCycles) / float64(max(none.Cycles, 1)) }
	for i := range r.Runs {
		switch run := &r.Runs[i]; {
		case run.Variant != experiments.WithNone || run.Overhead == nil:
		case run.Campaign:
			rates = run
		case published == nil || math.Abs(share(run)-publishedShare) < math.Abs(share(published)-publishedShare):
			published = run
		}
	}
	if published != nil && share(published) > 2*publishedShare {
		published = nil // no load here has a similar share
	}
	for _, l := range []struct {
		run   *Run
		where string
	}{{rates, "with the clock of campaigns, which measure rates (each report says the VMM's share there)"}, {published, fmt.Sprintf("about as in the published measurement, under %.1f %%", 100*publishedShare)}} {
		if l.run != nil {
			fmt.Fprintf(b, "all mechanisms cost %s of all cycles where the VMM has %s of them without,\n  %s\n",
				signed(l.run.Overhead), stats.PercentOf(l.run.VMMCycles, l.run.Cycles), l.where)
		}
	}
	if rates != nil || published != nil {
		b.WriteString("\n")
	}
}

// load names the amount of computing, or says that the clock was that of
// campaigns.
func (r *Run) load() string {
	if r.Campaign {
		return "0, campaigns' clock"
	}
	return fmt.Sprint(r.Compute)
}

// name is the variant as a row of the table names it.
func (r *Run) name() string {
	if r.Variant == experiments.WithAll || r.Variant == experiments.WithNone {
		return r.Variant
	}
	return "without " + r.Variant
}

// spread is the overhead in the layouts where it is least and most.
func (r *Run) spread() string {
	if r.Least == nil || r.Most == nil {
		return "-"
	}
	return fmt.Sprintf("%+.2f to %+.2f", *r.Least, *r.Most)
}

func signed(p *float64) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%+.*f %%", max(2, stats.Digits(*p/100)), *p)
}
