package experiments

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Change turns a setting into another one, to see what would happen with it.
type Change struct {
	Without, With []string // steps
	Only          bool     // Steps alone, whatever the setting allows
	Steps         []string
}

// None tells whether nothing is changed.
func (c *Change) None() bool { return !c.Only && len(c.Without)+len(c.With) == 0 }

// Check says what is wrong with a change of a setting, as far as that can be seen
// without the target.
func (c *Change) Check(s Setting) error {
	if c.None() {
		return nil
	}
	_, err := c.steps(s)
	return err
}

func (c *Change) steps(s Setting) ([]string, error) {
	now, err := c.Steps, error(nil)
	if !c.Only {
		now, err = changed(s.Steps, c.Without, c.With)
	}
	if err == nil && SameSteps(now, s.Steps) {
		err = errors.New("it allows these steps already, so that nothing is changed")
	}
	if err != nil {
		return nil, FileError{Err: fmt.Errorf("setting %q: %w", s.Name, err)}
	}
	return now, nil
}

// Of is the changed setting, with the name of the original; known are the target's
// steps.
func (c *Change) Of(s Setting, known []string) (Setting, error) {
	now, err := c.steps(s)
	if err != nil {
		return s, err
	}
	list := []Setting{{Name: s.Name, Steps: now}}
	if err := CheckSteps(list, known); err != nil {
		return s, err
	}
	return InOrder(list, known)[0], nil
}

// String is the change in words that can follow a run's name.
func (c *Change) String() string {
	switch {
	case c.Only && len(c.Steps) == 0:
		return "with no steps"
	case c.Only:
		return "with no steps but " + strings.Join(c.Steps, ", ")
	}
	var list []string
	if len(c.Without) > 0 {
		list = append(list, "without "+strings.Join(c.Without, ", "))
	}
	if len(c.With) > 0 {
		list = append(list, "with "+strings.Join(c.With, ", "))
	}
	return strings.Join(list, " and ")
}

// ParseSteps reads a list as the command line has it: "a,b", or "none".
func ParseSteps(list string) ([]string, error) {
	if list == "none" {
		return []string{}, nil
	}
	steps := strings.Split(list, ",")
	if slices.Contains(steps, "") {
		return nil, fmt.Errorf("it must be names of steps with commas between them, or none")
	}
	return steps, nil
}
