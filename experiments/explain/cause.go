package explain

import (
	"encoding/json"
	"strings"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// Cause is why a run failed, as far as executing it again shows that. Those of runs that
// failed alike are equal. A database holds its text.
type Cause struct {
	Class   Class
	Failure faults.Failure          // how it failed and when, and in words what failed there
	Left    []inspect.ViolationKind // of what recovery left wrong
}

// Class says whether there is something to explain.
type Class uint8

// Classes of causes.
const (
	Failed     Class = iota // detected, and not survived
	Undetected              // Failure has only words
	Survived                // the run did not fail
)

var classNames = [...]string{Failed: "failed", Undetected: "not detected", Survived: "none"}

func (c Class) String() string { return classNames[c] }

// Parts of the text.
const (
	undetectedMark = "not detected: "
	survivedText   = "none: the run did not fail"
	leftMark       = "; recovery left wrong: " // before Left
	separator      = ", "                      // in it
)

func (c Cause) String() string {
	text := c.Failure.String()
	switch c.Class {
	case Undetected:
		text = undetectedMark + c.Failure.What
	case Survived:
		text = survivedText
	}
	for i, k := range c.Left {
		if i == 0 {
			text += leftMark + k.String()
		} else {
			text += separator + k.String()
		}
	}
	return text
}

// ParseCause is the inverse of String. A text that this program does not know is kept as
// it is, in words.
func ParseCause(text string) Cause {
	if text == survivedText {
		return Cause{Class: Survived}
	}
	var c Cause
	if head, list, ok := strings.Cut(text, leftMark); ok {
		for name := range strings.SplitSeq(list, separator) {
			var k inspect.ViolationKind
			if k.UnmarshalText([]byte(name)) != nil {
				return Cause{Failure: faults.Failure{Way: faults.OtherWay, What: text}}
			}
			c.Left = append(c.Left, k)
		}
		text = head
	}
	if what, ok := strings.CutPrefix(text, undetectedMark); ok {
		c.Class, c.Failure.What = Undetected, what
		return c
	}
	c.Failure = faults.ParseFailure(text)
	return c
}

// and adds words to what failed.
func (c *Cause) and(words string) {
	if c.Failure.What == "" {
		words = strings.TrimPrefix(words, "; ")
	}
	c.Failure.What += words
}

// causeJSON is what programs read. Text is all of it.
type causeJSON struct {
	Text  string   `json:"text"`
	Class string   `json:"class"`
	Way   string   `json:"way,omitempty"`
	Phase string   `json:"phase,omitempty"`
	What  string   `json:"what,omitempty"`
	Left  []string `json:"left,omitempty"`
}

// MarshalJSON has the text and its parts.
func (c Cause) MarshalJSON() ([]byte, error) {
	f := c.Failure
	j := causeJSON{Text: c.String(), Class: c.Class.String(), Way: f.Way.String(), What: f.What}
	if f.Way.HasPhase() {
		j.Phase = f.Phase.String()
	}
	for _, k := range c.Left {
		j.Left = append(j.Left, k.String())
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads the text, which is all that older programs kept.
func (c *Cause) UnmarshalJSON(b []byte) error {
	var j causeJSON
	if err := json.Unmarshal(b, &j.Text); err != nil {
		if err := json.Unmarshal(b, &j); err != nil {
			return err
		}
	}
	*c = ParseCause(j.Text)
	return nil
}

// notDetected is the cause of a run whose failure was not detected, as its row says it.
func notDetected(row *experiments.Row) Cause {
	return Cause{Class: Undetected, Failure: faults.Failure{What: row.Outcome.String() + ", " + faults.Alike(row.Reason)}}
}
