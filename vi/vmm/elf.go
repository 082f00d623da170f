package main

import "unsafe"

// elfHeader and elfSegment are those of a 64-bit ELF file (System V ABI, AMD64).
type elfHeader struct {
	magic         uint32
	class, data   uint8
	_             [10]uint8
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
	elfLSB    = 1
	elfX86_64 = 62
	segLoad   = 1
	segNote   = 4
	shtNote   = 7
)

// kernelImage is a guest kernel in memory and what its notes say.
type kernelImage struct {
	file, size uint64 // where the file lies, as the VMM sees it

	entry     uint64
	noted     bool   // it has Xen's notes
	version   bool   // ... which say that it is for Xen's interface
	loader    bool   // ... and that any loader does
	pvh       bool   // ... or where it is entered without paging
	hypercall uint64 // virtual address of the hypercall page, 0 = it wants none
	base      uint64 // virtual address of the guest's frame 0
	offset    uint64 // physical address of the same
	end       uint64 // virtual end of the loaded segments

	hypercallPage uint64 // 1 + number of the page from the base on, 0 = not said so

	p2m      uint64 // where the guest wants its P2M list, 0 = behind the kernel
	modByPFN bool   // it takes an initrd that is not mapped
}

func (k *kernelImage) header() *elfHeader { return (*elfHeader)(ptr(k.file)) }

// segment is the i-th program header; nil if it lies outside the file, or a part of
// it that is used. What a segment of notes takes in memory does not matter: GRUB
// says nothing.
func (k *kernelImage) segment(i uint16) *elfSegment {
	h := k.header()
	at := h.phoff + uint64(i)*uint64(h.phsize)
	if at < h.phoff || at > k.size || k.size-at < uint64(unsafe.Sizeof(elfSegment{})) {
		return nil
	}
	s := (*elfSegment)(ptr(k.file + at))
	switch {
	case s.kind != segLoad && s.kind != segNote:
	case s.offset > k.size || s.filesz > k.size-s.offset || s.kind == segLoad && s.filesz > s.memsz:
		return nil
	}
	return s
}

// parse reads the headers and notes. It returns why this is no guest kernel, or "".
func (k *kernelImage) parse() string {
	h := k.header()
	switch {
	case k.size < uint64(unsafe.Sizeof(*h)) || h.magic != elfMagic:
		return "it is no ELF file"
	case h.class != elf64 || h.data != elfLSB || h.machine != elfX86_64:
		return "it is not for x86-64"
	}
	k.entry = h.entry
	for i := uint16(0); i < h.phnum; i++ {
		if k.segment(i) == nil {
			return "the file is damaged or cut off: a segment lies outside of it, or is larger than its memory"
		}
	}
	k.findNotes()
	if why := k.unfit(); why != "" {
		return why
	}
	return k.place()
}

// place finds what the segments take in the guest's address space. It returns why
// that cannot be, or "".
func (k *kernelImage) place() string {
	if k.base&pageMask != 0 || k.offset&pageMask != 0 || isHypervisorAddr(k.base) {
		return "its base is no page of a guest's address space"
	}
	if k.hypercallPage != 0 {
		k.hypercall = k.base + (k.hypercallPage-1)<<pageShift
	}
	first := ^uint64(0)
	for i := uint16(0); i < k.header().phnum; i++ {
		s := k.segment(i)
		if s.kind != segLoad || s.memsz == 0 {
			continue
		}
		if s.paddr < k.offset || s.paddr-k.offset > maxKernel || s.memsz > maxKernel || !guestRange(k.base, s.paddr-k.offset+s.memsz) {
			return "a segment lies outside of what a kernel may take: 1 GiB from its base on"
		}
		first = min(first, k.virtual(s))
		k.end = max(k.end, k.virtual(s)+s.memsz)
	}
	switch {
	case first > k.end:
		return "it has no segment to load"
	case k.entry < first || k.entry >= k.end:
		return "its entry point lies outside of its segments"
	case k.hypercall != 0 && (k.hypercall < k.base || k.hypercall >= k.end):
		return "its hypercall page lies outside of its segments"
	case k.p2m&pageMask != 0:
		return "its list of frames would begin within a page"
	}
	return ""
}

// maxKernel bounds the pseudo-physical memory of a kernel image.
const maxKernel = 1 << 30

// virtual is where a segment goes.
func (k *kernelImage) virtual(s *elfSegment) uint64 { return s.paddr - k.offset + k.base }
