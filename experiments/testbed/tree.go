package testbed

import (
	"fmt"
	"hash/crc32"
	"slices"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// Node is a value in the tree of the VMM's structures.
type Node struct {
	Path, Name, Type string
	Depth            int
	Text             string
	More, Open       bool // there are values in it; they follow
	Address, Size    uint64
	Sum              uint32 // of its bytes: that of a structure changes with each part of it
}

// mostSummed bounds the bytes of a value that are looked at to see whether it changed.
const mostSummed = 1 << 18

// Tree lists the VMM's structures: blocks of CPUs, registers of guests, domains and vCPUs, variables by name;
// and in those whose path is open what is in them, through pointers as well. The order does not depend on what
// runs. Of arrays at most so many elements are listed.
func (g *Guests) Tree(m faults.Machine, open func(path string) bool, width, most int) []Node {
	t := &tree{g: g, mem: g.Memory(m), open: open, most: most}
	k := g.KnownIn(m)
	t.style = inspect.Style{Width: width, Known: k.At}
	for _, v := range slices.Concat(k.cpus, k.regs, k.list) {
		t.add(v, v.Name(), 0)
	}
	for _, name := range g.view.Vars("main.") {
		if v, err := g.view.Var(name, t.mem); err == nil {
			t.add(v, inspect.ShortName(name), 0)
		}
	}
	return t.list
}

type tree struct {
	g     *Guests
	mem   inspect.Memory
	open  func(string) bool
	style inspect.Style
	most  int
	list  []Node
}

// add lists a value, and what is in it if that is open.
func (t *tree) add(v inspect.Value, name string, depth int) {
	n := Node{Path: v.Name(), Name: name, Type: v.ShortType(), Depth: depth, Text: t.g.view.Show(v, t.style), Size: uint64(max(v.Size(), 0))}
	n.Address, _ = v.Address()
	if n.Address != 0 && n.Size <= mostSummed {
		b := make([]byte, n.Size)
		if t.mem(n.Address, b) == nil {
			n.Sum = crc32.ChecksumIEEE(b)
		}
	}
	k := v.Kind()
	n.More = k == inspect.Struct || k == inspect.Array || k == inspect.Slice || k == inspect.Pointer
	n.Open = n.More && t.open(n.Path)
	t.list = append(t.list, n)
	if !n.Open {
		return
	}
	inner, total, err := v.Children(0, t.most)
	for _, c := range inner {
		t.add(c, last(c.Name(), v.Name()), depth+1)
	}
	switch {
	case err != nil:
		t.list = append(t.list, Node{Path: n.Path + " ", Depth: depth + 1, Text: err.Error()})
	case total > len(inner):
		t.list = append(t.list, Node{Path: n.Path + " ", Depth: depth + 1, Text: fmt.Sprintf("%d more: :show %s", total-len(inner), n.Path)})
	}
}

// last is the part of a path behind that of the value that it lies in.
func last(path, of string) string {
	if len(path) > len(of) && path[:len(of)] == of {
		path = path[len(of):]
		if path[0] == '.' {
			path = path[1:]
		}
	}
	return path
}
