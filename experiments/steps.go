package experiments

import (
	"fmt"
	"slices"
	"strings"
)

// policyWord is the word that allows exactly the steps of a setting; known
// lists the target's steps in the order of their bits.
func policyWord(s Setting, known []string) (uint64, error) {
	var word uint64
	for _, name := range s.Steps {
		i := slices.Index(known, name)
		if i < 0 {
			return 0, FileError{fmt.Errorf("setting %q: there is no recovery step %q; there are %s", s.Name, name, strings.Join(known, ", "))}
		}
		if word>>i&1 != 0 {
			return 0, FileError{fmt.Errorf("setting %q: step %q stands there twice", s.Name, name)}
		}
		word |= 1 << i
	}
	return word, nil
}

// CheckSteps refuses settings with steps that the target has not.
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
