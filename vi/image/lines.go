package image

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"io"
	"slices"
	"strings"
)

// LineAddrs lists the run addresses at which a source line begins, of all files whose path
// ends in file ("trap.go", "vi/vmm/trap.go"), ascending. A line can begin at several
// addresses: the compiler moves parts of it and expands functions inline.
func (m *Image) LineAddrs(file string, line int) (list []uint64) {
	f, err := elf.NewFile(bytes.NewReader(m.ELF))
	if err != nil {
		return nil
	}
	d, err := f.DWARF()
	if err != nil {
		return nil
	}
	for r := d.Reader(); ; r.SkipChildren() {
		unit, err := r.Next()
		if err != nil || unit == nil {
			break
		}
		lines, err := d.LineReader(unit)
		if err != nil || lines == nil {
			continue
		}
		list = append(list, beginnings(lines, file, line, m.Slide)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// beginnings are the addresses of one unit's line table where a line begins after
// another one.
func beginnings(r *dwarf.LineReader, file string, line int, slide uint64) (list []uint64) {
	var e dwarf.LineEntry
	before := false
	for {
		if err := r.Next(&e); err == io.EOF || err != nil {
			return list
		}
		there := !e.EndSequence && e.IsStmt && e.Line == line && e.File != nil && endsIn(e.File.Name, file)
		if there && !before {
			list = append(list, e.Address+slide)
		}
		before = there
	}
}

// endsIn says whether whole components at the end of a path are those of another.
func endsIn(path, end string) bool {
	return path == end || strings.HasSuffix(path, "/"+end)
}
