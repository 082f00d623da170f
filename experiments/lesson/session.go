package lesson

import (
	"context"
	"fmt"
	"strings"

	"resvirt/experiments/recording"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
)

// Session is a lesson on a recording that was found for it. It has machines of its own,
// which a user of the recording moves at will; one goroutine uses it at a time.
type Session struct {
	Lesson    *Lesson
	Recording *recording.Recording
	Query     Query // that found it

	campaign *recording.Campaign
	db       *store.DB
	anatomy  *testbed.Anatomy
	places   map[located]recording.Position
	facts    map[known]Value
	besides  []beside
}

// located is a place of a recording, searched from a position.
type located struct {
	r     *recording.Recording
	place string
	from  recording.Position
}

// Begin finds a lesson's run in a campaign's database. It returns a *NoRunError where
// there is none. told, if given, is called before each run that is tried, with how many of how
// many of a query have been.
func Begin(ctx context.Context, l *Lesson, db *store.DB, c *recording.Campaign, told func(done, all int)) (*Session, error) {
	s := newSession(l, db, c)
	return s, s.find(ctx, told)
}

// newSession is a session without a run.
func newSession(l *Lesson, db *store.DB, c *recording.Campaign) *Session {
	return &Session{Lesson: l, campaign: c, db: db, anatomy: c.Guests().Anatomy, places: map[located]recording.Position{}, facts: map[known]Value{}}
}

// Shown is what a stop says.
type Shown struct {
	Name     string // of the place, as the lesson has it
	Place    string // as recordings name it
	Position recording.Position
	Look     []Looked
	Text     []string // paragraphs
	Question string   // empty: there is none
	Choices  []string // empty: a value is asked
}

// Looked is what the student is to look at: a pane, and what in it.
type Looked struct{ Pane, At string }

// looks fills in what a stop's looks name.
func (stop *Stop) looks(c *scope) (list []Looked, err error) {
	for _, l := range stop.Look {
		at, err := l.At.text(c)
		if err != nil {
			return nil, err
		}
		list = append(list, Looked{l.Pane, at})
	}
	return list, nil
}

// Key is the answer to a stop's question, found by execution.
type Key struct {
	Choice int   // index of the right one, -1 where a value is asked
	Value  Value // that is asked
	Within uint64
	Right  string   // the answer as text
	Then   []string // paragraphs to be read after it
}

// Grade tells whether an answer is right: the letter or number of a choice, or a value.
// understood is false where it is no answer at all.
func (k *Key) Grade(typed string, choices int) (right, understood bool) {
	if k.Choice < 0 {
		return k.Value.Accepts(typed, k.Within)
	}
	typed = strings.ToLower(strings.TrimSpace(typed))
	if len(typed) != 1 {
		return false, false
	}
	n := int(typed[0]) - 'a'
	if digit(typed[0]) {
		n = int(typed[0]) - '1'
	}
	return n == k.Choice, n >= 0 && n < choices
}

// scope is where the expressions of a stop are asked. Code is searched from the stop
// before it.
func (s *Session) scope(ctx context.Context, i int) (*scope, error) {
	c := &scope{ctx: ctx, s: s, r: s.Recording, place: "F"}
	for k := range s.Lesson.Stops[:i+1] {
		stop := &s.Lesson.Stops[k]
		place, err := stop.Place.text(c)
		if err == nil && k > 0 {
			c.from, err = c.position()
		}
		if c.place = place; err == nil {
			_, err = c.position()
		}
		if err != nil {
			return nil, &LineError{stop.Line, err}
		}
	}
	return c, nil
}

// Stop goes to the stop with an index from 0, and gives its place and text.
func (s *Session) Stop(ctx context.Context, i int) (*Shown, error) {
	stop := &s.Lesson.Stops[i]
	c, err := s.scope(ctx, i)
	if err != nil {
		return nil, err
	}
	at, err := c.position()
	if err != nil {
		return nil, err
	}
	v := &Shown{Name: c.place, Place: s.Recording.PlaceOf(at), Position: at}
	if v.Look, err = stop.looks(c); err != nil {
		return v, err
	}
	if v.Text, err = texts(stop.Text, c); err != nil || stop.Question == nil {
		return v, err
	}
	if v.Question, err = stop.Question.Text.text(c); err != nil {
		return v, err
	}
	for _, choice := range stop.Question.Choices {
		t, err := choice.Text.text(c)
		if err != nil {
			return v, err
		}
		v.Choices = append(v.Choices, t)
	}
	return v, nil
}

// Key finds the answer to a stop's question by execution. It is an error if none or
// several of its choices are right.
func (s *Session) Key(ctx context.Context, i int) (*Key, error) {
	q := s.Lesson.Stops[i].Question
	if q == nil {
		return nil, fmt.Errorf("BUG: stop %d has no question", i+1)
	}
	c, err := s.scope(ctx, i)
	if err != nil {
		return nil, err
	}
	k := &Key{Choice: -1, Within: q.Within}
	if q.Answer != nil {
		if k.Value, err = q.Answer.Expr.eval(c); err != nil {
			return nil, &LineError{q.Answer.Line, err}
		}
		k.Right = k.Value.String()
	} else if err := s.choose(k, q, c); err != nil {
		return nil, err
	}
	k.Then, err = texts(q.Then, c)
	return k, err
}

// choose finds the one choice that is right.
func (s *Session) choose(k *Key, q *Question, c *scope) error {
	var right []string
	for i, choice := range q.Choices {
		if choice.If == nil {
			continue
		}
		ok, err := isTrue(choice.If.Expr, c)
		if err != nil {
			return &LineError{choice.If.Line, err}
		}
		if !ok {
			continue
		}
		k.Choice = i
		if k.Right, err = choice.Text.text(c); err != nil {
			return err
		}
		right = append(right, string(rune('a'+i)))
	}
	switch len(right) {
	case 0:
		return &LineError{q.Line, fmt.Errorf("none of the choices is right in %s", s.Recording.Row.Run())}
	case 1:
		return nil
	}
	return &LineError{q.Line, fmt.Errorf("of the choices %s are all right in %s, there must be one", strings.Join(right, " and "), s.Recording.Row.Run())}
}
