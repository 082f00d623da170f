package retrace

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/sim"
)

// moment is a line of a timeline.
type moment struct {
	what     string
	cpu      int
	position uint64
	time     sim.Time
	where    string
}

// timeline is what happened in a run, in the machine's order.
func timeline(r *experiments.Row) []moment {
	if r.Strike == nil {
		return []moment{{what: "not applied: " + r.Reason}}
	}
	s := r.Strike
	list := []moment{strikeMoment(s)}
	steps := r.Steps
	for i, d := range r.Detections {
		for len(steps) > 0 && steps[0].Position < d.Position {
			list, steps = append(list, stepMoment(steps[0])), steps[1:]
		}
		what := fmt.Sprintf("detected: %s, %s", d.Kind, d.What)
		if i > 0 {
			what = fmt.Sprintf("failure %d %s", i+1, what)
		}
		list = append(list, moment{what, d.CPU, d.Position, d.Time, PlaceText(d.Place)})
	}
	for _, s := range steps {
		list = append(list, stepMoment(s))
	}
	for _, f := range r.Further {
		if f.Strike != nil {
			list = append(list, strikeMoment(f.Strike))
		}
	}
	slices.SortStableFunc(list, func(a, b moment) int { return cmp.Compare(a.position, b.position) })
	return append(list, moment{what: "outcome: " + OutcomeText(r), cpu: -1, position: r.EndPosition, time: r.EndTime})
}

func strikeMoment(s *faults.Strike) moment {
	return moment{"fault: " + StrikeText(s), s.CPU, s.Position, s.Time, PlaceText(s.Place)}
}

func stepMoment(s faults.Step) moment {
	m := moment{"recovery: " + s.Name, s.CPU, s.Position, s.Time, PlaceText(s.Place)}
	if s.Code == faults.StepResume {
		m.what = s.Name
	}
	return m
}

// OutcomeText is the outcome of a run and why.
func OutcomeText(r *experiments.Row) string {
	if r.Reason == "" {
		return r.Outcome.String()
	}
	return fmt.Sprintf("%s (%s)", r.Outcome, r.Reason)
}

// PlaceText is a place in the program.
func PlaceText(p faults.Place) string {
	if p.Function == "" {
		return fmt.Sprintf("%#x, where no code is known", p.PC)
	}
	text := fmt.Sprintf("%s+%#x", p.Function, p.Offset)
	if p.File != "" {
		text += fmt.Sprintf(" %s:%d", p.File, p.Line)
	}
	if p.Inlined != "" {
		text += " (" + p.Inlined + ", inlined)"
	}
	return text
}

// writeTimeline prints moments as a table.
func writeTimeline(w io.Writer, list []moment) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%12s  %14s  %3s  %s\n", "position", "time", "CPU", "what, where")
	for _, m := range list {
		cpu := fmt.Sprint(m.cpu)
		if m.cpu < 0 {
			cpu = ""
		}
		fmt.Fprintf(&b, "%12d  %14v  %3s  %s\n", m.position, m.time, cpu, m.what)
		if m.where != "" {
			fmt.Fprintf(&b, "%12s  %14s  %3s  in %s\n", "", "", "", m.where)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
