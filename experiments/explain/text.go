package explain

import (
	"fmt"
	"io"
	"strings"

	"resvirt/experiments/retrace"
	"resvirt/vi/inspect"
)

// JSON writes an explanation for programs.
func (e *Explanation) JSON(w io.Writer) error {
	return retrace.WriteJSON(w, struct {
		*Explanation
		Chain []Link `json:"chain"`
	}{e, e.Chain()})
}

// How many lines of a kind the text has; JSON has them all.
const (
	textViolations = 16
	textChanges    = 6
	textDiffers    = 24
)

// Text writes an explanation for people.
func (e *Explanation) Text(w io.Writer) error {
	var b strings.Builder
	if e.WhatIf != nil {
		if err := e.WhatIf.Text(&b); err != nil {
			return err
		}
	}
	fmt.Fprintf(&b, "%s: %s\n", e.Run, e.Outcome)
	fmt.Fprintf(&b, "\nTHE FAULT\n  %s\n", e.Fault)
	if e.At.Function != "" {
		fmt.Fprintf(&b, "  in %s\n", e.At.text())
	}
	if e.Detection != nil {
		e.Detection.write(&b)
		e.writeSteps(&b)
	}
	if e.End.known() {
		e.End.write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// text is a place with its source.
func (l *Line) text() string {
	if l.Source == "" {
		return l.place()
	}
	return l.place() + "  " + l.Source
}

func (d *Detected) write(b *strings.Builder) {
	fmt.Fprintf(b, "\nDETECTED at position %d, %v, on CPU %d\n  %s\n", d.Position, d.Time, d.CPU, d.What)
	for _, l := range d.Evidence {
		fmt.Fprintf(b, "  %v\n", l)
	}
	writeChains(b, d.CPUs)
	fmt.Fprintf(b, "  %s beyond those of the golden run at this position, which shares %d\n", plural(len(d.Violations), "violated invariant"), len(d.Golden))
	writeViolations(b, "    ", d.Violations, textViolations)
	words := 0
	for _, x := range d.Differs {
		words += x.Words
	}
	fmt.Fprintf(b, "  %s in %s than in the golden run\n", plural(words, "other number"), plural(len(d.Differs), "structure"))
	for i, x := range d.Differs {
		if i == textDiffers {
			fmt.Fprintf(b, "    and %d more structures\n", len(d.Differs)-i)
			break
		}
		fmt.Fprintf(b, "    %-18s %4d  %s\n", x.Structure, x.Words, strings.Join(x.First[:min(2, len(x.First))], "; "))
	}
}

func writeChains(b *strings.Builder, list []Chain) {
	for _, c := range list {
		fmt.Fprintf(b, "  CPU %d, %s:\n", c.CPU, c.State)
		for i := range c.Calls {
			fmt.Fprintf(b, "    %s\n", c.Calls[i].text())
		}
	}
}

func writeViolations(b *strings.Builder, indent string, list []inspect.Violation, most int) {
	for i, v := range list {
		if i == most {
			fmt.Fprintf(b, "%sand %d more\n", indent, len(list)-i)
			return
		}
		fmt.Fprintf(b, "%s%-10s %s\n", indent, v.Kind, v)
	}
}

func (e *Explanation) writeSteps(b *strings.Builder) {
	b.WriteString("\nRECOVERY, step by step, until it is first complete: what holds again after it (+), what does not any more (-)\n")
	if len(e.Steps) == 0 {
		b.WriteString("  no step was announced\n")
	}
	for _, s := range e.Steps {
		fmt.Fprintf(b, "  %-18s CPU %d at %d: %d repaired, %d new, %d left\n", s.Name, s.CPU, s.Position, len(s.Repaired), len(s.Broken), s.Left)
		writeViolations(b, "      + ", s.Repaired, textChanges)
		writeViolations(b, "      - ", s.Broken, textChanges)
		for _, o := range s.Beside {
			fmt.Fprintf(b, "    meanwhile %s: %d repaired, %d new\n", o.Who, len(o.Repaired), len(o.Broken))
			writeViolations(b, "      + ", o.Repaired, textChanges)
			writeViolations(b, "      - ", o.Broken, textChanges)
		}
	}
	when := "at the last moment above; recovery was never complete"
	if e.Complete {
		when = "when recovery was complete"
	}
	fmt.Fprintf(b, "\nLEFT %s: %s\n", when, plural(len(e.Left), "violated invariant"))
	writeViolations(b, "  ", e.Left, textViolations)
	e.Helps.write(b)
}

func (h *Helps) write(b *strings.Builder) {
	if len(h.Remedies) == 0 {
		return
	}
	b.WriteString("\nWHAT THE SAME FAULT NEEDED ELSEWHERE, of the steps that this setting does not allow\n")
	for _, r := range h.Remedies {
		need := "survives without it"
		if r.Needed {
			need = "without it: " + r.Without
		}
		fmt.Fprintf(b, "  %s\n    %s %s\n    this run with it: %s\n", r.Step, r.Run, need, r.With)
		if len(r.Repairs) > 0 {
			fmt.Fprintf(b, "    there it repaired, of what was left here:\n")
			writeViolations(b, "      + ", r.Repairs, textChanges)
		}
	}
	if h.WithAll != "" {
		fmt.Fprintf(b, "  this run with all of them: %s\n", h.WithAll)
	}
}

func (e *End) write(b *strings.Builder) {
	fmt.Fprintf(b, "\nTHE END\n  cause: %v\n", e.Cause)
	for _, l := range e.Evidence {
		fmt.Fprintf(b, "  %v\n", l)
	}
	writeChains(b, e.CPUs)
	if len(e.Console) > 0 {
		b.WriteString("  the console ended with:\n")
	}
	for _, l := range e.Console {
		fmt.Fprintf(b, "    %s\n", l)
	}
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
