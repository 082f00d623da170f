package image

import (
	"debug/elf"
	"debug/gosym"
	"fmt"
	"sort"
	"strings"
	"sync"
)

// symbols is an index over the symbol table at run addresses, and the line
// table, which is parsed when first asked for.
type symbols struct {
	byName map[string]symbol
	sorted []symbol
	slide  uint64
	module string

	once    sync.Once
	pclntab []byte
	text    uint64
	table   *gosym.Table

	inlined inlined
}

type symbol struct {
	name string
	addr uint64
	size uint64
	code bool
}

// readSymbols reads f's symbol table; extra are symbols that the builder made.
func readSymbols(f *elf.File, slide uint64, module string, extra []symbol) (*symbols, error) {
	list, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("symbol table: %w", err)
	}
	s := &symbols{byName: map[string]symbol{}, slide: slide, module: module, inlined: inlined{file: f}}
	add := func(y symbol) {
		if _, dup := s.byName[y.name]; !dup {
			s.byName[y.name] = y
		}
		s.sorted = append(s.sorted, y)
	}
	for _, e := range list {
		t := elf.ST_TYPE(e.Info)
		if t != elf.STT_FUNC && t != elf.STT_OBJECT {
			continue
		}
		if int(e.Section) >= len(f.Sections) || e.Name == "" {
			continue
		}
		code := f.Sections[e.Section].Flags&elf.SHF_EXECINSTR != 0
		add(symbol{e.Name, e.Value + slide, e.Size, code})
	}
	for _, e := range extra {
		add(e)
	}
	sort.SliceStable(s.sorted, func(i, j int) bool { return s.sorted[i].addr < s.sorted[j].addr })
	if sec := f.Section(".gopclntab"); sec != nil {
		if s.pclntab, err = sec.Data(); err != nil {
			return nil, fmt.Errorf("line table: %w", err)
		}
	}
	if sec := f.Section(".text"); sec != nil {
		s.text = sec.Addr
	}
	return s, nil
}

// find returns the smallest symbol of the wanted kind that holds addr.
func (s *symbols) find(addr uint64, code bool) (Symbol, bool) {
	i := sort.Search(len(s.sorted), func(i int) bool { return s.sorted[i].addr > addr })
	// Symbols do not nest except for the linker's containers ("type:*"), so a
	// short look backwards finds the innermost.
	for n := 0; i > 0 && n < 8; n++ {
		i--
		y := s.sorted[i]
		if y.code == code && addr-y.addr < y.size {
			return Symbol{y.name, y.addr, y.addr + y.size}, true
		}
	}
	return Symbol{}, false
}

// line looks addr up in Go's own line table.
func (s *symbols) line(addr uint64) (string, int, bool) {
	s.once.Do(func() {
		if s.pclntab != nil {
			s.table, _ = gosym.NewTable(nil, gosym.NewLineTable(s.pclntab, s.text))
		}
	})
	if s.table == nil {
		return "", 0, false
	}
	file, line, fn := s.table.PCToLine(addr - s.slide)
	if fn == nil || file == "" {
		return "", 0, false
	}
	return s.inModule(file), line, true
}

// inModule is a file's path in the module.
func (s *symbols) inModule(file string) string { return strings.TrimPrefix(file, s.module+"/") }
