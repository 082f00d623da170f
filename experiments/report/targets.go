package report

import (
	"fmt"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/faults"
)

// What reports of other targets than the hypervisor call things, and the rates that they have
// instead: nothing brings a VM or a program back, so that no share of them recovers.

// recovers tells whether the target is one that can recover.
func (r *Report) recovers() bool { return r.experiment.Faults.Target == experiments.VMMTarget }

// whose is the target in a sentence.
func (r *Report) whose() string {
	if r.recovers() {
		return "the VMM"
	}
	return "the target"
}

// heads are the headings of the outcomes' columns.
func (r *Report) heads() [faults.Outcomes][2]string {
	h := outcomeHeads
	switch r.experiment.Faults.Target {
	case experiments.GuestTarget:
		h[faults.VMLost], h[faults.ComponentLost] = [2]string{"struck", "VM lost"}, [2]string{"not con-", "tained"}
	case experiments.BareTarget:
		h[faults.ComponentLost] = [2]string{"", "detected"}
	}
	return h
}

// noticedTable says how many faults in a program did harm, and how many of these it noticed.
func (r *Report) noticedTable(b *strings.Builder) {
	b.WriteString("\n")
	t := table(b)
	fmt.Fprintln(t, "setting\tfault\tharmed, of applied\tdetected of harmed\t")
	for _, c := range r.Cells {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", c.Setting, c.Fault, stats.Rate(c.Unsurvived, c.Applied), stats.Rate(c.Outcomes[faults.ComponentLost.String()], c.Unsurvived))
	}
	t.Flush()
	b.WriteString("Harmed: silent, hang or detected. Detected: a triple fault, another exit code, or a text that says so.\n" +
		"Intervals are 95 % Clopper-Pearson.\n")
}

// containedTable says how many faults in a VM did harm to it, and how many beyond it.
func (r *Report) containedTable(b *strings.Builder) {
	b.WriteString("\n")
	t := table(b)
	fmt.Fprintln(t, "setting\tfault\tthe struck VM harmed, of applied\tanything beyond it harmed\t")
	applied, beyond := 0, 0
	for _, c := range r.Cells {
		n := c.Outcomes[faults.ComponentLost.String()]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", c.Setting, c.Fault, stats.Rate(c.Unsurvived-n, c.Applied), stats.Rate(n, c.Applied))
		applied, beyond = applied+c.Applied, beyond+n
	}
	fmt.Fprintf(t, "all\tall\t\t%s\t\n", stats.Rate(beyond, applied))
	t.Flush()
	b.WriteString("Beyond it: the hypervisor failed, or the output of another VM or of the control domain is not the\n" +
		"golden one. Harmed: silent, hang or lost. Intervals are 95 % Clopper-Pearson.\n")
}
