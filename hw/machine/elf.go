package machine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// elfFile is what a loader needs of an executable for x86: its program headers.
// Sections are ignored and may be malformed. ELF specification 1.2, part 1.
//
// It is not the reader of vi/xenelf, because it accepts both classes, names the wrong
// field of a user's file, and because hw does not import vi.
type elfFile struct {
	bits     int // 32 or 64
	machine  uint16
	entry    uint64
	segments []elfSegment
}

// elfSegment is a program header; data is its part of the file.
type elfSegment struct {
	kind, flags uint32
	virt, phys  uint64
	align       uint64
	data        []byte
	size        uint64 // in memory
}

const (
	elfClass32 = 1
	elfClass64 = 2
	elfLittle  = 1

	elf386   = 3
	elfAMD64 = 62

	elfLoad       = 1 // kinds of segments
	elfNote       = 4
	elfExecutable = 1 // flag of a segment

	elfIdent = 16
)

// parseELF reads the headers of an ELF file. The file may be malformed in any way.
func parseELF(file []byte) (*elfFile, error) {
	switch {
	case len(file) < elfIdent || !bytes.HasPrefix(file, []byte("\x7fELF")):
		return nil, errors.New("machine: the kernel is no ELF file")
	case file[5] != elfLittle || file[4] != elfClass32 && file[4] != elfClass64:
		return nil, fmt.Errorf("machine: the kernel is an ELF file of class %d and byte order %d: not one for x86", file[4], file[5])
	}
	f := &elfFile{bits: 32 * int(file[4])}
	r := elfReader{file: file, wide: f.bits == 64, at: elfIdent + 2}
	f.machine = r.half()
	r.at += 4 // version
	f.entry = r.address()
	table := r.address()
	r.address() // section headers
	r.at += 4 + 2
	size, count := r.half(), r.half()
	if r.short {
		return nil, errors.New("machine: the kernel's ELF header is cut off by the end of the file")
	}
	for i := range count {
		r.at = table + uint64(i)*uint64(size)
		s, err := r.segment()
		if err != nil {
			return nil, fmt.Errorf("machine: ELF segment %d: %w", i, err)
		}
		f.segments = append(f.segments, s)
	}
	return f, nil
}

// elfReader reads fields in a row. Beyond the end of the file they are 0 and
// short is set.
type elfReader struct {
	file  []byte
	wide  bool
	at    uint64
	short bool
}

func (r *elfReader) field(n uint64) []byte {
	if r.at > uint64(len(r.file)) || n > uint64(len(r.file))-r.at {
		r.short = true
		return make([]byte, n)
	}
	b := r.file[r.at : r.at+n]
	r.at += n
	return b
}

func (r *elfReader) half() uint16 { return binary.LittleEndian.Uint16(r.field(2)) }
func (r *elfReader) word() uint32 { return binary.LittleEndian.Uint32(r.field(4)) }

// address reads a field whose width is that of the file's class.
func (r *elfReader) address() uint64 {
	if r.wide {
		return binary.LittleEndian.Uint64(r.field(8))
	}
	return uint64(r.word())
}

// segment reads a program header, whose fields stand in another order in each class.
func (r *elfReader) segment() (s elfSegment, err error) {
	s.kind = r.word()
	if r.wide {
		s.flags = r.word()
	}
	offset := r.address()
	s.virt, s.phys = r.address(), r.address()
	length := r.address()
	s.size = r.address()
	if !r.wide {
		s.flags = r.word()
	}
	s.align = r.address()
	switch {
	case r.short:
		return s, errors.New("its header lies beyond the end of the file")
	case s.kind != elfLoad && s.kind != elfNote:
		return s, nil
	case offset > uint64(len(r.file)) || length > uint64(len(r.file))-offset:
		return s, fmt.Errorf("%d bytes at offset %#x lie beyond the end of the file", length, offset)
	case s.kind == elfLoad && s.size < length:
		return s, errors.New("it is smaller in memory than in the file")
	}
	s.data = r.file[offset : offset+length]
	return s, nil
}

// loadELF puts the segments at their physical addresses. It returns the physical
// address of the entry and the end of what was loaded.
func (m *Machine) loadELF(f *elfFile) (entry, end uint32, err error) {
	at, last := f.entry, uint64(0)
	for i, s := range f.segments {
		if s.kind != elfLoad || s.size == 0 {
			continue
		}
		if err := m.place(fmt.Sprintf("ELF segment %d", i), s.phys, s.data, s.size); err != nil {
			return 0, 0, err
		}
		last = max(last, s.phys+s.size)
		// The entry may be a virtual address, if the kernel is linked to run there.
		if s.flags&elfExecutable != 0 && f.entry-s.virt < uint64(len(s.data)) {
			at = f.entry - s.virt + s.phys
		}
	}
	switch {
	case last == 0:
		return 0, 0, errors.New("machine: the ELF kernel has nothing to load")
	case at > math.MaxUint32:
		return 0, 0, fmt.Errorf("machine: the ELF kernel's entry %#x is beyond 4 GiB", at)
	}
	return uint32(at), uint32(last), nil
}

// note returns the content of a note by its owner and type.
func (f *elfFile) note(owner string, kind uint32) (desc []byte, ok bool) {
	for _, s := range f.segments {
		if s.kind != elfNote {
			continue
		}
		align := uint64(4)
		if s.align == 8 {
			align = 8
		}
		for r := (elfReader{file: s.data}); ; {
			name, length := uint64(r.word()), uint64(r.word())
			of := r.word()
			who := r.field(min(name, uint64(len(s.data))))
			r.at = (r.at + align - 1) &^ (align - 1)
			desc := r.field(min(length, uint64(len(s.data))))
			r.at = (r.at + align - 1) &^ (align - 1)
			if r.short {
				break
			}
			if of == kind && string(bytes.TrimSuffix(who, []byte{0})) == owner {
				return desc, true
			}
		}
	}
	return nil, false
}
