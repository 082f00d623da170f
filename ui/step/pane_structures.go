package step

import (
	"context"
	"fmt"
	"strings"

	"resvirt/experiments/testbed"
)

// structures shows what the hypervisor's memory holds by the types of its source, as a tree.
func structures() *pane {
	p := facts(pane{name: "Structures", key: "S", slot: leftSlot, home: memoryPane, about: "the hypervisor's structures and variables by type, as a tree: + can be opened, also pointers; * changed by the last step, ! different from the golden run"}, gatherStructures, drawStructures)
	p.press = pressStructures
	return p
}

// AskTree says which structures are open: their paths, a line each.
type AskTree struct{ Open string }

func (a AskTree) has(path string) bool { return strings.Contains("\n"+a.Open, "\n"+path+"\n") }

// toggle opens a path, or closes it.
func (a AskTree) toggle(path string) AskTree {
	if a.has(path) {
		return AskTree{strings.TrimPrefix(strings.Replace("\n"+a.Open, "\n"+path+"\n", "\n", 1), "\n")}
	}
	return AskTree{a.Open + path + "\n"}
}

// grove is the tree, and what the golden run has in the same places.
type grove struct {
	list   []testbed.Node
	golden map[string]testbed.Node // by path; nil: not asked for, or the golden run has ended
}

const (
	nodeWidth    = 200 // of a value's text
	elementsSeen = 64  // of an array
)

func gatherStructures(ctx context.Context, d *desk) *grove {
	t := &grove{list: d.rec.Guests.Tree(d.machine(), d.ask.Tree.has, nodeWidth, elementsSeen)}
	if !d.ask.Golden {
		return t
	}
	if g := d.golden(ctx); g != nil {
		t.golden = byPath(d.rec.Guests.Tree(g, d.ask.Tree.has, nodeWidth, elementsSeen))
	}
	return t
}

func byPath(list []testbed.Node) map[string]testbed.Node {
	m := map[string]testbed.Node{}
	for _, n := range list {
		m[n.Path] = n
	}
	return m
}

// sameNode tells whether a value is what another one is.
func sameNode(a, b testbed.Node) bool { return a.Text == b.Text && a.Sum == b.Sum }

func pressStructures(s State, k key) (State, command, bool) {
	now, ok := s.Now.Facts[structuresPane].(*grove)
	if !ok || len(now.list) == 0 {
		return s, nil, false
	}
	r := &s.Rows[structuresPane]
	if *r, ok = r.press(k, len(now.list)); ok {
		return s, nil, true
	}
	n := now.list[min(r.cursor, len(now.list)-1)]
	switch {
	case k == "Enter" && n.More:
		s.Ask.Tree = s.Ask.Tree.toggle(n.Path)
	case k == "Enter" && n.Address != 0:
		return s.memoryAt(n.Address).focus(memoryPane), nil, true
	case k == "Enter":
	case (k == "w" || k == "W") && n.Address == 0:
		s.Say = "this is no value in memory"
	case k == "w":
		return s, whoWrote{n.Address, max(n.Size, 1)}, true
	case k == "W":
		return s, whoReads{n.Address, max(n.Size, 1)}, true
	default:
		return s, nil, false
	}
	return s, nil, true
}

func drawStructures(b box, s *State, now, last *grove) {
	var before map[string]testbed.Node
	if last != nil {
		before = byPath(last.list)
	}
	r := s.Rows[structuresPane]
	top := r.window(len(now.list), b.h)
	for y := 0; y < b.h && top+y < len(now.list); y++ {
		n, st := now.list[top+y], style{}
		if was, known := before[n.Path]; known && !sameNode(was, n) {
			st = style{bold: true, color: notice}
			b.text(0, y, "*", st)
		}
		text := n.Text
		if g, known := now.golden[n.Path]; known && !sameNode(g, n) {
			b.text(1, y, "!", style{bold: true, color: bad})
			if g.Text != n.Text {
				text += "   golden " + g.Text
			}
		}
		glyph := " "
		switch {
		case n.Open:
			glyph = "-"
		case n.More:
			glyph = "+"
		}
		x := 3 + 2*n.Depth
		b.text(x, y, glyph, style{dim: true})
		if n.Name != "" {
			text = fmt.Sprintf("%s %s = %s", n.Name, n.Type, text)
		}
		b.fit(x+2, y, b.w-x-2, text, st)
		if s.Focus == structuresPane && top+y == min(r.cursor, len(now.list)-1) {
			b.reverse(y)
		}
	}
}
