package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Xen's notes in an ELF file (elfnote.h). As Xen does, those in segments count; if
// there are none those in sections, and without them a section of before notes
// (xenguest.go).

// findNotes reads what a kernel says of itself.
func (k *kernelImage) findNotes() {
	h := k.header()
	for i := uint16(0); i < h.phnum; i++ {
		if s := k.segment(i); s.kind == segNote && s.offset != 0 { // some linkers leave the offset out
			k.notes(k.file+s.offset, s.filesz)
		}
	}
	for i := uint16(0); i < h.shnum && !k.noted; i++ {
		if s := k.section(i); s != nil && s.kind == shtNote {
			k.notes(k.file+s.offset, s.size)
		}
	}
	if !k.noted {
		k.guestSection()
	}
}

// unfit says why a kernel with such notes cannot be a paravirtual guest's, or "".
func (k *kernelImage) unfit() string {
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

// notes reads the notes of owner "Xen" in n bytes at an address.
func (k *kernelImage) notes(at, n uint64) {
	for n >= 12 {
		head := (*[3]uint32)(ptr(at)) // length of name, of value, type
		name := (uint64(head[0]) + 3) &^ 3
		size := 12 + name + (uint64(head[1])+3)&^3
		if size > n {
			return
		}
		if head[0] == 4 && *(*uint32)(ptr(at + 12)) == 0x006e6558 { // "Xen\0"
			k.note(head[2], unsafe.Slice((*byte)(ptr(at+12+name)), head[1]))
		}
		at, n = at+size, n-size
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

// notePhys32Entry is where a kernel is entered without paging.
const notePhys32Entry = 18

func (k *kernelImage) note(kind uint32, value []byte) {
	k.noted = true
	switch kind {
	case abi.NoteEntry:
		k.entry = number(value)
	case abi.NoteHypercall:
		k.hypercall = number(value)
	case abi.NoteVirtBase:
		k.base = number(value)
	case abi.NotePaddrOffset:
		k.offset = number(value)
	case abi.NoteInitP2M:
		k.p2m = number(value)
	case abi.NoteModStartPFN:
		k.modByPFN = number(value) != 0
	case notePhys32Entry:
		k.pvh = true
	default:
		k.noteText(kind, value)
	}
}

// noteText takes a note that is a text.
func (k *kernelImage) noteText(kind uint32, value []byte) {
	switch kind {
	case abi.NoteXenVersion:
		k.version = isText(value, "xen-3.0")
	case abi.NoteLoader:
		k.loader = k.loader || isText(value, "generic")
	case abi.NoteGuestOS:
		k.loader = k.loader || isText(value, "linux")
	}
}
