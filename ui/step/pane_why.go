package step

import (
	"context"
	"fmt"

	"resvirt/experiments/explain"
)

// why shows the chain of causes that explain finds; each line is a place to go to.
func why() *pane {
	p := facts(pane{name: "Why", key: "9", slot: lowLeft, about: "how the fault led to the end: Enter goes to the place of a line"}, gatherWhy, drawWhy)
	p.press = pressWhy
	return p
}

// reasons are nothing that depends on a position: see known.chain.
type reasons struct{}

func gatherWhy(context.Context, *desk) reasons { return reasons{} }

// chained finds the chain of causes of a run.
func (d *desk) chained(found *explained) aside {
	r := d.rec
	return func(ctx context.Context) learned {
		e, err := explain.Of(ctx, r, nil, untold)
		if err == nil {
			found.e = e
		}
		return learned{r.Row, func(s State) State {
			if err != nil {
				s.Known.noChain = err.Error()
			} else if s.Known.chain = e.Chain(); len(s.Known.chain) == 0 {
				s.Known.noChain = "there is nothing to explain"
			}
			return s
		}}
	}
}

func pressWhy(s State, k key) (State, command, bool) {
	list := s.Known.chain
	r := &s.Rows[whyPane]
	var ok bool
	if *r, ok = r.press(k, len(list)); ok {
		return s, nil, true
	}
	if k != "Enter" || len(list) == 0 {
		return s, nil, false
	}
	l := list[min(r.cursor, len(list)-1)]
	if l.Position == 0 {
		s.Say = "this is of no single place"
		return s, nil, true
	}
	if l.CPU >= 0 {
		s.Ask.CPU = l.CPU
	}
	return s, seek{min(l.Position, s.Run.End)}, true
}

// linkGlyphs say of what kind a line of the chain is.
var linkGlyphs = map[explain.LinkKind]string{
	explain.TheFault: "F", explain.TheDetection: "D", explain.Step: "|", explain.Repaired: "✓", explain.Broken: "✗", explain.Wrong: "✗", explain.TheEnd: "E",
}

func drawWhy(b box, s *State, _, _ reasons) {
	list := s.Known.chain
	switch {
	case s.Known.noChain != "":
		missing(b, s.Known.noChain)
		return
	case list == nil:
		missing(b, "The causes are being looked for.")
		return
	}
	r := s.Rows[whyPane]
	top := r.window(len(list), b.h)
	for y := 0; y < b.h && top+y < len(list); y++ {
		l := list[top+y]
		st := style{bold: l.Depth == 0}
		if l.Position > s.Now.At {
			st.dim = true // it is still to come
		}
		glyph := linkGlyphs[l.Kind]
		b.text(0, y, glyph, st)
		text := l.Text
		if l.CPU >= 0 && l.Depth == 0 {
			text = fmt.Sprintf("CPU%d %s", l.CPU, text)
		}
		b.fit(2+2*l.Depth, y, b.w-2-2*l.Depth, text, st)
		if s.Focus == whyPane && top+y == min(r.cursor, len(list)-1) {
			b.reverse(y)
		}
	}
}
