package retrace

import (
	"fmt"
	"io"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/sim"
)

// Show prints everything that a database knows of one run.
func Show(db *store.DB, w io.Writer, setting string, index int) error {
	r, err := db.Row(setting, index)
	if err != nil {
		return err
	}
	c, err := db.Campaign()
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s  campaign %s  seed %d\n", c.Experiment, r.Run(), store.Short(c.Digest), c.Seed)
	fmt.Fprintf(&b, "fault:   %s; trigger: time %v, then %d instructions of the target\n", r.Plan.Kind, r.Plan.Time, r.Plan.N)
	if s := r.Strike; s != nil {
		fmt.Fprintf(&b, "applied: CPU %d, position %d, time %v\n", s.CPU, s.Position, s.Time)
		fmt.Fprintf(&b, "         pc %#x, %s\n", s.Place.PC, PlaceText(s.Place))
		fmt.Fprintf(&b, "         %s\n", StrikeText(s))
	}
	for i, f := range r.Further {
		furtherText(&b, i+2, &f)
	}
	fmt.Fprintf(&b, "outcome: %s\n", OutcomeText(r))
	if r.Cause != (faults.Failure{}) {
		fmt.Fprintf(&b, "cause:   %s\n", r.Cause)
	}
	if len(r.Detections) > 0 {
		fmt.Fprintf(&b, "latency: detection %v, recovery %s (%d instructions)\n", r.DetectionLatency, orDash(r.RecoveryLatency), r.RecoveryInstructions)
	}
	for _, v := range r.Verdicts {
		fmt.Fprintf(&b, "%s: %s\n", v.VM, verdictText(v))
	}
	fmt.Fprintf(&b, "end:     position %d, time %v, %d instructions after the fault, state %v\n", r.EndPosition, r.EndTime, r.Instructions, r.EndDigest)
	endsText(&b, r)
	b.WriteString("\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	if err := writeTimeline(w, timeline(r)); err != nil || r.Console == "" {
		return err
	}
	_, err = fmt.Fprintf(w, "\nthe console ended with:\n%s\n", strings.TrimSpace(r.Console))
	return err
}

// ShowJSON prints the row of one run as an object.
func ShowJSON(db *store.DB, w io.Writer, setting string, index int) error {
	r, err := db.Row(setting, index)
	if err != nil {
		return err
	}
	c, err := db.Campaign()
	if err != nil {
		return err
	}
	x, err := experiments.Parse(c.Experiment, c.File)
	if err != nil {
		return err
	}
	shown := struct {
		*experiments.Row
		Paper *bool `json:"recovered_paper"` // null where no VM is made late
	}{Row: r}
	if x.VMM.Late > 0 {
		shown.Paper = &r.Paper
	}
	return WriteJSON(w, shown)
}

// furtherText says what became of one more fault of a run.
func furtherText(b *strings.Builder, n int, f *faults.Struck) {
	fmt.Fprintf(b, "fault %d: trigger: time %v, then %d instructions of the target\n", n, f.Plan.Time, f.Plan.N)
	if s := f.Strike; s != nil {
		fmt.Fprintf(b, "applied: CPU %d, position %d, time %v\n", s.CPU, s.Position, s.Time)
		fmt.Fprintf(b, "         pc %#x, %s\n         %s\n", s.Place.PC, PlaceText(s.Place), StrikeText(s))
		return
	}
	b.WriteString("         not applied: the run ended before it, or there was nothing to strike\n")
}

// endsText says where each processor was at the end.
func endsText(b *strings.Builder, r *experiments.Row) {
	for i, e := range r.Ends {
		fmt.Fprintf(b, "         CPU %d at privilege level %d in %s\n", i, e.CPL, PlaceText(e.Place))
	}
}

func orDash(t sim.Time) string {
	if t == 0 {
		return "-"
	}
	return t.String()
}

func verdictText(v faults.Verdict) string {
	state := "right"
	switch {
	case v.Wrong:
		state = "wrong"
	case !v.Right:
		state = "incomplete"
	}
	if v.Detail != "" {
		state += ": " + v.Detail
	}
	probe := string(v.Probe)
	if probe == "" {
		probe = "not reached"
	}
	return state + "; probe " + probe
}

// Text prints a replay: whether it is identical, and its timeline.
func (r *Replay) Text(w io.Writer) error {
	if r.WhatIf != nil {
		if err := r.WhatIf.Text(w); err != nil {
			return err
		}
		return r.rest(w)
	}
	verdict := "identical to the stored row"
	if len(r.Differences) > 0 {
		verdict = "DIFFERENT from the stored row:\n  " + strings.Join(r.Differences, "\n  ")
	}
	if _, err := fmt.Fprintf(w, "%s: %s\n\n", r.Row.Run(), verdict); err != nil {
		return err
	}
	return r.rest(w)
}

// rest is what a replay prints of the run itself.
func (r *Replay) rest(w io.Writer) error {
	if err := writeTimeline(w, timeline(r.Row)); err != nil {
		return err
	}
	for _, v := range r.Row.Verdicts {
		if _, err := fmt.Fprintf(w, "%s: %s\n", v.VM, verdictText(v)); err != nil {
			return err
		}
	}
	for _, line := range r.Left {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if r.Trace == nil {
		return nil
	}
	return r.Trace.Text(w, r)
}
