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
	"resvirt/sim"
)

// JSON writes the cells as one array.
func (r *Report) JSON(w io.Writer) error {
	return experiments.WriteJSON(w, r.Cells)
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	r.head(&b)
	r.outcomeTable(&b)
	if r.recovers() {
		r.harmTable(&b)
	} else if r.experiment.Bare() {
		r.noticedTable(&b)
	} else {
		r.containedTable(&b)
	}
	r.pairedTable(&b)
	b.WriteString("\n")
	r.latencyTable(&b)
	if r.recovers() {
		r.detectedTable(&b)
	}
	r.sections(&b)
	r.reasonText(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) head(b *strings.Builder) {
	c := &r.Campaign
	fmt.Fprintf(b, "%s  campaign %s  seed %d\n", c.Experiment, store.Short(c.Digest), c.Seed)
	if text := r.planned.text(); text != "" {
		fmt.Fprintf(b, "%s\n", text)
	}
	g := &c.Golden
	fmt.Fprintf(b, "golden run: %d instructions in %v, %s of them in %s; boot before it: %d instructions\n",
		g.Instructions, g.Time, stats.PercentOf(g.Counters.Target, g.Instructions), r.whose(), g.BootInstructions)
	r.windowLine(b)
	for i, n := range g.Counters.CPUs {
		fmt.Fprintf(b, "  CPU %d: %d ticks, %d context switches, %d hang periods\n", i, n.Ticks, n.Switches, n.Periods)
	}
	if !r.experiment.Bare() {
		b.WriteString(oracleLines(g.Oracle))
	}
	if r.recovers() {
		for _, w := range g.Warnings() {
			fmt.Fprintf(b, "  warning: %s\n", w)
		}
	}
	b.WriteString("\n")
}

// outcomeHeads are two lines for each outcome column, so that tables fit a terminal.
var outcomeHeads = [faults.Outcomes][2]string{
	{"not", "applied"}, {"con-", "verged"}, {"", "latent"}, {"", "silent"}, {"", "hang"},
	{"reco-", "vered"}, {"VM", "lost"}, {"VMM", "lost"}, {"unsup-", "ported"}, {"tool", "error"},
}

// table is a writer of right-aligned columns.
func table(b *strings.Builder) *words.Columns {
	return words.NewColumns(b, 2).Right()
}

func (r *Report) outcomeTable(b *strings.Builder) {
	t := words.NewColumns(b, 1).Right()
	for line, first := range []string{"\t\t\t", "setting\tfault\truns\t"} {
		fmt.Fprint(t, first)
		for _, h := range r.heads() {
			fmt.Fprintf(t, "%s\t", h[line])
		}
		fmt.Fprintln(t)
	}
	for _, c := range r.Cells {
		fmt.Fprintf(t, "%s\t%s\t%d\t", c.Setting, c.Fault, c.Runs)
		for o := faults.Outcome(0); o < faults.Outcomes; o++ {
			fmt.Fprintf(t, "%d\t", c.Outcomes[o.String()])
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

func (r *Report) latencyTable(b *strings.Builder) {
	t := table(b)
	if !r.recovers() {
		fmt.Fprintln(t, "setting\tfault\tdetected n\tmedian\tp95\t")
		for _, c := range r.Cells {
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t\n", c.Setting, c.Fault, c.DetectionRuns, latency(c.DetectionMedian), latency(c.DetectionP95))
		}
		t.Flush()
		b.WriteString("Latencies from the fault to detection, of n runs.\n")
		return
	}
	fmt.Fprintln(t, "setting\tfault\tdetected n\tmedian\tp95\trecovered n\tmedian\tp95\t")
	for _, c := range r.Cells {
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%d\t%s\t%s\t\n", c.Setting, c.Fault,
			c.DetectionRuns, latency(c.DetectionMedian), latency(c.DetectionP95), c.RecoveryRuns, latency(c.RecoveryMedian), latency(c.RecoveryP95))
	}
	t.Flush()
	b.WriteString("Latencies from the fault to detection, of n runs, and from there until all CPUs run VMs, of those\n" +
		"recovered runs that have one.\n")
}

func latency(t *sim.Time) string {
	if t == nil {
		return "-"
	}
	return t.String()
}

// Hosts writes what is recorded beside the rows: which hosts computed them, and
// how fast.
func (r *Report) Hosts(w io.Writer) error {
	t := words.NewColumns(w, 2)
	fmt.Fprintln(t, "started\thost\tprocessor\tcores\tworkers\ttoolchain\truns\tseconds\truns/s\tgolden run\trestore")
	for _, s := range r.Sessions {
		rate := 0.0
		if s.Seconds > 0 {
			rate = float64(s.Runs) / s.Seconds
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%s\t%d\t%.1f\t%.1f\t%.1f M instructions/s\t%.0f µs\n",
			s.Started, s.Host, s.CPU, s.Cores, s.Workers, s.Toolchain, s.Runs, s.Seconds, rate, s.GoldenSpeed/1e6, s.Restored)
	}
	return t.Flush()
}
