package experiments

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"resvirt/internal/words"
)

// policyWord is the word that allows exactly the steps of a setting; known
// lists the target's steps in the order of their bits.
func policyWord(s Setting, known []string) (uint64, error) {
	var word uint64
	for _, name := range s.Steps {
		i := slices.Index(known, name)
		if i < 0 {
			return 0, FileError{wrongStep{name, fmt.Sprintf("setting %q: there is no recovery step %q%s; there are %s", s.Name, name, meant(name, known), strings.Join(known, ", "))}}
		}
		if word>>i&1 != 0 {
			return 0, FileError{wrongStep{name, fmt.Sprintf("setting %q: step %q stands there twice", s.Name, name)}}
		}
		word |= 1 << i
	}
	return word, nil
}

// wrongStep says that the target has no such step, or that it stands there twice.
type wrongStep struct{ step, text string }

func (e wrongStep) Error() string { return e.text }

// PlacedStep adds the place in the experiment's file to an error of CheckSteps. Which
// steps there are is known to the target alone, not to those who read the file.
func PlacedStep(err error, origin string, text []byte) error {
	var wrong wrongStep
	if !errors.As(err, &wrong) {
		return err
	}
	return FileError{fmt.Errorf("%s: %w", placeOf(origin, text, wrong.step), err)}
}

// CheckSteps refuses settings with steps that the target does not have.
func CheckSteps(settings []Setting, known []string) error {
	for _, s := range settings {
		if _, err := policyWord(s, known); err != nil {
			return err
		}
	}
	return nil
}

// MustPolicy is the policy word of a setting that was checked before.
func MustPolicy(s Setting, sys System) uint64 {
	word, err := policyWord(s, sys.Steps())
	if err != nil {
		panic("BUG: unchecked setting: " + err.Error())
	}
	return word
}

// Warnings tells of settings that allow steps and cannot recover, since none of them
// brings the target back.
func Warnings(settings []Setting, sys System) []string {
	back := sys.Target().WaysBack
	if back == 0 {
		return nil
	}
	var ways []string
	for i, name := range sys.Steps() {
		if back>>i&1 != 0 {
			ways = append(ways, name)
		}
	}
	var list []string
	for _, s := range settings {
		// Unknown steps are reported elsewhere.
		if word, err := policyWord(s, sys.Steps()); err == nil && word != 0 && word&back == 0 {
			list = append(list, fmt.Sprintf("setting %q cannot recover: it allows steps, but none that brings the VMM back: %s; what it detects will end as with no steps", s.Name, words.Or(ways)))
		}
	}
	return list
}
