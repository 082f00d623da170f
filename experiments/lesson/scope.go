package lesson

import (
	"context"
	"fmt"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/recording"
	"resvirt/faults"
)

// scope is where an expression is asked: which run, at which place, the run itself or
// the golden one beside it.
type scope struct {
	ctx    context.Context
	s      *Session
	r      *recording.Recording
	golden bool
	place  string
	from   recording.Position // where the search for a place begins
}

// position is the one of the scope's place, in the run.
func (c *scope) position() (recording.Position, error) {
	return c.locate(c.place)
}

// locate finds a place of the run, code from where the scope begins to search.
func (c *scope) locate(place string) (recording.Position, error) {
	key := located{c.r, place, c.from}
	if p, ok := c.s.places[key]; ok {
		return p, nil
	}
	if err := c.begin(place); err != nil {
		return 0, err
	}
	if err := c.r.Goto(c.ctx, place); err != nil {
		return 0, err
	}
	p := c.r.Run.Position()
	c.s.places[key] = p
	return p, nil
}

// begin moves to where a search for code, or a distance, begins.
func (c *scope) begin(place string) error {
	p, err := recording.ParsePlace(place)
	if err != nil || p.Base != recording.OfCode && p.Base != recording.Here {
		return err
	}
	return c.r.Run.Seek(c.ctx, min(max(c.from, c.r.Run.Start()), c.r.Run.End()))
}

// track is the machine of the scope, at its place.
func (c *scope) track() (*recording.Track, error) {
	at, err := c.position()
	if err != nil {
		return nil, err
	}
	t := c.r.Run
	if c.golden {
		if t = c.r.Golden; at > t.End() {
			return nil, fmt.Errorf("the golden run has ended before %s", c.place)
		}
	}
	return t, t.Seek(c.ctx, at)
}

// machine is that of track.
func (c *scope) machine() (faults.Machine, error) {
	t, err := c.track()
	if err != nil {
		return nil, err
	}
	return t.Machine(), nil
}

// moved is the scope elsewhere.
func (c *scope) moved(by, to string) (*scope, error) {
	d := *c
	var err error
	switch by {
	case "at":
		// Code is searched from the place that was asked before.
		if d.from, err = c.position(); err == nil {
			d.place = to
		}
	case "golden":
		d.golden = true
	case "under":
		d.r, err = c.s.under(c.r, to)
	default:
		change := experiments.Change{With: list(to)}
		if by == "without" {
			change = experiments.Change{Without: list(to)}
		}
		d.r, err = c.s.fork(c.ctx, c.r, change)
	}
	return &d, err
}

// list divides names with commas between them.
func list(s string) []string {
	names := strings.Split(s, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// eval gives the value of an expression.
func (e *literal) eval(*scope) (Value, error) { return e.v, nil }

func (e *moved) eval(c *scope) (Value, error) {
	d, err := c.moved(e.by, e.to)
	if err != nil {
		return Value{}, err
	}
	return e.expr.eval(d)
}

func (e *asked) eval(c *scope) (Value, error) {
	args := make([]Value, len(e.args))
	for i, a := range e.args {
		v, err := a.eval(c)
		if err != nil {
			return Value{}, err
		}
		if want := e.fact.params[i].kind; v.Kind != want {
			return Value{}, fmt.Errorf("%s: its argument %s is %s, it must be %s", e.fact.name, v, v.Kind, want)
		}
		args[i] = v
	}
	key := known{located{c.r, c.place, c.from}, c.golden, e.fact.name + fmt.Sprint(args)}
	if v, ok := c.s.facts[key]; ok {
		return v, nil
	}
	v, err := e.fact.eval(c, args)
	if err != nil {
		return v, fmt.Errorf("%s: %w", e.fact.name, err)
	}
	c.s.facts[key] = v
	return v, nil
}

// known is a fact that has been asked at a place.
type known struct {
	located
	golden bool
	fact   string
}

func (e *joined) eval(c *scope) (Value, error) {
	switch e.by {
	case "not", "and", "or":
		return e.logic(c)
	}
	a, err := e.left.eval(c)
	if err != nil {
		return a, err
	}
	b, err := e.right.eval(c)
	if err != nil {
		return b, err
	}
	switch e.by {
	case "==", "!=":
		same, err := a.equal(b)
		return truth(same == (e.by == "==")), err
	case "has":
		if a.Kind != Text || b.Kind != Text {
			return a, fmt.Errorf("`has` looks for a text in a text, not for %s in %s", b.Kind, a.Kind)
		}
		return truth(strings.Contains(a.Text, b.Text)), nil
	}
	if e.by == "+" && (a.Kind == Text || b.Kind == Text) {
		return text(a.String() + b.String()), nil
	}
	if a.Kind != Number || b.Kind != Number {
		return a, fmt.Errorf("%s wants numbers, not %s and %s", e.by, a.Kind, b.Kind)
	}
	return arithmetic(e.by, a, b)
}

func arithmetic(by string, a, b Value) (Value, error) {
	x, y := a.Number, b.Number
	switch by {
	case "<":
		return truth(x < y), nil
	case "<=":
		return truth(x <= y), nil
	case ">":
		return truth(x > y), nil
	case ">=":
		return truth(x >= y), nil
	case "+":
		return Value{Number: x + y, Hex: a.Hex || b.Hex}, nil
	case "*":
		return number(x * y), nil
	case "/":
		if y == 0 {
			return a, fmt.Errorf("%d is divided by 0", x)
		}
		return number(x / y), nil
	}
	if y > x {
		return a, fmt.Errorf("%d - %d is below 0", x, y)
	}
	return Value{Number: x - y, Hex: a.Hex || b.Hex}, nil
}

// logic asks the right side only where the left one has not decided.
func (e *joined) logic(c *scope) (Value, error) {
	if e.left != nil {
		a, err := isTrue(e.left, c)
		if err != nil || a == (e.by == "or") {
			return truth(a), err
		}
	}
	b, err := isTrue(e.right, c)
	return truth(b != (e.by == "not")), err
}

func isTrue(e Expr, c *scope) (bool, error) {
	v, err := e.eval(c)
	if err == nil && v.Kind != Bool {
		err = fmt.Errorf("%s is %s: a condition is wanted, such as outcome == \"recovered\"", v, v.Kind)
	}
	return v.True, err
}
