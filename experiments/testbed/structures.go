package testbed

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

// Structure is a piece of the target's memory, with its name and type.
type Structure struct {
	name  string
	value inspect.Value
	bytes []byte
}

// Variables copies the VMM's structures: its variables, the CPUs' blocks, the
// domains and their vCPUs.
func (a *Anatomy) Variables(m faults.Machine) []Structure {
	mem := a.Memory(m)
	var list []Structure
	add := func(name string, v inspect.Value, err error) {
		if err != nil {
			return
		}
		b := make([]byte, v.Size())
		if mem(v.Addr, b) == nil {
			list = append(list, Structure{name, v, b})
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
	for _, o := range a.Checker.Objects(a.Machine(m)) {
		v, err := a.view.At(o.Type, o.Addr, mem)
		add(o.Name, v, err)
	}
	return list
}

// CompareVariables summarises by structure where two executions differ.
func CompareVariables(golden, now []Structure) []Difference {
	var list []Difference
	for _, s := range now {
		i := slices.IndexFunc(golden, func(g Structure) bool { return g.name == s.name })
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
