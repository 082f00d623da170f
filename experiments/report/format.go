package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/sim"
)

// JSON writes the cells as one array.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r.Cells)
}

// CSV writes one line a cell, with a head.
func (r *Report) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	head := []string{"experiment", "setting", "target", "fault", "runs"}
	for o := faults.Outcome(0); o < faults.Outcomes; o++ {
		head = append(head, o.String())
	}
	head = append(head, "applied", "detected", "recovered", "recovered_paper", "unsurvived", "low", "high",
		"unsurvived_low", "unsurvived_high", "detection_median_ps", "detection_p95_ps", "recovery_median_ps", "recovery_p95_ps")
	lines := [][]string{head}
	for _, k := range r.Cells {
		line := []string{k.Experiment, k.Setting, k.Target, k.Fault, strconv.Itoa(k.Runs)}
		for o := faults.Outcome(0); o < faults.Outcomes; o++ {
			line = append(line, strconv.Itoa(k.Outcomes[o.String()]))
		}
		line = append(line, strconv.Itoa(k.Applied), strconv.Itoa(k.Detected), strconv.Itoa(k.Recovered), paperCount(k.RecoveredPaper), strconv.Itoa(k.Unsurvived),
			fraction(k.Low), fraction(k.High), fraction(k.UnsurvivedLow), fraction(k.UnsurvivedHigh),
			picoseconds(k.DetectionMedian), picoseconds(k.DetectionP95), picoseconds(k.RecoveryMedian), picoseconds(k.RecoveryP95))
		lines = append(lines, line)
	}
	return c.WriteAll(lines)
}

func paperCount(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func fraction(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

func picoseconds(t *sim.Time) string {
	if t == nil {
		return ""
	}
	return strconv.FormatInt(int64(*t), 10)
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	r.head(&b)
	r.outcomeTable(&b)
	b.WriteString("\n")
	r.rateTable(&b)
	b.WriteString("\n")
	r.latencyTable(&b)
	b.WriteString("\nIntervals are 95 % Clopper-Pearson. Strict: no VM lost and every probe passed. Paper: at\n" +
		"most one AppVM lost, and one created after recovery completes its work; where none is\n" +
		"created there is no such count. Times are virtual.\n")
	r.sections(&b)
	r.reasonText(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) head(b *strings.Builder) {
	c := &r.Campaign
	fmt.Fprintf(b, "%s  campaign %s  seed %d\n", c.Experiment, store.Short(c.Digest), c.Seed)
	g := &c.Golden
	share := 0.0
	if g.Instructions > 0 {
		share = 100 * float64(g.Counters.Ring0) / float64(g.Instructions)
	}
	fmt.Fprintf(b, "golden run: %d instructions in %v, %.1f %% of them in the VMM; boot before it: %d instructions\n", g.Instructions, g.Time, share, g.BootInstructions)
	for i, n := range g.Counters.CPUs {
		fmt.Fprintf(b, "  CPU %d: %d ticks, %d context switches, %d hang periods\n", i, n.Ticks, n.Switches, n.Periods)
	}
	for _, w := range g.Warnings() {
		fmt.Fprintf(b, "  warning: %s\n", w)
	}
	b.WriteString("\n")
}

// outcomeHeads are two lines for each outcome column, so that tables fit a terminal.
var outcomeHeads = [faults.Outcomes][2]string{
	{"not", "applied"}, {"con-", "verged"}, {"", "latent"}, {"", "silent"}, {"", "hang"},
	{"reco-", "vered"}, {"VM", "lost"}, {"VMM", "lost"}, {"unsup-", "ported"}, {"tool", "error"},
}

// table is a writer of right-aligned columns.
func table(b *strings.Builder) *tabwriter.Writer {
	return tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
}

func (r *Report) outcomeTable(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 1, ' ', tabwriter.AlignRight)
	for line, first := range []string{"\t\t\t", "setting\tfault\truns\t"} {
		fmt.Fprint(t, first)
		for _, h := range outcomeHeads {
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

func (r *Report) rateTable(b *strings.Builder) {
	t := table(b)
	fmt.Fprintln(t, "setting\tfault\trecovered of detected (strict)\t(paper)\tunsurvived of applied\t")
	for _, c := range r.Cells {
		paper := "-"
		if n := c.RecoveredPaper; n != nil {
			paper = rate(*n, c.Detected, stats.ClopperPearson(*n, c.Detected))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", c.Setting, c.Fault,
			rate(c.Recovered, c.Detected, stats.Interval{Low: c.Low, High: c.High}), paper, rate(c.Unsurvived, c.Applied, stats.Interval{Low: c.UnsurvivedLow, High: c.UnsurvivedHigh}))
	}
	t.Flush()
}

func (r *Report) latencyTable(b *strings.Builder) {
	t := table(b)
	fmt.Fprintln(t, "setting\tfault\tdetection median\tp95\trecovery median\tp95\t")
	for _, c := range r.Cells {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t\n", c.Setting, c.Fault,
			latency(c.DetectionMedian), latency(c.DetectionP95), latency(c.RecoveryMedian), latency(c.RecoveryP95))
	}
	t.Flush()
}

// Rate is k of n, with the share in percent and its interval, as the table shows it.
func Rate(k, n int) string { return rate(k, n, stats.ClopperPearson(k, n)) }

// rate is "12/40 30.0 % [16.6, 46.5]".
func rate(k, n int, i stats.Interval) string {
	if n == 0 {
		return "0/0 -"
	}
	return fmt.Sprintf("%d/%d %.1f %% [%.1f, %.1f]", k, n, 100*float64(k)/float64(n), 100*i.Low, 100*i.High)
}

func latency(t *sim.Time) string {
	if t == nil {
		return "-"
	}
	return t.String()
}

// Hosts writes what stands beside the rows: who worked on them and how fast.
func (r *Report) Hosts(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
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
