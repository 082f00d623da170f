package machine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"resvirt/hw/cpu"
)

// Module is a file that the loader puts into memory beside the kernel.
type Module struct {
	Cmdline string
	Data    []byte
}

// Placement by LoadMultiboot. Everything lies above the kernel, in this order,
// each part on a page boundary: the modules, then the page with the boot
// information (structures first, strings after them).
//
// Multiboot Specification 0.6.96, sections 3.1 to 3.4.
const (
	mbHeaderMagic = 0x1BADB002
	mbBootMagic   = 0x2BADB002
	mbSearch      = 8192 // the whole header lies in the first bytes of the file, so many

	mbFlagAlign  = 1 << 0 // modules on page boundaries: they always are
	mbFlagMemory = 1 << 1 // memory information: it is always there
	mbFlagVideo  = 1 << 2 // a video mode, which as with QEMU the kernel does not get
	mbFlagAddr   = 1 << 16
	mbRequired   = 0xffff &^ (mbFlagAlign | mbFlagMemory | mbFlagVideo) // other requirements are unknown

	lowEnd  = 0x9fc00 // where the extended BIOS data area of a PC begins
	biosROM = 0xf0000
	highMem = 0x100000
)

// LoadMultiboot does what a Multiboot boot loader does on the boot processor: it
// puts a kernel and modules into memory and leaves the processor at the entry.
// The kernel is a flat image with addresses in its header (flag 16) or ELF for x86.
func (m *Machine) LoadMultiboot(kernel []byte, cmdline string, mods []Module) error {
	h, err := findHeader(kernel)
	if err != nil {
		return err
	}
	load := m.loadMultibootELF
	if h.flags&mbFlagAddr != 0 {
		load = m.loadFlat
	}
	entry, end, err := load(kernel, h)
	if err != nil {
		return err
	}
	info, err := m.placeInfo(pageUp(end), cmdline, mods)
	if err != nil {
		return err
	}
	m.enterFlat(entry, mbBootMagic, info)
	return nil
}

// mbHeader is the Multiboot header, at an offset of the file.
type mbHeader struct {
	offset                               uint32
	flags                                uint32
	header, load, loadEnd, bssEnd, entry uint32
}

// HasMultibootHeader tells whether a file is meant for LoadMultiboot.
func HasMultibootHeader(kernel []byte) bool {
	h, err := findHeader(kernel)
	return err == nil || h.flags != 0
}

func findHeader(file []byte) (mbHeader, error) {
	for off := 0; off+12 <= min(len(file), mbSearch); off += 4 {
		w := func(i int) uint32 { return binary.LittleEndian.Uint32(file[off+4*i:]) }
		if w(0) != mbHeaderMagic || w(0)+w(1)+w(2) != 0 {
			continue
		}
		h := mbHeader{offset: uint32(off), flags: w(1)}
		if h.flags&mbRequired != 0 {
			return h, fmt.Errorf("machine: Multiboot header at offset %#x requires unknown features (flags %#x): only bits 0, 1, 2 and 16 are supported", off, h.flags)
		}
		if h.flags&mbFlagAddr != 0 {
			if off+32 > len(file) {
				return h, errors.New("machine: Multiboot header is cut off by the end of the file")
			}
			h.header, h.load, h.loadEnd, h.bssEnd, h.entry = w(3), w(4), w(5), w(6), w(7)
		}
		return h, nil
	}
	return mbHeader{}, fmt.Errorf("machine: no Multiboot header in the first %d bytes: is this a kernel image?", mbSearch)
}

// loadFlat loads by the addresses of the header (3.1.3).
func (m *Machine) loadFlat(file []byte, h mbHeader) (entry, end uint32, err error) {
	if h.header < h.load || h.header-h.load > h.offset {
		return 0, 0, fmt.Errorf("machine: Multiboot header says load_addr %#x, header_addr %#x, but lies at offset %#x of the file", h.load, h.header, h.offset)
	}
	data := file[h.offset-(h.header-h.load):]
	if h.loadEnd != 0 {
		if h.loadEnd < h.load || uint64(h.loadEnd-h.load) > uint64(len(data)) {
			return 0, 0, fmt.Errorf("machine: Multiboot header says load_end_addr %#x, but the file has only %#x bytes for %#x", h.loadEnd, len(data), h.load)
		}
		data = data[:h.loadEnd-h.load]
	}
	size := max(uint64(len(data)), uint64(h.bssEnd)-min(uint64(h.load), uint64(h.bssEnd)))
	if err := m.place("kernel", uint64(h.load), data, size); err != nil {
		return 0, 0, err
	}
	return h.entry, h.load + uint32(size), nil
}

// loadMultibootELF loads an executable for x86. Section 3.2 is about 32-bit files
// only; a 64-bit one, which begins with 32-bit code, is placed by its physical
// addresses, as GRUB does. A file for another machine type must have flag 16, which
// gives its address.
func (m *Machine) loadMultibootELF(file []byte, _ mbHeader) (entry, end uint32, err error) {
	f, err := parseELF(file)
	if err != nil {
		return 0, 0, fmt.Errorf("%w, and its Multiboot header has no load addresses (flag 16)", err)
	}
	if f.machine != elf386 && f.machine != elfAMD64 {
		return 0, 0, fmt.Errorf("machine: the Multiboot kernel is a %d-bit ELF file for machine %d: the loader takes x86 or load addresses in the header (flag 16)", f.bits, f.machine)
	}
	return m.loadELF(f)
}

// enterFlat gives the boot processor the state of section 3.2, in which PVH
// kernels begin as well.
func (m *Machine) enterFlat(entry, eax, ebx uint32) {
	c := m.cpus[0]
	firmware := c.MSR
	c.Reset()
	c.MSR = firmware
	c.Activity = cpu.Running
	const flat = 0xffffffff
	for i := range c.Seg {
		c.Seg[i] = cpu.Segment{Sel: 0x10, Attr: 0xc93, Limit: flat}
	}
	c.Seg[cpu.CS] = cpu.Segment{Sel: 0x08, Attr: 0xc9b, Limit: flat}
	c.LDTR = cpu.Segment{} // none
	c.CPL = 0
	c.CR0 = 0x11 // protection and the fixed ET bit; caches on
	c.RFLAGS = 2
	c.RIP = uint64(entry)
	c.GPR[cpu.RAX] = uint64(eax)
	c.GPR[cpu.RBX] = uint64(ebx)
}

func pageUp(a uint32) uint32 { return (a + 0xfff) &^ 0xfff }
