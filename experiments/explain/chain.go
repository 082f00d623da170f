package explain

import (
	"fmt"
	"slices"

	"resvirt/experiments/recording"
	"resvirt/vi/inspect"
)

// Link is a line of the chain that leads from the fault to the end of a run. Each stands
// where one can go in a recording and see what it says.
type Link struct {
	Kind      LinkKind           `json:"kind"`
	Depth     int                `json:"depth"`    // 0 = something that happened, 1 = what is seen there
	CPU       int                `json:"cpu"`      // -1 = of no processor
	Position  recording.Position `json:"position"` // 0 = nowhere in the recording
	Text      string             `json:"text"`
	Line      *Line              `json:"line,omitempty"` // in the program
	Fact      *Fact              `json:"-"`              // of Evidence
	Violation *inspect.Violation `json:"-"`              // of Wrong, Repaired, Broken and Left
}

// LinkKind says what a Link is about.
type LinkKind uint8

// Kinds of links.
const (
	TheFault     LinkKind = iota
	TheDetection          // what was found wrong
	Evidence              // a Fact
	Under                 // a function that the failing processor was in, innermost first
	Wrong                 // an invariant that the golden run does not violate there
	Step                  // of recovery
	Repaired              // an invariant that holds again behind the step
	Broken                // one that does not any more
	Meanwhile             // work of others until the next step
	Completion            // recovery is complete, or came to nothing
	Left                  // an invariant that is violated then
	TheEnd                // the cause
	linkKinds
)

var linkNames = [linkKinds]string{
	"fault", "detection", "evidence", "under", "wrong", "step", "repaired", "broken", "meanwhile", "completion", "left", "end",
}

func (k LinkKind) String() string { return linkNames[k] }

// MarshalText is String.
func (k LinkKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// chained builds a chain.
type chained struct{ list []Link }

func (c *chained) add(k LinkKind, depth, cpu int, at recording.Position, format string, args ...any) *Link {
	c.list = append(c.list, Link{Kind: k, Depth: depth, CPU: cpu, Position: at, Text: fmt.Sprintf(format, args...)})
	return &c.list[len(c.list)-1]
}

// facts adds evidence. Facts without a position are of the moment of the line above.
func (c *chained) facts(list []Fact) {
	for _, f := range list {
		l := c.add(Evidence, 1, f.CPU, f.Position, "%v", f)
		if l.Fact = &f; len(f.Places) > 0 {
			l.Line = &f.Places[0]
		}
	}
}

func (c *chained) violations(k LinkKind, cpu int, at recording.Position, list []inspect.Violation) {
	for i, v := range list {
		if i == textViolations {
			c.add(k, 1, cpu, at, "and %d more", len(list)-i)
			return
		}
		c.add(k, 1, cpu, at, "%v: %v", v.Kind, v).Violation = &v
	}
}

// Chain is the explanation as a list of places to go to, in the order of the run.
func (e *Explanation) Chain() []Link {
	var c chained
	fault := c.add(TheFault, 0, e.CPU, e.Position, "%s", e.Fault)
	if e.At.Function != "" {
		fault.Line = &e.At
	}
	if d := e.Detection; d != nil {
		l := c.add(TheDetection, 0, d.CPU, d.Position, "%s", d.What)
		i := slices.IndexFunc(d.CPUs, func(c Chain) bool { return c.CPU == d.CPU })
		if i >= 0 && len(d.CPUs[i].Calls) > 0 {
			l.Line = &d.CPUs[i].Calls[0]
		}
		c.facts(d.Evidence)
		if i >= 0 {
			for k := range d.CPUs[i].Calls {
				call := &d.CPUs[i].Calls[k]
				c.add(Under, 1, d.CPU, d.Position, "%s", call.text()).Line = call
			}
		}
		c.violations(Wrong, -1, d.Position, d.Violations)
		e.recovery(&c)
	}
	if e.End.known() {
		c.add(TheEnd, 0, -1, e.End.Position, "%v", e.End.Cause)
		c.facts(e.End.Evidence)
	}
	return c.list
}

// recovery adds the steps and what they left. What a step did is seen where the next
// announces itself.
func (e *Explanation) recovery(c *chained) {
	for i, s := range e.Steps {
		behind := s.Position
		if i+1 < len(e.Steps) {
			behind = e.Steps[i+1].Position
		}
		c.add(Step, 0, s.CPU, s.Position, "%s: %d repaired, %d new, %d left", s.Name, len(s.Repaired), len(s.Broken), s.Left)
		c.violations(Repaired, s.CPU, behind, s.Repaired)
		c.violations(Broken, s.CPU, behind, s.Broken)
		for _, o := range s.Beside {
			c.add(Meanwhile, 1, -1, behind, "meanwhile %s: %d repaired, %d new", o.Who, len(o.Repaired), len(o.Broken))
			c.violations(Repaired, -1, behind, o.Repaired)
			c.violations(Broken, -1, behind, o.Broken)
		}
	}
	at, text := e.Detection.Position, "recovery was never complete"
	if n := len(e.Steps); n > 0 {
		at = e.Steps[n-1].Position
	}
	if e.Complete {
		text = "recovery is complete"
	}
	c.add(Completion, 0, -1, at, "%s: %s", text, plural(len(e.Left), "violated invariant"))
	c.violations(Left, -1, at, e.Left)
}
