// Package testkernel makes kernels of a few instructions, for tests of loaders
// and of the command that boots them.
package testkernel

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Base is the address at which kernels are loaded, and Entry that at which they
// begin.
const (
	Base  = 0x100000
	Entry = Base + 32
)

// Multiboot is a flat Multiboot kernel (flag 16) of 32-bit code at Entry.
func Multiboot(code ...[]byte) []byte {
	const magic, flags = 0x1BADB002, 1<<16 | 3
	magicAndFlags := uint32(magic + flags)
	var b []byte
	for _, w := range []uint32{magic, flags, -magicAndFlags, Base, Base, 0, 0, Entry} {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return append(b, bytes.Join(code, nil)...)
}

// ROM is an image of so many bytes that begins at the reset vector with 16-bit code.
func ROM(size int, code ...[]byte) []byte {
	const begin = 0xff00
	b := make([]byte, size)
	copy(b[size-0x10000+begin:], bytes.Join(code, nil))
	copy(b[size-16:], []byte{0xea, begin & 0xff, begin >> 8, 0x00, 0xf0}) // jmp far F000:FF00
	return b
}

// MultibootELF is such a kernel as a 32-bit ELF file, linked to run at virtual
// addresses from 3 GiB on.
func MultibootELF(code ...[]byte) []byte {
	const virtual = 0xc0000000
	image := Multiboot(code...)
	const flags, checksum = 3, 1<<32 - 0x1BADB002 - 3 // no addresses in the header
	binary.LittleEndian.PutUint32(image[4:], flags)
	binary.LittleEndian.PutUint32(image[8:], checksum)
	return elf(32, virtual+Entry, segment{1, 5, virtual + Base, Base, image, uint64(len(image)) + 0x2000})
}

// PVH is a 64-bit ELF file whose note names Entry, with 32-bit code there.
func PVH(code ...[]byte) []byte {
	image := append(make([]byte, Entry-Base), bytes.Join(code, nil)...)
	return elf(64, 0xffffffff80000000, segment{1, 5, 0xffffffff80000000, Base, image, uint64(len(image)) + 0x2000},
		segment{4, 4, 0, 0, Note("Other", 18, 1, 0), 0}, segment{4, 4, 0, 0, Note("Xen", 18, Entry, 0), 0})
}

// Note is the content of a note segment.
func Note(owner string, kind uint32, words ...uint32) (b []byte) {
	for _, w := range []uint32{uint32(len(owner) + 1), uint32(4 * len(words)), kind} {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	b = append(append(b, owner...), 0)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// segment is a program header and its content.
type segment struct {
	kind, flags uint32
	virt, phys  uint64
	data        []byte
	size        uint64
}

// elf is an executable for x86 of the given segments, which begin at multiples of 4096.
func elf(bits int, entry uint64, segments ...segment) []byte {
	const header, firstPage = 64, 4096
	wide := bits == 64
	var out []byte
	word := func(size int, v uint64) { out = append(out, binary.LittleEndian.AppendUint64(nil, v)[:size]...) }
	size := bits / 8
	machine, headerSize, entrySize := uint64(3), uint64(52), uint64(32)
	if wide {
		machine, headerSize, entrySize = 62, 64, 56
	}
	out = append(out, 0x7f, 'E', 'L', 'F', byte(bits/32), 1, 1)
	out = append(out, make([]byte, 9)...)
	word(2, 2)
	word(2, machine)
	word(4, 1)
	word(size, entry)
	word(size, header)
	word(size, 0)
	word(4, 0)
	for _, v := range []uint64{headerSize, entrySize, uint64(len(segments)), 0, 0, 0} {
		word(2, v)
	}
	out = append(out, make([]byte, header-len(out))...)
	at := uint64(firstPage)
	for _, s := range segments {
		fields := []uint64{at, s.virt, s.phys, uint64(len(s.data)), s.size}
		word(4, uint64(s.kind))
		if wide {
			word(4, uint64(s.flags))
		}
		for _, f := range fields {
			word(size, f)
		}
		if !wide {
			word(4, uint64(s.flags))
		}
		word(size, 4)
		at += (uint64(len(s.data)) + firstPage - 1) &^ (firstPage - 1)
	}
	for _, s := range segments {
		out = append(out, make([]byte, -len(out)&(firstPage-1))...)
		out = append(out, s.data...)
	}
	return slices.Clip(out)
}
