package testbed

import (
	"fmt"

	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

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
