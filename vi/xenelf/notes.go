package xenelf

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Kernel is a paravirtual guest's kernel with its description of itself.
type Kernel struct {
	File

	Entry     uint64
	noted     bool   // it has Xen's notes
	version   bool   // ... and one of them says that it is for Xen's interface
	loader    bool   // ... and one says that any loader will do
	pvh       bool   // ... or one says where it is entered without paging
	Hypercall uint64 // virtual address of the hypercall page, 0 = it wants none
	Base      uint64 // virtual address of the guest's frame 0
	Offset    uint64 // physical address of the same

	hypercallPage uint64 // 1 + number of the page, counted from the base; 0 = not given that way

	P2M      uint64 // where the guest wants its P2M list, 0 = behind the kernel
	ModByPFN bool   // it takes an initrd that is not mapped
}

// Read reads headers and notes. It returns why the file is no such kernel, or "".
func (k *Kernel) Read() string {
	if why := k.Check(); why != "" {
		return why
	}
	k.Entry = k.Header().Entry
	k.findNotes()
	if k.hypercallPage != 0 {
		k.Hypercall = k.Base + (k.hypercallPage-1)<<12
	}
	return k.unfit()
}

// Virtual is the virtual address of a segment.
func (k *Kernel) Virtual(s *Segment) uint64 { return s.Paddr - k.Offset + k.Base }

// findNotes reads Xen's notes (elfnote.h). As in Xen, those in segments are used;
// if there are none, those in sections; if there are none either, the section
// __xen_guest (section.go).
func (k *Kernel) findNotes() {
	for i := range k.Segments() {
		if s := k.Segment(i); s.Kind == Note && s.Offset != 0 { // some linkers leave the offset out
			k.notes(k.Content(s))
		}
	}
	for i := uint16(0); i < k.Header().ShNum && !k.noted; i++ {
		if s := k.section(i); s != nil && s.Kind == SectionNote {
			k.notes(k.Part(s.Offset, s.Size))
		}
	}
	if !k.noted {
		k.guestSection()
	}
}

// unfit returns the reason why a kernel with such notes cannot be that of a
// paravirtual guest, or "".
func (k *Kernel) unfit() string {
	switch {
	case !k.noted:
		return "it has neither Xen's notes nor a section __xen_guest"
	case !k.version && k.pvh:
		return "it is for guests of type PVH alone"
	case !k.version:
		return "its notes do not say that it is for xen-3.0"
	case !k.loader:
		return "its notes name neither the generic loader nor Linux"
	}
	return ""
}

// notes reads the notes of owner "Xen".
func (k *Kernel) notes(b []byte) {
	for len(b) >= 12 {
		head := (*[3]uint32)(unsafe.Pointer(unsafe.SliceData(b))) // length of name, of value, type
		value := 12 + (uint64(head[0])+3)&^3
		size := value + (uint64(head[1])+3)&^3
		if size > uint64(len(b)) {
			return
		}
		if head[0] == 4 && isText(b[12:], "Xen\x00") {
			k.note(head[2], b[value:value+uint64(head[1])])
		}
		b = b[size:]
	}
}

// number is a note's value as a number: of 1, 2, 4 or 8 bytes, else 0.
func number(b []byte) uint64 {
	p := unsafe.Pointer(unsafe.SliceData(b))
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(*(*uint16)(p))
	case 4:
		return uint64(*(*uint32)(p))
	case 8:
		return *(*uint64)(p)
	}
	return 0
}

func (k *Kernel) note(kind uint32, value []byte) {
	k.noted = true
	switch kind {
	case abi.NoteEntry:
		k.Entry = number(value)
	case abi.NoteHypercall:
		k.Hypercall = number(value)
	case abi.NoteVirtBase:
		k.Base = number(value)
	case abi.NotePaddrOffset:
		k.Offset = number(value)
	case abi.NoteInitP2M:
		k.P2M = number(value)
	case abi.NoteModStartPFN:
		k.ModByPFN = number(value) != 0
	case abi.NotePhys32Entry:
		k.pvh = true
	default:
		k.noteText(kind, value)
	}
}

// noteText uses a note whose value is a text.
func (k *Kernel) noteText(kind uint32, value []byte) {
	switch kind {
	case abi.NoteXenVersion:
		k.version = isText(value, "xen-3.0")
	case abi.NoteLoader:
		k.loader = k.loader || isText(value, "generic")
	case abi.NoteGuestOS:
		k.loader = k.loader || isText(value, "linux")
	}
}
