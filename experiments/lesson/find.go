package lesson

import (
	"context"
	"fmt"
	"strings"

	"resvirt/experiments/recording"
	"resvirt/experiments/store"
)

// NoRunError says that a database has no run for a lesson, and what to do.
type NoRunError struct {
	Lesson *Lesson
	DB     string
	Tried  int // runs that a query chose
}

func (e *NoRunError) Error() string {
	var queries []string
	for _, q := range e.Lesson.Find {
		queries = append(queries, q.Text)
	}
	why := "it has none with " + strings.Join(queries, ", or ")
	if e.Tried > 0 {
		why = fmt.Sprintf("none of %d that its queries choose has what it needs", e.Tried)
	}
	return fmt.Sprintf("lesson %s finds no run in %s: %s; %s makes a database that has one", e.Lesson.Name, e.DB, why, e.Lesson.Make)
}

// tried is how many runs of a query are asked whether they have what a lesson needs of
// the machine; those of which the row tells it are all asked.
const tried = 100

// Has says in short time whether a database can have a run for a lesson: whether a query
// chooses any.
func (l *Lesson) Has(db *store.DB) (bool, error) {
	for _, q := range l.Find {
		list, err := chosenBy(db, q)
		if err != nil || len(list) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// chosenBy lists the runs that a query chooses. A setting that the database lacks has
// none.
func chosenBy(db *store.DB, q Query) ([]store.RunLine, error) {
	settings, err := db.Settings()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{q.Filter.Setting, q.Filter.WorseThan} {
		there := name == ""
		for _, s := range settings {
			there = there || s.Name == name
		}
		if !there {
			return nil, nil
		}
	}
	return db.Runs(q.Filter)
}

// find looks for the lesson's run: the first that a query chooses and that has what the
// lesson needs, of the queries in their order.
func (s *Session) find(ctx context.Context, told func(done, all int)) error {
	count := 0
	for _, q := range s.Lesson.Find {
		list, err := chosenBy(s.db, q)
		if err != nil {
			return err
		}
		count += len(list)
		opened := 0
		for i, line := range list {
			if told != nil {
				told(i, len(list))
			}
			if opened == tried {
				break
			}
			ok, machine, err := s.suits(ctx, &q, line)
			if err != nil {
				return err
			}
			if ok {
				s.Query = q
				return nil
			}
			if machine {
				opened++
			}
		}
	}
	return &NoRunError{s.Lesson, s.db.Path(), count}
}

// suits opens a run if it has what the lesson needs. What its row tells is asked first;
// machine says whether that was not enough to refuse it.
func (s *Session) suits(ctx context.Context, q *Query, l store.RunLine) (ok, machine bool, err error) {
	row, err := s.db.Row(l.Setting, l.Index)
	if err != nil {
		return false, false, err
	}
	setting, err := s.db.Setting(l.Setting)
	if err != nil {
		return false, false, err
	}
	s.Recording = &recording.Recording{Row: row, Setting: setting}
	if ok, err := s.needs(ctx, q, true); !ok || err != nil {
		return false, false, err
	}
	if s.Recording, err = s.campaign.Record(l.Setting, l.Index); err != nil {
		return false, true, err
	}
	clear(s.places)
	clear(s.facts)
	s.besides = nil
	ok, err = s.needs(ctx, q, false)
	return ok, true, err
}

// needs asks what a query needs: of the row alone, or the rest.
func (s *Session) needs(ctx context.Context, q *Query, row bool) (bool, error) {
	for _, n := range q.Needs {
		if ofRowAlone(n.Expr) != row {
			continue
		}
		ok, err := isTrue(n.Expr, &scope{ctx: ctx, s: s, r: s.Recording, place: "F"})
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil || !ok {
			return false, nil // where a fact is not there, the run has not what is needed
		}
	}
	return true, nil
}
