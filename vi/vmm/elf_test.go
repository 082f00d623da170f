package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// kernelFile is a kernel with one segment at 1 MiB and notes, or, with a text,
// a section __xen_guest.
func kernelFile(notes map[uint32]uint64, text string) []byte {
	var n bytes.Buffer
	for kind := range uint32(20) {
		if v, ok := notes[kind]; ok {
			binary.Write(&n, binary.LittleEndian, []uint32{4, 8, kind})
			n.WriteString("Xen\x00")
			binary.Write(&n, binary.LittleEndian, v)
		}
	}
	const head, ph = 64, 56
	names := "\x00.text\x00__xen_guest\x00"
	at := uint64(head + 2*ph)
	h := elfHeader{magic: elfMagic, class: elf64, kind: 2, machine: elfX86_64, version: 1, entry: 0x100000,
		phoff: head, phsize: ph, phnum: 2, shsize: 64, shnum: 3, shstr: 1}
	h.shoff = at + uint64(n.Len()+len(names)+len(text))
	load := elfSegment{kind: segLoad, offset: 0, paddr: 0x100000, filesz: head, memsz: 0x3000}
	note := elfSegment{kind: segNote, offset: at, filesz: uint64(n.Len()), memsz: uint64(n.Len())}
	sections := [3]elfSection{1: {offset: at + uint64(n.Len()), size: uint64(len(names))}, 2: {name: 7, offset: at + uint64(n.Len()+len(names)), size: uint64(len(text))}}
	raw := func(p unsafe.Pointer, n uintptr) []byte { return bytes.Clone(unsafe.Slice((*byte)(p), n)) }
	return bytes.Join([][]byte{raw(unsafe.Pointer(&h), unsafe.Sizeof(h)), raw(unsafe.Pointer(&load), ph), raw(unsafe.Pointer(&note), ph),
		n.Bytes(), []byte(names + text), raw(unsafe.Pointer(&sections), unsafe.Sizeof(sections))}, nil)
}

func parseKernel(file []byte) (k kernelImage, ok bool) {
	k.file, k.size = addrOf(unsafe.Pointer(unsafe.SliceData(file))), uint64(len(file))
	return k, k.parse()
}

// TestKernelNotes: where a kernel wants to be started is in its notes, or in the
// section of before notes.
func TestKernelNotes(t *testing.T) {
	const base = 0xffffffff80000000
	k, ok := parseKernel(kernelFile(map[uint32]uint64{abi.NoteEntry: base + 0x100040, abi.NoteVirtBase: base, abi.NoteInitP2M: 1 << 39,
		abi.NoteModStartPFN: 1, abi.NoteHypercall: base + 0x102000}, ""))
	if !ok || k.entry != base+0x100040 || k.base != base || k.p2m != 1<<39 || !k.modByPFN || k.hypercall != base+0x102000 || k.end != base+0x103000 {
		t.Errorf("%v %+v", ok, k)
	}
	k, ok = parseKernel(kernelFile(nil, "GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0x0,VIRT_ENTRY=0xffffffff80100040,HYPERCALL_PAGE=0x102,LOADER=generic"))
	if !ok || k.entry != base+0x100040 || k.base != base || k.offset != 0 || k.hypercall != base+0x102000 {
		t.Errorf("%v %+v", ok, k)
	}
	if _, ok := parseKernel(kernelFile(map[uint32]uint64{abi.NoteVirtBase: base, abi.NoteHypercall: 5}, "")); ok {
		t.Error("a hypercall page outside the kernel passes")
	}
}

// TestDamagedKernels: damaged files never make the VMM read outside of them.
func TestDamagedKernels(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	good := kernelFile(map[uint32]uint64{abi.NoteVirtBase: 0xffffffff80000000, abi.NoteEntry: 1}, "VIRT_BASE=0xffffffff80000000")
	for range 50000 {
		b := bytes.Clone(good)
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.Uint32()) >> r.IntN(8)
		}
		b = b[:len(b)-r.IntN(2)*r.IntN(len(b))]
		if len(b) > 64 {
			k, _ := parseKernel(b)
			_ = k
		}
	}
}
