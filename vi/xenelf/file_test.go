//go:build unix

package xenelf

import (
	"bytes"
	"encoding/binary"
	"syscall"
	"testing"

	"resvirt/vi/abi"
)

// note is one of Xen's notes.
func note(kind uint32, value string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 4)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	b = binary.LittleEndian.AppendUint32(b, kind)
	b = append(append(b, "Xen\x00"...), value...)
	return append(b, make([]byte, -len(value)&3)...)
}

var required = bytes.Join([][]byte{note(abi.NoteGuestOS, "linux\x00"), note(abi.NoteXenVersion, "xen-3.0\x00"),
	note(abi.NoteVirtBase, "\x00\x00\x00\x80\xff\xff\xff\xff"), note(abi.NoteHypercall, "\x00\x20\x10\x80\xff\xff\xff\xff")}, nil)

const oldText = "GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0x0,VIRT_ENTRY=0xffffffff80100040,HYPERCALL_PAGE=0x102,LOADER=generic"

// kernelFile makes a file with a segment to load and a kernel's description of
// itself: notes in a segment, notes in a section, or the text that was used before
// there were notes.
func kernelFile(segment, section []byte, text string) []byte {
	names := "\x00.note\x00__xen_guest\x00"
	const head, segments = 64, 2 * 56
	at := uint64(head + segments)
	body := append(bytes.Clone(segment), section...)
	body = append(append(body, text...), names...)
	h := Header{Magic: Magic, Class: Class64, Data: Little, Kind: 2, Machine: X86_64, Version: 1, Entry: 0x100000,
		PhOff: head, PhSize: 56, PhNum: 2, ShOff: at + uint64(len(body)), ShSize: 64, ShNum: 3, ShStr: 2}
	parts := []any{h, Segment{Kind: Load, Paddr: 0x100000, FileSize: head, MemSize: 0x3000},
		Segment{Kind: Note, Offset: at, FileSize: uint64(len(segment))}, body,
		Section{Name: 1, Kind: SectionNote, Offset: at + uint64(len(segment)), Size: uint64(len(section))},
		Section{Name: 7, Kind: 1, Offset: at + uint64(len(segment)+len(section)), Size: uint64(len(text))},
		Section{Kind: 3, Offset: at + uint64(len(body)-len(names)), Size: uint64(len(names))}}
	var b bytes.Buffer
	for _, p := range parts {
		if err := binary.Write(&b, binary.LittleEndian, p); err != nil {
			panic("BUG: " + err.Error())
		}
	}
	return b.Bytes()
}

var good = map[string][]byte{
	"notes in a segment": kernelFile(required, nil, ""),
	"notes in a section": kernelFile(nil, required, ""),
	"a text":             kernelFile(nil, nil, oldText),
}

// TestRead: a kernel's description is found in each of its places, without
// allocation.
func TestRead(t *testing.T) {
	for name, file := range good {
		k := Kernel{File: file}
		if why := k.Read(); why != "" {
			t.Errorf("%s: %s", name, why)
			continue
		}
		if k.Base != 0xffffffff80000000 || k.Hypercall != k.Base+0x102000 || k.Offset != 0 {
			t.Errorf("%s: base %#x, hypercall page %#x, offset %#x", name, k.Base, k.Hypercall, k.Offset)
		}
		if s := k.Segment(0); k.Segments() != 2 || s.Kind != Load || k.Virtual(s) != k.Base+0x100000 || len(k.Content(s)) != 64 {
			t.Errorf("%s: segment %+v", name, s)
		}
		if n := testing.AllocsPerRun(10, func() { k = Kernel{File: file}; k.Read() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestRefuse: a file that cannot be loaded is refused with the reason.
func TestRefuse(t *testing.T) {
	change := func(at int, b ...byte) []byte {
		file := bytes.Clone(good["notes in a segment"])
		copy(file[at:], b)
		return file
	}
	for _, row := range []struct {
		why  string
		file []byte
	}{
		{"it is no ELF file", nil},
		{"it is no ELF file", []byte("\x7fELF")},
		{"it is no ELF file", change(0, 0)},
		{"it is not for x86-64", change(4, 1)},     // 32 bits
		{"it is not for x86-64", change(5, 2)},     // big endian
		{"it is not for x86-64", change(18, 3, 0)}, // i386
		{"the file is damaged or cut off: a segment lies outside of it, or is larger than its memory", change(56, 200)},
		{"the file is damaged or cut off: a segment lies outside of it, or is larger than its memory", change(32, bytes.Repeat([]byte{255}, 8)...)},
		{"it has neither Xen's notes nor a section __xen_guest", kernelFile(nil, nil, "")},
		{"it is for guests of type PVH alone", kernelFile(note(abi.NotePhys32Entry, "\x00\x00\x10\x00"), nil, "")},
	} {
		k := Kernel{File: row.file}
		if why := k.Read(); why != row.why {
			t.Errorf("%q, want %q", why, row.why)
		}
	}
}

// FuzzRead: whatever is in a file, nothing outside of it is read. The page behind
// the file is not mapped.
func FuzzRead(f *testing.F) {
	for _, file := range good {
		f.Add(file)
		f.Add(file[:len(file)-100])
	}
	const room = 1 << 16
	area, err := syscall.Mmap(-1, 0, room+1<<16, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err == nil {
		err = syscall.Mprotect(area[room:], syscall.PROT_NONE)
	}
	if err != nil {
		f.Skip(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > room {
			return
		}
		at := area[room-len(file) : room : room]
		copy(at, file)
		k := Kernel{File: at}
		why := k.Read()
		if File(at).Check() != "" {
			if why == "" {
				t.Error("a kernel is taken whose file is refused")
			}
			return
		}
		for i := range k.Segments() {
			s := k.Segment(i)
			if s == nil {
				t.Fatalf("segment %d of a file that was found right is none", i)
			}
			if (s.Kind == Load || s.Kind == Note) && uint64(len(k.Content(s))) != s.FileSize {
				t.Errorf("segment %d: %d bytes of %d", i, len(k.Content(s)), s.FileSize)
			}
		}
	})
}
