package inspect

import "debug/dwarf"

// Local is a parameter or a local variable of a function under way.
type Local struct {
	Name     string
	Function string // the function that declares it
	Call     int    // how many expanded calls lie inside of that function's: 0 is the innermost
	Line     int    // of its declaration, 0 if it is not known
	Param    bool
	Result   bool   // a parameter that is a result
	Parts    []Part // where its value is
	Absent   Absence
	Value    Value // its parts may be absent even if it is not; without meaning if Absent is set
	typ      dwarf.Type
}

// Type is the name of the variable's type, also of one without a value.
func (l *Local) Type() string { return typeName(l.typ) }

// Locals lists the variables in scope at a frame's instruction, those of the innermost
// call first; of one function, those of inner blocks first. Variables that have no value
// there say why.
func (v *View) Locals(f Frame, mem Memory) []Local {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, err := v.details()
	if err != nil {
		return nil
	}
	pc := f.At() - v.image.Slide
	c := d.at(pc)
	if c == nil {
		return nil
	}
	root, _ := d.open(v.dwarf, c) // what can be read of it
	chain := root.around(pc)
	calls := 0
	var list []Local
	for i := len(chain) - 1; i >= 0; i-- {
		s := chain[i]
		for k := range s.vars {
			list = append(list, v.local(d, c.unit, &s.vars[k], s.name, calls, &f, mem))
		}
		if s.call {
			calls++
		}
	}
	return list
}

// around lists the scopes that hold a link address, outermost first. Of two calls
// beside each other only one holds it.
func (s *scope) around(pc uint64) []*scope {
	list := []*scope{s}
	for s != nil {
		var in *scope
		for _, i := range s.inner {
			if i.holds(pc) {
				in = i
				break
			}
		}
		if s = in; s != nil {
			list = append(list, s)
		}
	}
	return list
}

// local finds a variable's value.
func (v *View) local(d *detail, u *unit, x *variable, function string, call int, f *Frame, mem Memory) Local {
	l := Local{Name: x.name, Function: function, Call: call, Line: x.line, Param: x.param, Result: x.result, typ: x.typ}
	at := f.At() - v.image.Slide
	l.Parts, l.Absent = v.partsAt(d, u, x, at, f)
	if f.Called && l.Absent == Overwritten {
		// The call's own instruction still counts with the registers before it.
		if parts, absent := v.partsAt(d, u, x, f.PC-v.image.Slide, f); absent == Present {
			l.Parts, l.Absent = parts, absent
		}
	}
	if l.Absent != Present {
		return l
	}
	l.Value = Value{name: x.name, typ: x.typ, mem: mem}
	if len(l.Parts) == 1 && !l.Parts[0].InRegister {
		l.Value.Addr = l.Parts[0].Addr
		return l
	}
	l.Value.copy = compose(l.Parts, x.typ.Size(), f, mem)
	return l
}

// partsAt finds where a variable is at a link address. It is absent if all its parts
// are.
func (v *View) partsAt(d *detail, u *unit, x *variable, pc uint64, f *Frame) ([]Part, Absence) {
	var expr []byte
	switch at := x.place.(type) {
	case nil:
		return nil, OptimizedOut
	case []byte:
		expr = at
	case int64:
		var why Absence
		if expr, why = d.expression(u, at, pc); why != Present {
			return nil, why
		}
	}
	size := x.typ.Size()
	if size < 0 || size > 1<<20 {
		return nil, Undecodable
	}
	parts := d.parts(u, expr, size, f, v.image.Slide)
	for i := range parts {
		if parts[i].Absent == Present {
			return parts, Present
		}
	}
	if len(parts) > 0 {
		return parts, parts[0].Absent
	}
	return nil, OptimizedOut
}
