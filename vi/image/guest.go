package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/vi/bare"
)

// guestBase is where a paravirtual kernel runs, and its VIRT_BASE: pseudo-
// physical frame 0 is its first page, so that a domain of a few megabytes
// wastes nothing below the kernel.
const guestBase = 0xffffffff81000000

// controlBase is guestBase for the control domain's kernel.
const controlBase = 0xffffffffa1000000

// driverBase is that of a driver domain's.
const driverBase = 0xffffffffc1000000

// Xen's ELF note types (xen/include/public/elfnote.h).
const (
	noteEntry         = 1
	noteHypercallPage = 2
	noteVirtBase      = 3
	notePaddrOffset   = 4
	noteXenVersion    = 5
	noteGuestOS       = 6
	noteGuestVersion  = 7
	noteLoader        = 8
	notePAEMode       = 9
	noteFeatures      = 10
	noteHVStartLow    = 12
)

// finishGuest makes an ELF64 file that Xen's domain builders load.
//
// Memory, from base on: text, read-only data, data, bss, the hypercall
// page, and the boot CPU's block of 64 KiB.
func finishGuest(m *Image, module string, base uint64) error {
	probe, err := load(m.ELF)
	if err != nil {
		return err
	}
	pr, err := probe.ranges()
	if err != nil {
		return err
	}
	slide := base - pr.text[0]
	l, c, r, err := prepare(m.ELF, module, slide, x86asm.FS) // which belongs to processes; the kernel's GS is its own
	if err != nil {
		return err
	}
	hcall := r.data[1] + slide
	block := alignUp(hcall+pageSize, blockSize)
	info := bare.Info{VirtBase: base, TextStart: r.text[0] + slide, TextEnd: r.text[1] + slide,
		ROStart: r.ro[0] + slide, ROEnd: r.ro[1] + slide, DataStart: r.data[0] + slide,
		DataEnd: alignUp(l.fileHi, pageSize) + slide, BSSEnd: hcall, PerCPU: block, PerCPUs: 1,
		End: block + blockSize, HypercallPage: hcall}
	if err := c.fillInfo(info); err != nil {
		return err
	}
	seg := func(lo, hi uint64, flags elf.ProgFlag, end uint64) segment {
		return segment{typ: elf.PT_LOAD, flags: flags, vaddr: lo + slide, paddr: lo + slide - base,
			data: trimZeros(l.mem[lo-l.lo : min(hi, alignUp(l.fileHi, pageSize))-l.lo]), memsz: end - lo}
	}
	m.Slide, m.Base, m.Entry = slide, base, l.f.Entry+slide
	m.File = writeELF(m.Entry, []segment{
		seg(r.text[0], r.text[1], elf.PF_R|elf.PF_X, r.text[1]),
		seg(r.ro[0], r.ro[1], elf.PF_R, r.ro[1]),
		seg(r.data[0], r.data[1], elf.PF_R|elf.PF_W|elf.PF_X, info.End-slide),
		{typ: elf.PT_NOTE, flags: elf.PF_R, data: xenNotes(base, m.Entry, hcall)},
	})
	m.symbols, err = readSymbols(l.f, slide, module, []symbol{{"resvirt.hypercall_page", hcall, pageSize, false}})
	return err
}

// xenNotes is the note segment that tells a domain builder how to start the kernel.
func xenNotes(base, entry, hcall uint64) []byte {
	var b bytes.Buffer
	note := func(typ uint32, desc []byte) {
		binary.Write(&b, binary.LittleEndian, []uint32{4, uint32(len(desc)), typ})
		b.WriteString("Xen\x00")
		b.Write(desc)
		b.Write(make([]byte, alignUp(uint64(len(desc)), 4)-uint64(len(desc))))
	}
	text := func(typ uint32, s string) { note(typ, append([]byte(s), 0)) }
	number := func(typ uint32, v uint64) { note(typ, binary.LittleEndian.AppendUint64(nil, v)) }
	text(noteGuestOS, "resvirt")
	text(noteGuestVersion, "1")
	text(noteXenVersion, "xen-3.0")
	text(noteLoader, "generic")
	text(notePAEMode, "yes")
	text(noteFeatures, "!writable_page_tables|pae_pgdir_above_4gb")
	number(noteVirtBase, base)
	number(notePaddrOffset, 0)
	number(noteEntry, entry)
	number(noteHypercallPage, hcall)
	number(noteHVStartLow, 0xffff800000000000)
	return b.Bytes()
}
