package experiments

import (
	"bytes"
	"fmt"
	"slices"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// Difference is a structure of the target in which two executions differ.
type Difference struct {
	Structure string   `json:"structure"`
	Words     int      `json:"words"`           // numbers that differ
	First     []string `json:"first,omitempty"` // some of them
}

// shown is how many differing numbers of a structure are listed.
const shown = 6

// structure is a piece of the target's memory and what it is.
type structure struct {
	name  string
	value inspect.Value
	bytes []byte
}

// variables copies the VMM's structures: its variables, the CPUs' blocks, the
// domains and their vCPUs.
func (a *anatomy) variables(m faults.Machine) []structure {
	mem := a.memory(m)
	var list []structure
	add := func(name string, v inspect.Value, err error) {
		if err != nil {
			return
		}
		b := make([]byte, v.Size())
		if mem(v.Addr, b) == nil {
			list = append(list, structure{name, v, b})
		}
	}
	for _, name := range a.view.Vars("main.") {
		v, err := a.view.Var(name, mem)
		add(name, v, err)
	}
	for i := range a.ncpus {
		v, err := a.view.At("main.CPU", a.blockOf(i), mem)
		add(fmt.Sprintf("CPU %d", i), v, err)
	}
	for _, o := range a.checks.Objects(a.machine(m)) {
		v, err := a.view.At(o.Type, o.Addr, mem)
		add(o.Name, v, err)
	}
	return list
}

// compareVariables summarises by structure where two executions differ.
func compareVariables(golden, now []structure) []Difference {
	var list []Difference
	for _, s := range now {
		i := slices.IndexFunc(golden, func(g structure) bool { return g.name == s.name })
		if i < 0 {
			list = append(list, Difference{Structure: s.name, First: []string{"only here, not in the golden run"}})
			continue
		}
		g := golden[i]
		if g.value.Addr != s.value.Addr || bytes.Equal(g.bytes, s.bytes) {
			continue
		}
		d := Difference{Structure: s.name}
		for _, c := range s.value.Differences(s.bytes, g.bytes) {
			if d.Words++; d.Words <= shown {
				d.First = append(d.First, fmt.Sprintf("%s = %s, golden %s", c.Path, c.A, c.B))
			}
		}
		if d.Words > 0 {
			list = append(list, d)
		}
	}
	return list
}
