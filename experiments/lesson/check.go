package lesson

import (
	"context"
	"fmt"
)

// Problem is where a lesson and its recording do not go together.
type Problem struct {
	Line int
	Text string
}

// Check asks all that a lesson says of its recording, and lists what is not so.
func (s *Session) Check(ctx context.Context) (list []Problem, err error) {
	for i := range s.Lesson.Stops {
		stop := &s.Lesson.Stops[i]
		note := func(line int, err error) {
			if e, ok := err.(*LineError); ok {
				line, err = e.Line, e.Err
			}
			if err != nil {
				list = append(list, Problem{line, err.Error()})
			}
		}
		c, err := s.scope(ctx, i)
		if err != nil {
			note(stop.Line, err)
			return list, ctx.Err() // the stops behind it are searched from here
		}
		looks, err := stop.looks(c)
		note(stop.Line, err)
		for k, l := range looks {
			_, err := s.look(c, l)
			note(stop.Look[k].Line, err)
		}
		for _, h := range stop.Holds {
			ok, err := isTrue(h.Expr, c)
			if err == nil && !ok {
				err = fmt.Errorf("this does not hold in %s", s.Recording.Row.Run())
			}
			note(h.Line, err)
		}
		v, err := s.Stop(ctx, i)
		note(stop.Line, err)
		if stop.Question != nil {
			if err == nil {
				note(stop.Question.Line, different(v.Choices))
			}
			_, err = s.Key(ctx, i)
			note(stop.Question.Line, err)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return list, nil
}

// different refuses choices of which two say the same.
func different(choices []string) error {
	seen := map[string]bool{}
	for _, c := range choices {
		if seen[c] {
			return fmt.Errorf("two choices say %q", c)
		}
		seen[c] = true
	}
	return nil
}
