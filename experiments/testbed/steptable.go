package testbed

import (
	"fmt"

	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// stepTable is the VMM's table of recovery steps, an array of structs with fields
// "name", "detects" and "back". Bit i of the policy word allows entry i.
const stepTable = "main.recoverySteps"

// steps are the recovery steps of a VMM: their names, and the bits of those that only detect
// and of those that bring a hypervisor back that works.
type steps struct {
	names           []string
	detecting, back uint64
}

// readSteps reads the recovery steps out of the VMM's image.
func readSteps(vmm *image.Image) (*steps, error) {
	v, err := inspect.Open(vmm)
	if err != nil {
		return nil, err
	}
	table, err := v.Var(stepTable, inspect.Initial(vmm))
	if err != nil {
		return nil, err
	}
	if n := table.Len(); n == 0 || n > 64 {
		return nil, fmt.Errorf("the VMM's image has a table of %d recovery steps", n)
	}
	var s steps
	for i := range table.Len() {
		if err := s.read(table, i); err != nil {
			return nil, err
		}
	}
	return &s, nil
}

func (s *steps) read(table inspect.Value, i int) error {
	entry, err := table.Index(i)
	if err != nil {
		return err
	}
	field, err := entry.Field("name")
	if err != nil {
		return err
	}
	name, err := field.Text()
	if err != nil {
		return err
	}
	s.names = append(s.names, name)
	if field, err = entry.Field("detects"); err != nil {
		return err
	}
	if s.detecting, err = mark(s.detecting, field, i); err != nil {
		return err
	}
	if field, err = entry.Field("back"); err != nil {
		return nil // an image of an older database: nothing is known of ways back
	}
	s.back, err = mark(s.back, field, i)
	return err
}

// mark sets bit i of a word if a boolean variable is true.
func mark(word uint64, v inspect.Value, i int) (uint64, error) {
	n, err := v.Uint()
	if n != 0 {
		word |= 1 << i
	}
	return word, err
}

// postNames names the numbers of steps that the VMM posts.
func postNames(steps []string) map[uint64]string {
	names := map[uint64]string{}
	for i, n := range steps {
		names[uint64(i)] = n
	}
	return names
}
