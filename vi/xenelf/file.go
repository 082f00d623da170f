// Package xenelf reads ELF files for x86-64, and the notes in kernels for Xen. It
// allocates nothing and trusts nothing: a file may be damaged in any way. Hypervisor,
// control domain and guest kernel share it: so it needs no Go runtime.
package xenelf

import "unsafe"

// File is the content of an ELF file (System V gABI, chapters 4 and 5). All methods but
// Check and Part need a file that Check has accepted.
type File []byte

// Header is the structure at the beginning of a file.
type Header struct {
	Magic         uint32
	Class, Data   uint8
	_             [10]uint8
	Kind, Machine uint16
	Version       uint32
	Entry         uint64
	PhOff, ShOff  uint64
	Flags         uint32
	Size          uint16
	PhSize, PhNum uint16
	ShSize, ShNum uint16
	ShStr         uint16
}

// Segment is a program header.
type Segment struct {
	Kind, Flags                uint32
	Offset, Vaddr, Paddr       uint64
	FileSize, MemSize, Aligned uint64
}

// Section is a section header.
type Section struct {
	Name, Kind     uint32
	Flags, Addr    uint64
	Offset, Size   uint64
	Link, Info     uint32
	Align, EntSize uint64
}

// Values of the fields above.
const (
	Magic   = 0x464c457f // "\x7fELF"
	Class64 = 2
	Little  = 1
	X86_64  = 62

	Load = 1 // kinds of segments
	Note = 4

	SectionNote = 7 // a kind of section
)

// Check returns why this is no ELF file for x86-64 that can be loaded, or "".
func (f File) Check() string {
	h := f.Header()
	switch {
	case f.Part(0, uint64(unsafe.Sizeof(*h))) == nil || h.Magic != Magic:
		return "it is no ELF file"
	case h.Class != Class64 || h.Data != Little || h.Machine != X86_64:
		return "it is not for x86-64"
	}
	for i := range h.PhNum {
		if f.Segment(i) == nil {
			return "the file is damaged or cut off: a segment lies outside of it, or is larger than its memory"
		}
	}
	return ""
}

// Header returns the file's header.
func (f File) Header() *Header { return (*Header)(unsafe.Pointer(unsafe.SliceData(f))) }

// Segments is the number of segments.
func (f File) Segments() uint16 { return f.Header().PhNum }

// Content returns the bytes in the file of a segment of kind Load or Note.
func (f File) Content(s *Segment) []byte { return f.Part(s.Offset, s.FileSize) }

// Segment returns a program header; nil if it, or a part of its content that is used, lies
// outside the file. In a file that Check has accepted it is never nil. The size in memory
// of a segment of notes is not checked: GRUB leaves it 0.
func (f File) Segment(i uint16) *Segment {
	h := f.Header()
	s := (*Segment)(f.entry(h.PhOff, uint64(i)*uint64(h.PhSize), unsafe.Sizeof(Segment{})))
	switch {
	case s == nil || s.Kind != Load && s.Kind != Note:
	case f.Content(s) == nil || s.Kind == Load && s.FileSize > s.MemSize:
		return nil
	}
	return s
}

// section returns a section header; nil if it lies outside the file, or its content.
func (f File) section(i uint16) *Section {
	h := f.Header()
	s := (*Section)(f.entry(h.ShOff, uint64(i)*uint64(h.ShSize), unsafe.Sizeof(Section{})))
	if s == nil || f.Part(s.Offset, s.Size) == nil {
		return nil
	}
	return s
}

// entry returns an entry of a table, nil if it lies outside the file.
func (f File) entry(table, at uint64, size uintptr) unsafe.Pointer {
	if table+at < table {
		return nil
	}
	return unsafe.Pointer(unsafe.SliceData(f.Part(table+at, uint64(size))))
}

// Part returns n bytes at an offset; nil if they are not all in the file.
func (f File) Part(offset, n uint64) []byte {
	if offset > uint64(len(f)) || n > uint64(len(f))-offset {
		return nil
	}
	return f[offset : offset+n : offset+n]
}
