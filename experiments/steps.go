package experiments

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/vi/image"
	"resvirt/vi/inspect"
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

// checkSteps refuses settings with steps that the target has not.
func checkSteps(settings []Setting, known []string) error {
	for _, s := range settings {
		if _, err := policyWord(s, known); err != nil {
			return err
		}
	}
	return nil
}

// mustPolicy is the policy word of a setting that was checked before.
func mustPolicy(s Setting, sys System) uint64 {
	word, err := policyWord(s, sys.Steps())
	if err != nil {
		panic("BUG: unchecked setting: " + err.Error())
	}
	return word
}

// stepTable is the VMM's table of recovery steps, an array of structs with fields
// "name" and "detects". Bit i of the policy word allows entry i.
const stepTable = "main.recoverySteps"

// readSteps reads the recovery steps out of the VMM's image: their names, and the
// bits of those that only detect.
func readSteps(vmm *image.Image) (names []string, detecting uint64, err error) {
	v, err := inspect.Open(vmm)
	if err != nil {
		return nil, 0, err
	}
	table, err := v.Var(stepTable, inspect.Initial(vmm))
	if err != nil {
		return nil, 0, err
	}
	if n := table.Len(); n == 0 || n > 64 {
		return nil, 0, fmt.Errorf("the VMM's image has a table of %d recovery steps", n)
	}
	for i := range table.Len() {
		name, detects, err := readStep(table, i)
		if err != nil {
			return nil, 0, err
		}
		names = append(names, name)
		if detects {
			detecting |= 1 << i
		}
	}
	return names, detecting, nil
}

func readStep(table inspect.Value, i int) (name string, detects bool, err error) {
	entry, err := table.Index(i)
	if err != nil {
		return "", false, err
	}
	field, err := entry.Field("name")
	if err == nil {
		name, err = field.Text()
	}
	if err == nil {
		field, err = entry.Field("detects")
	}
	if err != nil {
		return "", false, err
	}
	n, err := field.Uint()
	return name, n != 0, err
}

// postNames names the numbers of steps that the VMM posts.
func postNames(steps []string) map[uint64]string {
	names := map[uint64]string{}
	for i, n := range steps {
		names[uint64(i)] = n
	}
	return names
}
