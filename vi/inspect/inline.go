package inspect

import (
	"debug/dwarf"
	"slices"
	"strings"
)

// Call is a function to which a place in the code belongs, with a line of its
// source: for the innermost function that of the place itself, for the others
// that of the call which the compiler has expanded.
type Call struct {
	Function string
	File     string
	Line     int
}

// subprogram is a function's entry in the debug information.
type subprogram struct {
	low, high uint64
	name      string
	entry     *dwarf.Entry
	unit      *dwarf.Entry
}

// Calls lists the functions that a run address belongs to, innermost first:
// those that the compiler has expanded in their callers, then the one that has
// code of its own. It is empty if nothing is known. For a return address pass
// pc-1.
func (v *View) Calls(pc uint64) []Call {
	v.mu.Lock()
	defer v.mu.Unlock()
	file, line, ok := v.image.Line(pc)
	if !ok {
		return nil
	}
	v.indexOnce()
	link := pc - v.image.Slide
	i, found := slices.BinarySearchFunc(v.subs, link, func(s subprogram, pc uint64) int {
		switch {
		case s.high <= pc:
			return -1
		case s.low > pc:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	s := &v.subs[i]
	inner := v.inlined(s, link)
	list := make([]Call, 0, len(inner)+1)
	at := Call{File: file, Line: line}
	for k := len(inner) - 1; k >= 0; k-- {
		at.Function = inner[k].name
		list = append(list, at)
		at = Call{File: inner[k].file, Line: inner[k].line}
	}
	at.Function = s.name
	return append(list, at)
}

// indexOnce lists all functions by address; it works only at the first call.
func (v *View) indexOnce() {
	if v.subs != nil {
		return
	}
	v.subs = []subprogram{}
	var unit *dwarf.Entry
	for r := v.dwarf.Reader(); ; {
		e, err := r.Next()
		if err != nil || e == nil {
			break
		}
		if e.Tag == dwarf.TagCompileUnit {
			unit = e
			continue
		}
		if e.Tag == dwarf.TagSubprogram {
			if ranges, err := v.dwarf.Ranges(e); err == nil && len(ranges) > 0 {
				name, _ := e.Val(dwarf.AttrName).(string)
				v.subs = append(v.subs, subprogram{ranges[0][0], ranges[0][1], v.nameOf(e, name), e, unit})
			}
		}
		r.SkipChildren()
	}
	slices.SortStableFunc(v.subs, func(a, b subprogram) int {
		switch {
		case a.low < b.low:
			return -1
		case a.low > b.low:
			return 1
		}
		return 0
	})
}

// nameOf is a function's name; an inlined instance has it in its abstract
// origin.
func (v *View) nameOf(e *dwarf.Entry, name string) string {
	origin, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
	if !ok {
		return name
	}
	r := v.dwarf.Reader()
	r.Seek(origin)
	if o, err := r.Next(); err == nil && o != nil {
		if n, ok := o.Val(dwarf.AttrName).(string); ok {
			return n
		}
	}
	return name
}

// expanded is a call that was expanded, from file:line.
type expanded struct {
	name, file string
	line       int
}

// inlined lists the expanded calls around a link address, outermost first.
func (v *View) inlined(s *subprogram, pc uint64) []expanded {
	var list []expanded
	if !s.entry.Children {
		return nil
	}
	r := v.dwarf.Reader()
	r.Seek(s.entry.Offset)
	if _, err := r.Next(); err != nil {
		return nil
	}
	for depth := 1; depth > 0; {
		e, err := r.Next()
		if err != nil || e == nil {
			break
		}
		if e.Tag == 0 {
			depth--
			continue
		}
		holds := e.Tag == dwarf.TagLexDwarfBlock
		if e.Tag == dwarf.TagInlinedSubroutine {
			ranges, err := v.dwarf.Ranges(e)
			holds = err == nil && slices.ContainsFunc(ranges, func(r [2]uint64) bool { return r[0] <= pc && pc < r[1] })
			if holds {
				line, _ := e.Val(dwarf.AttrCallLine).(int64)
				file, _ := e.Val(dwarf.AttrCallFile).(int64)
				list = append(list, expanded{v.nameOf(e, ""), v.fileOf(s.unit, file), int(line)})
			}
		}
		switch {
		case e.Children && holds:
			depth++
		case e.Children:
			r.SkipChildren()
		}
	}
	return list
}

// fileOf is a file of a unit by its number.
func (v *View) fileOf(unit *dwarf.Entry, number int64) string {
	if unit == nil {
		return ""
	}
	r, err := v.dwarf.LineReader(unit)
	if err != nil || r == nil {
		return ""
	}
	files := r.Files()
	if number < 0 || number >= int64(len(files)) || files[number] == nil {
		return ""
	}
	return strings.TrimPrefix(files[number].Name, "resvirt/")
}
