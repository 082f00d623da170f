package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
)

// DebugFile is the image as an ELF file for debuggers: sections, symbols and DWARF at
// the addresses at which it runs, and the bytes that are loaded there.
func (m *Image) DebugFile() ([]byte, error) {
	d := &debugFile{m: m, out: bytes.Clone(m.ELF)}
	var err error
	if d.f, err = elf.NewFile(bytes.NewReader(m.ELF)); err != nil {
		return nil, fmt.Errorf("image %s: linker output: %w", m.Name, err)
	}
	if d.l, err = load(m.ELF); err != nil {
		return nil, fmt.Errorf("image %s: %w", m.Name, err)
	}
	if err := d.write(); err != nil {
		return nil, fmt.Errorf("image %s, for debuggers: %w", m.Name, err)
	}
	return d.out, nil
}

// debugFile is a DebugFile being made: the linker's output, changed in place, with the
// debug sections, decompressed, and a new section table behind it.
type debugFile struct {
	m   *Image
	f   *elf.File
	l   *loaded
	out []byte
}

// The layout of ELF64 headers (System V ABI, gABI 4.1, chapters 4 and 5).
const (
	ehdrType, ehdrEntry, ehdrSections = 16, 24, 40
	phdrSize, phdrVaddr, phdrPaddr    = 56, 16, 24
	shdrSize                          = 64
	symSize, symShndx, symValue       = 24, 6, 8
)

func (d *debugFile) write() error {
	le := binary.LittleEndian
	le.PutUint16(d.out[ehdrType:], uint16(elf.ET_EXEC)) // it is not relocated any more
	le.PutUint64(d.out[ehdrEntry:], d.m.Entry)
	for i, p := range d.f.Progs {
		at := d.out[64+phdrSize*i:]
		if p.Type == elf.PT_LOAD {
			le.PutUint64(at[phdrVaddr:], p.Vaddr+d.m.Slide)
			le.PutUint64(at[phdrPaddr:], p.Vaddr+d.m.Slide)
		} else {
			le.PutUint32(at, uint32(elf.PT_NULL)) // the loader and its tables are not there
		}
	}
	var table []byte
	for i, s := range d.f.Sections {
		h, err := d.section(i, s)
		if err != nil {
			return fmt.Errorf("section %s: %w", s.Name, err)
		}
		if table, err = binary.Append(table, le, h); err != nil {
			return err
		}
	}
	d.align(8)
	le.PutUint64(d.out[ehdrSections:], uint64(len(d.out)))
	d.out = append(d.out, table...)
	return nil
}

func (d *debugFile) align(n int) {
	d.out = append(d.out, make([]byte, -len(d.out)&(n-1))...)
}

// loaderSections are for a dynamic linker, or lead a debugger to the Go runtime, which
// does not run here.
var loaderSections = []string{".tbss", ".interp", ".rela", ".rela.plt", ".gnu.version_r", ".gnu.version", ".dynstr", ".hash", ".dynsym", ".dynamic", ".debug_gdb_scripts"}

// section writes the content of a section and returns its header.
func (d *debugFile) section(i int, s *elf.Section) (h elf.Section64, err error) {
	le := binary.LittleEndian
	if slices.Contains(loaderSections, s.Name) || s.Type == elf.SHT_NULL {
		return h, nil
	}
	h = elf.Section64{Type: uint32(s.Type), Flags: uint64(s.Flags &^ elf.SHF_COMPRESSED), Addr: s.Addr, Off: s.Offset,
		Size: s.Size, Link: s.Link, Info: s.Info, Addralign: s.Addralign, Entsize: s.Entsize, Name: le.Uint32(d.m.ELF[int(le.Uint64(d.m.ELF[ehdrSections:]))+shdrSize*i:])}
	switch slides, debug := slidesDWARF[s.Name]; {
	case s.Flags&elf.SHF_ALLOC != 0:
		h.Addr += d.m.Slide
		if s.Type != elf.SHT_NOBITS {
			d.fill(s)
		}
	case s.Type == elf.SHT_SYMTAB:
		d.symbols(d.out[s.Offset:][:s.FileSize])
	case debug || s.Flags&elf.SHF_COMPRESSED != 0:
		data, err := s.Data()
		if err != nil {
			return h, err
		}
		if slides != nil {
			if err := slides(d, data); err != nil {
				return h, err
			}
		}
		d.align(16)
		h.Off, h.Size = uint64(len(d.out)), uint64(len(data))
		d.out = append(d.out, data...)
	}
	return h, nil
}

// fill copies what is loaded over a section, as far as the image has it. The line table,
// which the image lacks, stays for programs that read Go's.
func (d *debugFile) fill(s *elf.Section) {
	if s.Name != ".gopclntab" {
		d.m.initial(s.Addr+d.m.Slide, d.out[s.Offset:][:s.FileSize])
	}
}

// symbols moves the symbols of a table to where the image runs.
func (d *debugFile) symbols(table []byte) {
	for ; len(table) >= symSize; table = table[symSize:] {
		if i := int(binary.LittleEndian.Uint16(table[symShndx:])); i < len(d.f.Sections) && d.f.Sections[i].Flags&elf.SHF_ALLOC != 0 {
			d.slide(table[symValue:])
		}
	}
}

// slide moves an address, if it is one of the image.
func (d *debugFile) slide(at []byte) {
	if a := binary.LittleEndian.Uint64(at); a >= d.l.lo && a <= d.l.hi {
		binary.LittleEndian.PutUint64(at, a+d.m.Slide)
	}
}

// initial copies what is loaded at an address, where something is.
func (m *Image) initial(addr uint64, buf []byte) {
	over := func(start uint64, data []byte) {
		lo, hi := max(addr, start), min(addr+uint64(len(buf)), start+uint64(len(data)))
		if lo < hi {
			copy(buf[lo-addr:hi-addr], data[lo-start:])
		}
	}
	f, err := elf.NewFile(bytes.NewReader(m.File))
	if err != nil { // flat
		over(m.Base, m.File)
		return
	}
	for _, p := range f.Progs {
		if data := make([]byte, p.Filesz); p.Type == elf.PT_LOAD {
			if _, err := p.ReadAt(data, 0); err == nil {
				over(p.Vaddr, data)
			}
		}
	}
}
