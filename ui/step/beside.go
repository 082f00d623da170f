package step

import (
	"context"
	"fmt"

	"resvirt/experiments/recording"
)

// beside lets both runs of a what-if move together, or one alone again.
func beside(s State) (State, command) {
	if s.Ask.Beside != "" {
		s.Ask.Beside = ""
		s.Say = "one run alone"
		return s, nil
	}
	text := s.Run.Change
	if now := s.What.text(s.Run.choices()); text == "" && s.What.fork(now) != nil {
		text = now
	}
	if text == "" && len(s.What.forks) > 0 {
		text = s.What.forks[0].text
	}
	if text == "" {
		s.Say = "there is no other run yet: in pane 6 Space switches a step, Enter executes the run so"
		return s, nil
	}
	s.Ask.Beside = text
	s.Say = "both move together; o shows the other one, B one alone again"
	return s, nil
}

// other is the run that is moved together with the one that is stepped through; nil if none is.
func (d *desk) other() *recording.Recording {
	switch {
	case d.ask.Beside == "":
		return nil
	case d.rec != d.base:
		return d.base
	}
	return d.forks[d.ask.Beside]
}

// with does something with another run in the place of the one that is stepped through.
func (d *desk) with(r *recording.Recording, f func()) {
	rec, of, cpu, kept := d.rec, d.of, d.cpu, d.kept
	d.use(of.Path, r)
	f()
	d.rec, d.of, d.cpu, d.kept = rec, of, cpu, kept
}

// beside brings the other run to the same position, and adds what its panes show.
func (d *desk) beside(ctx context.Context, r request, now *scene) {
	other := d.other()
	if other == nil || other.Run.Seek(ctx, min(now.At, other.Run.End())) != nil {
		return
	}
	d.with(other, func() {
		now.Other = d.scene()
		d.gather(ctx, r.shown, now.Other)
		now.Of = d.of
	})
}

// sides says whether both runs are side by side.
func (s *State) sides() bool {
	return s.Ask.Beside != "" && s.Now != nil && s.Now.Other != nil && s.W >= 2*leastW && s.H >= leastH
}

// letter_ says which of two runs it is, and with a glyph whether keys are about it.
func (s *State) letter_() string {
	if s.Ask.Beside == "" || s.Run == nil {
		return ""
	}
	letter := "A "
	if s.Run.Change != "" {
		letter = "B "
	}
	if s.passive {
		return letter
	}
	return "▶" + letter
}

// half is a state for one half of the screen.
func (s *State) half() State {
	h := *s
	h.W = s.W / 2
	h.narrow = true
	return h
}

// sided is the layout of the run that is stepped through, in its half.
func (s *State) sided() []placed {
	h := s.half()
	list := h.layout()
	if s.Run.Change != "" {
		for i := range list {
			list[i].x += h.W
		}
	}
	return list
}

// drawSides paints both runs, A on the left.
func (s *State) drawSides(b box) {
	here := s.half()
	there := here
	there.passive = true
	there.Run, there.Now, there.Last = s.Now.Of, s.Now.Other, nil
	there.Known, there.Left = s.Left.of(there.Run.Row), left{s.Run.Row, s.Known}
	if s.Last != nil {
		there.Last = s.Last.Other
	}
	for _, h := range []State{here, there} {
		x := 0
		if h.Run.Change != "" {
			x = h.W
		}
		in := b.sub(x, 0, h.W, b.h)
		h.drawHead(in)
		for _, p := range h.layout() {
			h.drawPane(in.sub(p.x, p.y, p.w, p.h), p.id)
		}
	}
}

func instructionsText(n uint64) string {
	if n == 1 {
		return "1 instruction"
	}
	return commas(n) + " instructions"
}

// besideText says how two runs that move together stand to each other.
func (s *State) besideText() string {
	f := s.What.fork(s.Ask.Beside)
	if f == nil || s.Now.Other == nil {
		return ""
	}
	text := "A and B execute the same"
	switch {
	case f.partAt == 0:
	case s.Now.At < f.partAt:
		text = fmt.Sprintf("A and B are the same up to %s, %s on", f.partIn, instructionsText(f.partAt-s.Now.At))
	case s.Now.At == f.partAt:
		text = "A and B part here"
	default:
		text = fmt.Sprintf("A and B parted at %s, %s ago", f.partIn, instructionsText(s.Now.At-f.partAt))
	}
	if o := s.Now.Other; o.At < s.Now.At {
		return text + fmt.Sprintf("; the other one has ended at %s", commas(o.At))
	}
	return text + "; there " + placeText(s.Now.Other.Place)
}
