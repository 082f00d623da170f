package step

import (
	"fmt"
	"strings"

	"resvirt/experiments/store"
	"resvirt/faults"
)

func drawPicker(b box, s *State) {
	p := &s.Pick
	b = b.sub(0, 0, b.w, b.h-s.footRows())
	if p.path == "" {
		drawBases(b, s)
		return
	}
	list := p.chosen()
	in := b.frame(fmt.Sprintf("%s: %d of %d runs%s", p.path, len(list), len(p.runs), p.filtered()), true)
	struck := max((in.w-42)/2, 10)
	row := func(y int, st style, cells ...string) {
		x := 0
		for i, w := range []int{14, 10, 17, struck} {
			in.fit(x, y, w-1, cells[i], st)
			x += w
		}
		in.fit(x, y, in.w-x, cells[4], st)
	}
	row(0, style{dim: true}, "run", "fault", "outcome", "struck in", "cause")
	top := p.rows.window(len(list), in.h-1)
	for y := 1; y < in.h && top+y-1 < len(list); y++ {
		r := list[top+y-1]
		row(y, style{}, r.String(), r.Fault, pickedOutcome(r), r.Struck, r.Cause)
		if top+y-1 == min(p.rows.cursor, len(list)-1) {
			in.reverse(y)
		}
	}
	if len(list) == 0 {
		missing(in.sub(0, 1, in.w, in.h-1), "No run passes these filters; a takes them away.")
	}
}

// filtered says which runs are listed.
func (p *picker) filtered() string {
	var list []string
	for _, f := range []string{p.outcome, p.setting, p.fault} {
		if f != "" {
			list = append(list, f)
		}
	}
	if p.text != "" {
		list = append(list, fmt.Sprintf("%q", p.text))
	}
	if len(list) == 0 {
		return ""
	}
	return ", " + strings.Join(list, ", ")
}

func pickedOutcome(r store.RunLine) string {
	o, err := faults.ParseOutcome(r.Outcome)
	switch {
	case err == nil && o.Unsurvived():
		return "✗ " + r.Outcome
	case r.Outcome == faults.Recovered.String():
		return "✓ " + r.Outcome
	}
	return "· " + r.Outcome
}

func drawBases(b box, s *State) {
	p := &s.Pick
	in := b.frame("Databases here", true)
	if len(p.bases) == 0 {
		text := "There is no database here yet: `resvirt run EXPERIMENT` makes one."
		switch {
		case !p.listed:
			text = "Looking."
		case p.canMake:
			text = "There is no database here yet. m makes quick.db: 3000 runs, some minutes on two cores; Esc stops it, and what is done is kept."
		}
		missing(in, text)
		return
	}
	top := p.rows.window(len(p.bases), in.h)
	for y := 0; y < in.h && top+y < len(p.bases); y++ {
		d := p.bases[top+y]
		text := fmt.Sprintf("%-30s %-14s %6d runs", d.path, d.experiment, d.runs)
		if d.why != "" {
			text = fmt.Sprintf("%-30s %s", d.path, d.why)
		}
		in.fit(1, y, in.w-2, text, style{dim: d.why != ""})
		if top+y == min(p.rows.cursor, len(p.bases)-1) {
			in.reverse(y)
		}
	}
}
