package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/guest"
)

// elfHeader and elfSegment are the parts of an ELF64 file that are read (System
// V gABI, chapters 4 and 5).
type elfHeader struct {
	magic               uint32
	_                   [12]byte
	_, machine          uint16
	_                   uint32
	_, phoff            uint64
	_                   uint64
	_                   uint32
	_, phentsize, phnum uint16
}

type elfSegment struct {
	kind, _              uint32
	offset, vaddr, paddr uint64
	filesz, memsz, _     uint64
}

const (
	elfMagic = 0x464c457f
	segLoad  = 1
	segNote  = 4
)

// kernel is a VM's kernel and what its notes say (elfnote.h).
type kernel struct {
	file             []byte
	base, end        uint64 // virtual addresses of the domain's first frame and of the end of the segments
	entry, hypercall uint64
}

func (k *kernel) segment(i uint16) *elfSegment {
	h := (*elfHeader)(unsafe.Pointer(&k.file[0]))
	return (*elfSegment)(unsafe.Pointer(&k.file[h.phoff+uint64(i)*uint64(h.phentsize)]))
}

func (k *kernel) segments() uint16 { return (*elfHeader)(unsafe.Pointer(&k.file[0])).phnum }

// parse reads the file. It is one of ours, so that all offsets are taken to be
// right; Go's checks end the domain if they are not.
func (k *kernel) parse() {
	if (*elfHeader)(unsafe.Pointer(&k.file[0])).magic != elfMagic {
		guest.Die("the VMs' kernel is no ELF file", 0)
	}
	for i := range k.segments() {
		if s := k.segment(i); s.kind == segNote {
			k.notes(k.file[s.offset : s.offset+s.filesz])
		}
	}
	for i := range k.segments() {
		if s := k.segment(i); s.kind == segLoad {
			k.end = max(k.end, k.base+s.paddr+s.memsz)
		}
	}
	if k.base == 0 || k.entry == 0 || k.hypercall < k.base || k.end <= k.base {
		guest.Die("the VMs' kernel lacks Xen notes", 0)
	}
}

// notes reads a note segment: sizes of name and value and a type, then both,
// each filled up to 4 bytes.
func (k *kernel) notes(b []byte) {
	for len(b) >= 12 {
		h := (*[3]uint32)(unsafe.Pointer(&b[0]))
		at := 12 + (h[0]+3)&^3
		if h[1] == 8 {
			v := *(*uint64)(unsafe.Pointer(&b[at]))
			switch h[2] {
			case abi.NoteEntry:
				k.entry = v
			case abi.NoteHypercall:
				k.hypercall = v
			case abi.NoteVirtBase:
				k.base = v
			}
		}
		b = b[at+(h[1]+3)&^3:]
	}
}
