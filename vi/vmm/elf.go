package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// elfHeader and elfSegment are those of a 64-bit ELF file (System V ABI, AMD64).
type elfHeader struct {
	magic         uint32
	class         uint8
	_             [11]uint8
	kind, machine uint16
	version       uint32
	entry         uint64
	phoff, shoff  uint64
	flags         uint32
	_             uint16
	phsize, phnum uint16
	shsize, shnum uint16
	shstr         uint16
}

type elfSegment struct {
	kind, flags               uint32
	offset, vaddr, paddr      uint64
	filesz, memsz, alignement uint64
}

const (
	elfMagic  = 0x464c457f // "\x7fELF"
	elf64     = 2
	elfX86_64 = 62
	segLoad   = 1
	segNote   = 4
)

// kernelImage is a guest kernel in memory and what its notes say.
type kernelImage struct {
	file, size uint64 // where the file lies, as the VMM sees it

	entry     uint64
	noted     bool   // it has Xen's notes
	hypercall uint64 // virtual address of the hypercall page, 0 = it wants none
	base      uint64 // virtual address of the guest's frame 0
	offset    uint64 // physical address of the same
	end       uint64 // virtual end of the loaded segments

	hypercallPage uint64 // 1 + number of the page from the base on, 0 = not said so

	p2m      uint64 // where the guest wants its P2M list, 0 = behind the kernel
	modByPFN bool   // it takes an initrd that is not mapped
}

func (k *kernelImage) header() *elfHeader { return (*elfHeader)(ptr(k.file)) }

// segment is the i-th program header; nil if it lies outside the file.
func (k *kernelImage) segment(i uint16) *elfSegment {
	h := k.header()
	at := h.phoff + uint64(i)*uint64(h.phsize)
	if at > k.size || at+uint64(unsafe.Sizeof(elfSegment{})) > k.size {
		return nil
	}
	s := (*elfSegment)(ptr(k.file + at))
	if s.offset > k.size || s.filesz > k.size-s.offset || s.filesz > s.memsz {
		return nil
	}
	return s
}

// parse reads the headers and notes; false if this is no guest kernel.
func (k *kernelImage) parse() bool {
	h := k.header()
	if k.size < uint64(unsafe.Sizeof(*h)) || h.magic != elfMagic || h.class != elf64 || h.machine != elfX86_64 {
		return false
	}
	k.entry = h.entry
	for i := uint16(0); i < h.phnum; i++ {
		s := k.segment(i)
		if s == nil {
			return false
		}
		if s.kind == segNote {
			k.notes(k.file+s.offset, s.filesz)
		}
	}
	if !k.noted {
		k.guestSection()
	}
	if k.hypercallPage != 0 {
		k.hypercall = k.base + (k.hypercallPage-1)<<pageShift
	}
	for i := uint16(0); i < h.phnum; i++ {
		s := k.segment(i)
		if s.kind != segLoad {
			continue
		}
		if s.paddr < k.offset || s.paddr-k.offset > maxKernel || s.memsz > maxKernel {
			return false
		}
		k.end = max(k.end, k.virtual(s)+s.memsz)
	}
	return k.end > k.base && (k.hypercall == 0 || k.hypercall >= k.base && k.hypercall < k.end)
}

// maxKernel bounds the pseudo-physical memory of a kernel image.
const maxKernel = 1 << 30

// virtual is where a segment goes.
func (k *kernelImage) virtual(s *elfSegment) uint64 { return s.paddr - k.offset + k.base }

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
			v := ptr(at + 12 + name)
			value := uint64(*(*uint32)(v))
			if head[1] == 8 {
				value = *(*uint64)(v)
			}
			k.note(head[2], value)
		}
		at, n = at+size, n-size
	}
}

func (k *kernelImage) note(kind uint32, value uint64) {
	k.noted = true
	switch kind {
	case abi.NoteEntry:
		k.entry = value
	case abi.NoteHypercall:
		k.hypercall = value
	case abi.NoteVirtBase:
		k.base = value
	case abi.NotePaddrOffset:
		k.offset = value
	case abi.NoteInitP2M:
		k.p2m = value
	case abi.NoteModStartPFN:
		k.modByPFN = value&0xffffffff != 0
	}
}
