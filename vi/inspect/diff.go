package inspect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Change is a number in a struct that differs between two copies.
type Change struct{ Path, A, B string }

// Differences lists the numbers that differ in two copies of a value's bytes,
// in the order in which they lie in memory. Paths begin at the value.
func (v Value) Differences(a, b []byte) []Change {
	if int64(len(a)) != v.Size() || int64(len(b)) != v.Size() {
		return nil
	}
	var list []Change
	for _, l := range leaves(Value{typ: v.typ}) {
		if end := l.offset + l.size; !bytes.Equal(a[l.offset:end], b[l.offset:end]) {
			path := strings.TrimPrefix(l.path, ".")
			if path == "" {
				path = "it"
			}
			list = append(list, Change{path, l.text(a), l.text(b)})
		}
	}
	return list
}

// Vars lists the package-level variables whose names begin with a prefix.
func (v *View) Vars(prefix string) []string {
	var list []string
	for name := range v.types {
		if strings.HasPrefix(name, prefix) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// Object is a struct of the VMM's that lies in its heap.
type Object struct {
	Name, Type string
	Addr       uint64
}

// Objects lists the domains and vCPUs, in the order of the domains' list.
func (c *Checker) Objects(m *Machine) []Object {
	w := c.blank(m)
	w.read(w.layout.persist, w.persistAt, "main.policy's page", &w.persist)
	w.loadObjects() // without the frame table, which is large
	var list []Object
	for i := range w.domains {
		list = append(list, Object{w.domainName(i), "main.Domain", w.domains[i].Addr})
	}
	for i := range w.vcpus {
		list = append(list, Object{w.vcpus[i].name, "main.VCPU", w.vcpus[i].Addr})
	}
	return list
}

// FrameState is what a frame's descriptor says.
type FrameState struct {
	Frame             uint64
	Type              string
	Validated, Locked bool
	TypeCount, Uses   uint64
	Owner             uint64 // frame of the domain that has it, 0 = none
}

func (f *FrameState) String() string {
	state := f.Type
	if !f.Validated {
		state += ", not validated"
	}
	if f.Locked {
		state += ", locked"
	}
	return fmt.Sprintf("frame %d: %s, type count %d, use count %d", f.Frame, state, f.TypeCount, f.Uses)
}

// Frame reads the descriptor of a frame.
func (c *Checker) Frame(m *Machine, frame uint64) (*FrameState, bool) {
	return c.Descriptor(m, c.layout.frameTable+frame*uint64(c.layout.frame.size))
}

// Descriptor reads the frame's descriptor at an address in the frame table.
func (c *Checker) Descriptor(m *Machine, addr uint64) (*FrameState, bool) {
	l := c.layout
	if addr < l.frameTable || (addr-l.frameTable)%uint64(l.frame.size) != 0 || (addr-l.frameTable)/uint64(l.frame.size) >= m.Frames {
		return nil, false
	}
	buf := make([]byte, l.frame.size)
	if m.Memory(addr, buf) != nil {
		return nil, false
	}
	var f frameInfo
	l.frame.frameAt(buf, &f)
	return &FrameState{
		Frame: (addr - l.frameTable) / uint64(l.frame.size), Type: l.typeNames[f.Typ>>l.ptShift],
		Validated: f.Typ&l.validated != 0, Locked: f.Typ&l.locked != 0, TypeCount: f.Typ & l.typeCount, Uses: f.Count & l.refs,
		Owner: f.Owner,
	}, true
}
