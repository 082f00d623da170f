package faults

import (
	"testing"
)

type noSymbols struct{}

func (noSymbols) Func(uint64) (string, uint64, bool) { return "", 0, false }
func (noSymbols) Calls(uint64) []Call                { return nil }

// What another target posts is no step of this one, nor its recovery or its end.
func TestNumbersOfTwoTargets(t *testing.T) {
	one := &Target{Symbols: noSymbols{}, Recovered: 0x7f, GivenUp: 0x7e, StepNames: map[uint64]string{3: "mend"}}
	two := &Target{Symbols: noSymbols{}, Posts: 0x200, Recovered: 0x27f, GivenUp: 0x27e, StepNames: map[uint64]string{0x203: "restart"}}
	var events []Event
	for i, v := range []uint64{3, 0x203, 0x27e, 0x7f} {
		events = append(events, Event{Kind: EventPost, Position: uint64(10 + i), Value: v})
	}
	for _, c := range []struct {
		target             *Target
		steps              string
		recovered, givenUp bool
	}{{one, "mend, recovery complete, ", true, false}, {two, "restart, given up, ", false, true}} {
		o := Observation{Detections: []Detection{{Position: 5}}}
		o.readEvents(events, c.target)
		names := ""
		for _, s := range o.Steps {
			names += s.Name + ", "
		}
		if names != c.steps || o.Recovered != c.recovered || o.GivenUp != c.givenUp {
			t.Errorf("the target that posts from %#x on: steps %s recovered %v, given up %v", c.target.Posts, names, o.Recovered, o.GivenUp)
		}
	}
}
