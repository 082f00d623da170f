package image

import (
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"slices"
	"sync"
)

// Call is a function to which an address belongs, with a line of its source: for the
// innermost function that of the address itself, for the others that of the call
// which the compiler has expanded.
type Call struct {
	Function string
	File     string
	Line     int
}

// Calls lists the functions that a run address belongs to, innermost first: those
// that the compiler has expanded in their callers, then the one that has code of its
// own, which is last. It is empty if nothing is known. For a return address pass pc-1.
func (m *Image) Calls(pc uint64) []Call {
	s := m.symbols
	file, line, ok := s.line(pc)
	f, known := s.find(pc, true)
	if !ok || !known {
		return nil
	}
	inner := s.inlined.around(pc - s.slide)
	list := make([]Call, 0, len(inner)+1)
	at := Call{File: file, Line: line}
	for _, e := range slices.Backward(inner) {
		at.Function = e.name
		list = append(list, at)
		at = Call{File: s.inModule(e.file), Line: e.line}
	}
	at.Function = f.Name
	return append(list, at)
}

// inlined reads expanded calls from an image's debug information when first asked
// for. It is a lookup that many may ask at a time.
type inlined struct {
	file *elf.File

	mu    sync.Mutex
	read  bool
	dwarf *dwarf.Data
	subs  []*subprogram // by address
}

// subprogram is a function that has code of its own.
type subprogram struct {
	low, high uint64
	entry     *dwarf.Entry
	unit      *dwarf.Entry
	read      bool
	expanded  []expanded // outer ones before those in them
}

// expanded is a call at file:line that the compiler has expanded.
type expanded struct {
	name   string
	ranges [][2]uint64
	file   string
	line   int
}

// around lists the expanded calls around a link address, outermost first.
func (x *inlined) around(pc uint64) []expanded {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.index()
	i, found := slices.BinarySearchFunc(x.subs, pc, func(s *subprogram, pc uint64) int {
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
	s := x.subs[i]
	if !s.read {
		s.read, s.expanded = true, x.expansions(s)
	}
	var list []expanded
	for _, e := range s.expanded {
		if slices.ContainsFunc(e.ranges, func(r [2]uint64) bool { return r[0] <= pc && pc < r[1] }) {
			list = append(list, e)
		}
	}
	return list
}

// index lists all functions by address; it works only at the first call. An image
// without debug information has none.
func (x *inlined) index() {
	if x.read {
		return
	}
	x.read = true
	d, err := x.file.DWARF()
	if err != nil {
		return
	}
	x.dwarf = d
	var unit *dwarf.Entry
	for r := d.Reader(); ; {
		e, err := r.Next()
		if err != nil || e == nil {
			break
		}
		if e.Tag == dwarf.TagCompileUnit {
			unit = e
			continue
		}
		if e.Tag == dwarf.TagSubprogram {
			if ranges, err := d.Ranges(e); err == nil && len(ranges) > 0 {
				x.subs = append(x.subs, &subprogram{low: ranges[0][0], high: ranges[0][1], entry: e, unit: unit})
			}
		}
		r.SkipChildren()
	}
	slices.SortStableFunc(x.subs, func(a, b *subprogram) int { return cmp.Compare(a.low, b.low) })
}

// expansions lists all calls that were expanded in a function.
func (x *inlined) expansions(s *subprogram) []expanded {
	if !s.entry.Children {
		return nil
	}
	r := x.dwarf.Reader()
	r.Seek(s.entry.Offset)
	if _, err := r.Next(); err != nil {
		return nil
	}
	files := x.files(s.unit)
	var list []expanded
	for depth := 1; depth > 0; {
		e, err := r.Next()
		if err != nil || e == nil {
			break
		}
		switch {
		case e.Tag == 0:
			depth--
		case e.Tag == dwarf.TagInlinedSubroutine || e.Tag == dwarf.TagLexDwarfBlock:
			if e.Tag == dwarf.TagInlinedSubroutine {
				ranges, _ := x.dwarf.Ranges(e)
				line, _ := e.Val(dwarf.AttrCallLine).(int64)
				file, _ := e.Val(dwarf.AttrCallFile).(int64)
				at := expanded{name: x.origin(e), ranges: ranges, line: int(line)}
				if 0 <= file && file < int64(len(files)) && files[file] != nil {
					at.file = files[file].Name
				}
				list = append(list, at)
			}
			if e.Children {
				depth++
			}
		default:
			r.SkipChildren()
		}
	}
	return list
}

// origin is the name of an expanded function, which stands in its abstract entry.
func (x *inlined) origin(e *dwarf.Entry) string {
	at, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
	if !ok {
		return ""
	}
	r := x.dwarf.Reader()
	r.Seek(at)
	o, err := r.Next()
	if err != nil || o == nil {
		return ""
	}
	name, _ := o.Val(dwarf.AttrName).(string)
	return name
}

// files lists the files of a unit by their numbers.
func (x *inlined) files(unit *dwarf.Entry) []*dwarf.LineFile {
	if unit == nil {
		return nil
	}
	r, err := x.dwarf.LineReader(unit)
	if err != nil || r == nil {
		return nil
	}
	return r.Files()
}
