package recording

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Place is a name for a position, as people write it: see ParsePlace.
type Place struct {
	Base   Base
	Number int    // of an event, from 1
	Name   string // of a step, or of code: a function, or a file and line
	Value  uint64 // a position, or a share in millionths
	Offset int64  // instructions
}

// Base is that from which a Place counts.
type Base uint8

// Bases of places.
const (
	Here    Base = iota // where the machine stands
	Start               // of the run
	At                  // Value
	Share               // Value millionths of the way from start to end
	OfEvent             // Name is "F", "D", "C", "R" or "E", or empty: step Number
	OfStep              // the step Name
	OfCode              // the next execution of Name
)

// letters are the events that have a letter.
var letters = map[string]EventKind{"F": Fault, "D": Detection, "C": Complete, "R": Resumption, "E": End}

// ParsePlace reads a place. It is one of
//
//	13402118  13,402,118       a position
//	50%  99.5%                 of the way from the start to the end
//	start  F  D  C  R  E       start, fault, detection, recovery complete, all VMs run again, end
//	F2  D3                     the second fault, the third detection
//	step 6  S6                 the sixth step of the first recovery
//	ack_interrupts             a step by its name
//	main.hypercall             the next execution of a function of the hypervisor
//	appvm!main.syscall         of another image
//	frames.go:120              the next execution of a line
//
// and may be followed by +N or -N instructions, which also stand alone: from here.
func ParsePlace(text string) (Place, error) {
	text = strings.TrimSpace(text)
	base, offset, err := cutOffset(text)
	if err != nil {
		return Place{}, err
	}
	p := Place{Offset: offset}
	switch digits := strings.ReplaceAll(base, ",", ""); {
	case text == "":
		return p, fmt.Errorf("a place is missing: %s", placeHelp)
	case base == "":
		return p, nil
	case base == "start":
		p.Base = Start
	case strings.HasSuffix(base, "%"):
		v, err := strconv.ParseFloat(strings.TrimSuffix(base, "%"), 64)
		if err != nil || !(v >= 0 && v <= 100) {
			return p, fmt.Errorf("%q is no share of a run: say 0%% to 100%%", base)
		}
		p.Base, p.Value = Share, uint64(math.Round(v*1e4))
	case digits[0] >= '0' && digits[0] <= '9':
		if p.Value, err = strconv.ParseUint(digits, 10, 64); err != nil {
			return p, fmt.Errorf("%q is no position: %s", base, placeHelp)
		}
		p.Base = At
	default:
		return p.named(base)
	}
	return p, nil
}

const placeHelp = "say a number, F, D, R, E, D+120, 50%, step 6, a step's name, main.f or file.go:12"

// named reads a base that begins with a letter.
func (p Place) named(base string) (Place, error) {
	word, number := strings.TrimRight(base, "0123456789"), 1
	if rest := base[len(word):]; rest != "" {
		n, err := strconv.Atoi(rest)
		if err != nil || n < 1 {
			return p, fmt.Errorf("%q: events are counted from 1", base)
		}
		number = n
	}
	word = strings.TrimSpace(word)
	if _, ok := letters[word]; ok {
		p.Base, p.Name, p.Number = OfEvent, word, number
		return p, nil
	}
	if (word == "S" || word == "step") && word != base {
		p.Base, p.Number = OfEvent, number
		return p, nil
	}
	p.Base, p.Name = OfStep, base
	if strings.ContainsAny(base, ".!:(") {
		p.Base = OfCode
	}
	if strings.ContainsAny(base, " \t") {
		return p, fmt.Errorf("%q is no place: %s", base, placeHelp)
	}
	return p, nil
}

// cutOffset cuts +N or -N off the end.
func cutOffset(text string) (base string, offset int64, err error) {
	i := strings.LastIndexAny(text, "+-")
	if i < 0 {
		return text, 0, nil
	}
	digits := strings.ReplaceAll(text[i+1:], ",", "")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return text, 0, nil // the sign belongs to a name
	}
	if offset, err = strconv.ParseInt(text[i:i+1]+digits, 10, 64); err != nil {
		return text, 0, fmt.Errorf("%q: too many instructions", text[i:])
	}
	return strings.TrimSpace(text[:i]), offset, nil
}

// Goto moves the run's machine to a place. For code it searches from where the machine
// stands to the end, then from the start.
func (r *Recording) Goto(ctx context.Context, place string) error {
	p, err := ParsePlace(place)
	if err != nil {
		return err
	}
	at, err := r.resolve(ctx, p)
	if err != nil {
		return err
	}
	if p.Offset < 0 && at < uint64(-p.Offset) {
		return &OutsideError{0, r.Run.start, r.Run.end}
	}
	return r.Run.Seek(ctx, at+uint64(p.Offset))
}

// resolve finds the base of a place.
func (r *Recording) resolve(ctx context.Context, p Place) (Position, error) {
	switch p.Base {
	case Here:
		return r.Run.Position(), nil
	case Start:
		return r.Run.start, nil
	case At:
		return p.Value, nil
	case Share:
		return r.Run.start + uint64(float64(r.Run.end-r.Run.start)*float64(p.Value)/1e6), nil
	case OfEvent:
		return r.eventNamed(p)
	case OfStep:
		return r.stepNamed(p.Name)
	}
	return r.executed(ctx, p.Name)
}

func (r *Recording) eventNamed(p Place) (Position, error) {
	kind, what := Step, "step"
	if p.Name != "" {
		kind = letters[p.Name]
		what = kind.String()
	}
	if kind == Resumption && p.Number == 1 {
		if e, ok := r.Resumed(); ok {
			return e.Position, nil
		}
	}
	if e, ok := r.Event(kind, p.Number); ok {
		return e.Position, nil
	}
	return 0, fmt.Errorf("%s has no %s %d", r.Row.Run(), what, p.Number)
}

func (r *Recording) stepNamed(name string) (Position, error) {
	for _, e := range r.Events {
		if e.Kind == Step && e.Name == name {
			return e.Position, nil
		}
	}
	if slices.Contains(r.Lab.System.Steps(), name) {
		return 0, fmt.Errorf("recovery does not announce step %s in %s", name, r.Row.Run())
	}
	if hint := r.elsewhere(name); hint != "" {
		return 0, errors.New(hint)
	}
	return 0, fmt.Errorf("%q is no place: %s", name, placeHelp)
}

// executed finds the next execution of code.
func (r *Recording) executed(ctx context.Context, name string) (Position, error) {
	pcs, err := r.Addresses(name)
	if err != nil {
		return 0, err
	}
	here := r.Run.Position()
	for _, from := range []Position{here, r.Run.start} {
		if err := r.Run.Seek(ctx, from); err != nil {
			return 0, err
		}
		if found, err := r.Run.FindPC(ctx, pcs); found || err != nil {
			return r.Run.Position(), err
		}
	}
	if err := r.Run.Seek(ctx, here); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("%s is not executed in %s", name, r.Row.Run())
}

// PlaceOf is a short name of a position: counted from the last event before it that has
// one, or from the fault.
func (r *Recording) PlaceOf(p Position) string {
	for _, e := range slices.Backward(r.Events) {
		name := r.nameOf(e)
		switch {
		case e.Position > p || name == "":
		case e.Position == p:
			return name
		default:
			return fmt.Sprintf("%s+%d", name, p-e.Position)
		}
	}
	if r.Row.Strike != nil {
		return fmt.Sprintf("F-%d", r.Row.Strike.Position-p)
	}
	return fmt.Sprint(p)
}

// nameOf is the place of an event, empty if it has no name that leads there.
func (r *Recording) nameOf(e Event) string {
	first := func(letter string) string {
		if e.Number == 1 {
			return letter
		}
		return fmt.Sprint(letter, e.Number)
	}
	switch {
	case e.Kind == Fault:
		return first("F")
	case e.Kind == Detection:
		return first("D")
	case e.Kind == End:
		return "E"
	case e.Detection != 1:
		return ""
	case e.Kind == Step:
		return fmt.Sprint("S", e.Number)
	case e.Kind == Complete:
		return first("C")
	}
	if last, _ := r.Resumed(); last.Position == e.Position {
		return "R"
	}
	return ""
}
