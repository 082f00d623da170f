package testbed

import (
	"bytes"
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"path"
	"slices"

	"resvirt/faults"
)

// fileSymbols are the functions and lines that an ELF file tells; of another file they are
// empty.
type fileSymbols struct {
	funcs []namedCode
	lines []codeLine
}

type namedCode struct {
	start, end uint64
	name       string
}

type codeLine struct {
	start uint64
	file  string // "" = no code from here on
	line  int
}

func symbolsOf(file []byte) *fileSymbols {
	s := &fileSymbols{}
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return s
	}
	list, _ := f.Symbols() // none: then no function has a name
	for _, x := range list {
		typ := elf.ST_TYPE(x.Info)
		if n := int(x.Section); x.Name == "" || typ != elf.STT_FUNC && typ != elf.STT_NOTYPE || n >= len(f.Sections) || f.Sections[n].Flags&elf.SHF_EXECINSTR == 0 {
			continue
		}
		s.funcs = append(s.funcs, namedCode{x.Value, x.Value + x.Size, x.Name})
	}
	slices.SortStableFunc(s.funcs, func(a, b namedCode) int { return cmp.Compare(a.start, b.start) })
	for i := range s.funcs { // what has no size, of assembly, ends where the next begins
		if x := &s.funcs[i]; x.end == x.start && i+1 < len(s.funcs) {
			x.end = s.funcs[i+1].start
		}
	}
	if d, err := f.DWARF(); err == nil {
		s.readLines(d)
	}
	return s
}

// readLines takes the line tables of all compilation units, as far as they can be read.
func (s *fileSymbols) readLines(d *dwarf.Data) {
	for r := d.Reader(); ; {
		unit, err := r.Next()
		if unit == nil || err != nil {
			break
		}
		r.SkipChildren()
		table, err := d.LineReader(unit)
		if table == nil || err != nil {
			continue
		}
		for e := (dwarf.LineEntry{}); table.Next(&e) == nil; {
			at := codeLine{start: e.Address}
			if !e.EndSequence && e.File != nil {
				at.file, at.line = path.Base(e.File.Name), e.Line
			}
			s.lines = append(s.lines, at)
		}
	}
	slices.SortStableFunc(s.lines, func(a, b codeLine) int { return cmp.Compare(a.start, b.start) })
}

// Func is faults.Symbols.
func (s *fileSymbols) Func(pc uint64) (name string, start uint64, ok bool) {
	i, _ := slices.BinarySearchFunc(s.funcs, pc+1, func(f namedCode, pc uint64) int { return cmp.Compare(f.start, pc) })
	if i == 0 || pc >= s.funcs[i-1].end {
		return "", 0, false
	}
	return s.funcs[i-1].name, s.funcs[i-1].start, true
}

// Calls is faults.Symbols. Functions that the compiler has expanded are not told apart.
func (s *fileSymbols) Calls(pc uint64) []faults.Call {
	name, _, ok := s.Func(pc)
	if !ok {
		return nil
	}
	c := faults.Call{Function: name}
	if i, _ := slices.BinarySearchFunc(s.lines, pc+1, func(l codeLine, pc uint64) int { return cmp.Compare(l.start, pc) }); i > 0 {
		c.File, c.Line = s.lines[i-1].file, s.lines[i-1].line
	}
	return []faults.Call{c}
}
