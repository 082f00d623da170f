package lesson

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"resvirt/experiments"
	"resvirt/experiments/recording"
)

// databaseFacts are counted over all runs.
func databaseFacts() []fact {
	return []fact{
		{name: "runs", params: []param{{"QUERY", Text}}, meaning: "how many runs the database has, or how many a query such as outcome recovered, setting basic chooses", eval: func(c *scope, args []Value) (Value, error) {
			q := Query{}
			if len(args) > 0 {
				var err error
				if q, err = parseQuery(args[0].Text); err != nil {
					return Value{}, err
				}
			}
			list, err := c.s.db.Runs(q.Filter)
			return number(uint64(len(list))), err
		}},
	}
}

// under is the stored run of the same fault under another setting.
func (s *Session) under(of *recording.Recording, setting string) (*recording.Recording, error) {
	return s.kept("under "+setting, of, func() (*recording.Recording, error) {
		return s.campaign.Record(setting, of.Row.Index)
	})
}

// fork is the run under a changed setting.
func (s *Session) fork(ctx context.Context, of *recording.Recording, change experiments.Change) (*recording.Recording, error) {
	return s.kept(change.String(), of, func() (*recording.Recording, error) {
		return s.campaign.Fork(ctx, of, change)
	})
}

// most is how many runs beside its own a session keeps: each has a machine.
const most = 6

// beside is a run that an expression asked for, and the run from which it asked.
type beside struct {
	of   *recording.Recording
	how  string
	then *recording.Recording
}

// kept makes a run that an expression asks for, once.
func (s *Session) kept(how string, of *recording.Recording, record func() (*recording.Recording, error)) (*recording.Recording, error) {
	i := slices.IndexFunc(s.besides, func(b beside) bool { return b.of == of && b.how == how })
	if i >= 0 {
		return s.besides[i].then, nil
	}
	r, err := record()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", of.Row.Run(), how, err)
	}
	if len(s.besides) == most {
		gone := s.besides[0].then
		maps.DeleteFunc(s.places, func(l located, _ recording.Position) bool { return l.r == gone })
		maps.DeleteFunc(s.facts, func(k known, _ Value) bool { return k.r == gone })
		s.besides = slices.Delete(s.besides, 0, 1)
	}
	s.besides = append(s.besides, beside{of, how, r})
	return r, nil
}
