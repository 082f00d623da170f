package gdb

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"resvirt/internal/words"
)

// Help implements Target.
func (t *Recorded) Help() [][2]string {
	return [][2]string{
		{"position", "where the machine stands"},
		{"goto PLACE", "go to a place: a position, 50%, start, F, D, R, E, D+120, step 6, a step's name, main.hypercall, trap.go:20; +N and -N from here"},
		{"fault, detection, resumption, end [N]", "go to the N-th of them"},
		{"step N", "go to the N-th recovery step; also: step NAME"},
		{"steps", "list what happens in the run, with places"},
		{"golden", "change to the run without a fault, at the same position; run changes back"},
		{"broken", "list invariants of the hypervisor that are broken here and not in the golden run"},
	}
}

// letters are the commands that lead to an event.
var letters = map[string]string{"start": "start", "fault": "F", "detection": "D", "resumption": "R", "end": "E"}

// Monitor implements Target.
func (t *Recorded) Monitor(ctx context.Context, _ int, args []string) (Answer, error) {
	rest := strings.Join(args[1:], " ")
	if place, ok := letters[args[0]]; ok {
		if _, err := strconv.ParseUint(rest, 10, 64); err != nil && rest != "" {
			return Answer{}, fmt.Errorf("%q is no number", rest)
		}
		return t.goTo(ctx, place+rest)
	}
	switch args[0] {
	case "position":
		return Answer{Text: t.where()}, nil
	case "goto":
		return t.goTo(ctx, rest)
	case "step":
		if _, err := strconv.ParseUint(rest, 10, 64); err == nil {
			rest = "step " + rest
		}
		return t.goTo(ctx, rest)
	case "steps":
		return Answer{Text: t.events()}, nil
	case "golden":
		return t.swap(ctx, true)
	case "run":
		return t.swap(ctx, false)
	case "broken":
		return t.broken(ctx)
	}
	known := []string{"position", "goto", "step", "steps", "golden", "run", "broken", "help", "phys", "space"}
	for name := range letters {
		known = append(known, name)
	}
	if near := words.Nearest(args[0], known); near != "" {
		return Answer{}, fmt.Errorf("there is no command %q; did you mean %s?", args[0], near)
	}
	return Answer{}, fmt.Errorf("there is no command %q: monitor help lists them", args[0])
}

// events lists what happens in the run.
func (t *Recorded) events() string {
	var out strings.Builder
	for _, e := range t.r.Events {
		what := e.Kind.String()
		if e.Name != "" && e.Name != what {
			what += " " + e.Name
		}
		cpu := "  "
		if e.CPU >= 0 {
			cpu = fmt.Sprintf("%2d", e.CPU)
		}
		line := fmt.Sprintf("%-8s %10d %14v CPU %s  %s", t.r.PlaceOf(e.Position), e.Position, e.Time, cpu, what)
		if e.Place.Function != "" {
			line += fmt.Sprintf(" in %s (%s:%d)", e.Place.Source(), e.Place.File, e.Place.Line)
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return out.String()
}

// broken lists broken invariants. What the golden run breaks as well is left out.
func (t *Recorded) broken(ctx context.Context) (Answer, error) {
	if t.golden {
		return Answer{}, fmt.Errorf("this is the golden run: monitor run leads back to the one that is compared with it")
	}
	list, err := t.r.BrokenAt(ctx)
	if err != nil {
		return Answer{}, err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d broken\n", len(list))
	count := map[string]int{}
	for i, v := range list {
		n := count[v.Kind.String()]
		if n++; n <= mostBroken {
			fmt.Fprintf(&out, "%v: %v\n", v.Kind, v)
		}
		if last := i == len(list)-1 || list[i+1].Kind != v.Kind; last && n > mostBroken {
			fmt.Fprintf(&out, "%v: ... and %d more\n", v.Kind, n-mostBroken)
		}
		count[v.Kind.String()] = n
	}
	return Answer{Text: out.String()}, nil
}

// mostBroken bounds what is listed of one kind.
const mostBroken = 8
