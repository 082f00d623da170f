package testbed

import (
	"fmt"
	"strings"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// Shown is a variable with its value as text, for people.
type Shown struct {
	Name, Type string
	Function   string // that declares it
	Call       int    // how many expanded calls lie inside of that function's
	Text       string // of its value, or why it has none
	Absent     bool
	Address    uint64 // where its value lies in memory, 0 = not there, or not as a whole
	Size       uint64
	Register   int // that holds its value, by number; -1 = none
}

// Variables are those in scope at a level, with values of at most so many characters. k has the
// structures that are called by their names.
func (l *StackLevel) Variables(k *Known, width int) []Shown {
	var list []Shown
	for _, x := range l.Locals() {
		s := Shown{Name: x.Name, Type: inspect.ShortName(x.Type()), Function: x.Function, Call: x.Call, Absent: x.Absent != inspect.Present, Register: -1}
		s.Text = l.view.ShowLocal(&x, inspect.Style{Width: width, Known: k.At})
		if len(x.Parts) == 1 && !s.Absent {
			switch p := x.Parts[0]; {
			case p.InRegister && p.Register < faults.Registers-2:
				s.Register = p.Register
			case !p.InRegister:
				s.Address, s.Size = p.Addr, uint64(p.Size)
			}
		}
		list = append(list, s)
	}
	return list
}

// ShownIn lists the values in one of the VMM's structures, or with an empty path the structures
// that are worth a look. A path is the name of one of those with fields and elements behind it:
// "CPU1.core.curr". more says that a value has values in it; at most so many are listed.
func (g *Guests) ShownIn(m faults.Machine, cpu int, path string, width, most int) (list []Shown, more []bool, err error) {
	values := g.Roots(m, cpu)
	if path != "" {
		at, ok := rooted(values, path)
		if !ok {
			return nil, nil, fmt.Errorf("there is no %s here", path)
		}
		if values, _, err = at.Children(0, most); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	style := inspect.Style{Width: width, Known: g.KnownIn(m).At}
	for _, v := range values {
		s := Shown{Name: v.Name(), Type: v.ShortType(), Text: g.view.Show(v, style), Size: uint64(v.Size()), Register: -1}
		s.Address, _ = v.Address()
		list = append(list, s)
		k := v.Kind()
		more = append(more, k == inspect.Struct || k == inspect.Array || k == inspect.Slice || k == inspect.Pointer)
	}
	return list, more, nil
}

// rooted is the value at a path that begins with the name of one in a list.
func rooted(list []inspect.Value, path string) (inspect.Value, bool) {
	for _, v := range list {
		rest, ok := strings.CutPrefix(path, v.Name())
		if ok && rest == "" {
			return v, true
		}
		if ok && (rest[0] == '.' || rest[0] == '[') {
			if at, err := v.Follow(strings.TrimPrefix(rest, ".")); err == nil {
				return at, true
			}
		}
	}
	return inspect.Value{}, false
}
