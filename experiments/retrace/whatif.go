package retrace

import (
	"fmt"
	"io"
	"strings"

	"resvirt/experiments"
	"resvirt/internal/words"
)

// WhatIf is a stored run under a changed setting: the same fault strikes the same
// instruction, and all else is executed.
type WhatIf struct {
	Run    string   `json:"run"`    // the stored one
	Change string   `json:"change"` // of its setting, in words
	Steps  []string `json:"steps"`  // that were allowed
	Lines  []Pair   `json:"lines"`  // properties of both runs
	Parted *Parting `json:"parted"` // null: both runs are the same
}

// Pair is one property of both runs.
type Pair struct {
	What   string `json:"what"`
	Stored string `json:"stored"`
	Now    string `json:"now"`
}

// Parting is the first event that only one of the runs has; empty if a run has
// ended.
type Parting struct {
	Position uint64 `json:"position"` // up to this position both runs are the same
	Stored   string `json:"stored"`
	Now      string `json:"now"`
}

// NewWhatIf compares a run under the setting s with the stored one.
func NewWhatIf(c experiments.Change, s experiments.Setting, stored, now *experiments.Row) *WhatIf {
	f := &WhatIf{Run: stored.Run(), Change: c.String(), Steps: s.Steps}
	add := func(what, a, b string) {
		if a != "" || b != "" {
			f.Lines = append(f.Lines, Pair{what, a, b})
		}
	}
	add("outcome", OutcomeText(stored), OutcomeText(now))
	add("cause", stored.Cause.String(), now.Cause.String())
	add("failures", fmt.Sprint(len(stored.Detections)), fmt.Sprint(len(now.Detections)))
	add("latency of recovery", orDash(stored.RecoveryLatency), orDash(now.RecoveryLatency))
	verdicts := map[string]string{}
	for _, v := range now.Verdicts {
		verdicts[v.VM] = verdictText(v)
	}
	for _, v := range stored.Verdicts {
		add(v.VM, verdictText(v), verdicts[v.VM])
		delete(verdicts, v.VM)
	}
	for _, v := range now.Verdicts { // of a run that was not judged when it was stored
		if text, ok := verdicts[v.VM]; ok {
			add(v.VM, "", text)
		}
	}
	f.Parted = parting(timeline(stored), timeline(now))
	return f
}

// parting compares timelines. Before a parting, positions are the same.
func parting(a, b []moment) *Parting {
	var p Parting
	for i := range max(len(a), len(b)) {
		if i < len(a) && i < len(b) && a[i] == b[i] {
			p.Position = a[i].position
			continue
		}
		if i < len(a) {
			p.Stored = momentText(a[i])
		}
		if i < len(b) {
			p.Now = momentText(b[i])
		}
		return &p
	}
	return nil
}

func momentText(m moment) string {
	if m.cpu < 0 {
		return fmt.Sprintf("%s, at %d", m.what, m.position)
	}
	return fmt.Sprintf("%s on CPU %d, at %d", m.what, m.cpu, m.position)
}

// Text says plainly that this is not a stored run.
func (f *WhatIf) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "WHAT IF: %s %s. The fault is that of the stored row; the rest was executed now, and is kept nowhere.\n\n", f.Run, f.Change)
	t := words.NewColumns(&b, 2)
	fmt.Fprintln(t, "  \tstored\twhat if")
	for _, l := range f.Lines {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", l.What, dashed(l.Stored), dashed(l.Now))
	}
	t.Flush()
	if f.Parted == nil {
		b.WriteString("\nThe same happened in both.\n\n")
	} else {
		fmt.Fprintf(&b, "\nThe same happened up to position %d. Then\n  stored:   %s\n  what if:  %s\n\n", f.Parted.Position, dashed(f.Parted.Stored), dashed(f.Parted.Now))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func dashed(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
