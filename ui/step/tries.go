package step

import (
	"context"

	"resvirt/experiments/explain"
)

// explained is a run's explanation, which one aside finds and the next one uses.
type explained struct{ e *explain.Explanation }

// helpful finds the steps that would help a failed run, as runs of the same fault under other
// settings show. These were read when it was opened; runs are executed beside the screen.
func (d *desk) helpful(found *explained) aside {
	r, by := d.rec, d.survivors
	return func(ctx context.Context) learned {
		var tries []string
		if found.e != nil {
			if helps, err := explain.HelpsOf(ctx, r, found.e, by, untold); err == nil {
				for _, h := range helps.Remedies {
					tries = append(tries, h.Step)
				}
			}
		}
		return learned{r.Row, func(s State) State { return s.try(tries) }}
	}
}

// try adds the steps that are to be tried first. The cursor stays on its entry.
func (s State) try(steps []string) State {
	list := s.offered(s.Run.choices())
	on := list[min(s.Rows[whatifPane].cursor, len(list)-1)].name
	s.Known.tries = steps
	return s.point(on)
}

// tries are the steps that are to be tried first: those that would help the stored run.
func (s *State) tries() []string {
	if s.Left.row == s.Run.Base.row {
		return s.Left.known.tries
	}
	return s.Known.tries
}
