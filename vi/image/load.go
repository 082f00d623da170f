package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
)

const pageSize = 4096

// loaded is a linked file laid out in memory at link addresses.
type loaded struct {
	f      *elf.File
	mem    []byte // from lo to the end of bss
	lo, hi uint64
	fileHi uint64   // end of the bytes that come from the file
	relocs []uint64 // link addresses of words that hold an address, sorted
}

// load lays the loadable segments of an ELF file out in one block.
func load(file []byte) (*loaded, error) {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("linker output: %w", err)
	}
	l := &loaded{f: f, lo: ^uint64(0)}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			l.lo, l.hi = min(l.lo, p.Vaddr), max(l.hi, p.Vaddr+p.Memsz)
			l.fileHi = max(l.fileHi, p.Vaddr+p.Filesz)
		}
	}
	if l.hi <= l.lo || l.hi-l.lo > 256<<20 || l.lo%pageSize != 0 {
		return nil, fmt.Errorf("linker output: loadable segments from %#x to %#x", l.lo, l.hi)
	}
	l.mem = make([]byte, alignUp(l.hi-l.lo, pageSize))
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		if _, err := p.ReadAt(l.mem[p.Vaddr-l.lo:p.Vaddr-l.lo+p.Filesz], 0); err != nil {
			return nil, fmt.Errorf("segment at %#x: %w", p.Vaddr, err)
		}
	}
	return l, nil
}

// relocate adds slide to every word that holds an address. A position
// independent Go file has only R_X86_64_RELATIVE relocations; anything else is an error.
func (l *loaded) relocate(slide uint64) error {
	sec := l.f.Section(".rela")
	if sec == nil {
		return fmt.Errorf("no relocations: not built position independent")
	}
	data, err := sec.Data()
	if err != nil {
		return fmt.Errorf("relocations: %w", err)
	}
	for ; len(data) >= 24; data = data[24:] {
		at := binary.LittleEndian.Uint64(data)
		info := binary.LittleEndian.Uint64(data[8:])
		addend := binary.LittleEndian.Uint64(data[16:])
		if t := elf.R_X86_64(info & 0xffffffff); t != elf.R_X86_64_RELATIVE || info>>32 != 0 {
			return fmt.Errorf("relocation %v at %#x: only R_X86_64_RELATIVE is expected", t, at)
		}
		if at < l.lo || at+8 > l.hi {
			return fmt.Errorf("relocation at %#x lies outside the image", at)
		}
		binary.LittleEndian.PutUint64(l.mem[at-l.lo:], addend+slide)
		l.relocs = append(l.relocs, at)
	}
	slices.Sort(l.relocs)
	return nil
}

// at is the memory from a link address on.
func (l *loaded) at(addr uint64) []byte { return l.mem[addr-l.lo:] }

// zero clears a section that the image does not need at run time.
func (l *loaded) zero(name string) {
	if s := l.f.Section(name); s != nil && s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS {
		clear(l.mem[s.Addr-l.lo : s.Addr-l.lo+s.Size])
	}
}

// ranges are the parts of the image by permission, in link addresses, page-aligned, in this
// order in memory.
type ranges struct {
	text, ro, data [2]uint64 // data: writable, up to the end of bss
}

// ranges reads them from the program headers. Relocated read-only data (RELRO)
// is read-only once the builder has relocated it.
func (l *loaded) ranges() (ranges, error) {
	var r ranges
	join := func(to *[2]uint64, p *elf.Prog) {
		lo, hi := p.Vaddr&^(pageSize-1), alignUp(p.Vaddr+p.Memsz, pageSize)
		if to[1] == 0 {
			*to = [2]uint64{lo, hi}
		}
		*to = [2]uint64{min(to[0], lo), max(to[1], hi)}
	}
	var relro *elf.Prog
	for _, p := range l.f.Progs {
		if p.Type == elf.PT_GNU_RELRO {
			relro = p
		}
	}
	for _, p := range l.f.Progs {
		switch {
		case p.Type != elf.PT_LOAD:
		case p.Flags&elf.PF_X != 0:
			join(&r.text, p)
		case p.Flags&elf.PF_W == 0 || relro != nil && p.Vaddr == relro.Vaddr:
			join(&r.ro, p)
		default:
			join(&r.data, p)
		}
	}
	// The first page holds only the file's own headers.
	if s := l.f.Section(".text"); s != nil && s.Addr >= r.text[0]+pageSize {
		r.text[0] = s.Addr &^ (pageSize - 1)
	}
	if r.text[1] == 0 || r.text[1] > r.ro[0] || r.ro[1] > r.data[0] {
		return r, fmt.Errorf("segments are not in the order text, read-only, data: %x", r)
	}
	return r, nil
}

func alignUp(v, n uint64) uint64 { return (v + n - 1) &^ (n - 1) }
