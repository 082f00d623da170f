package machine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"resvirt/hw/cpu"
)

// The Linux/x86 boot protocol (Documentation/arch/x86/boot.rst, zero-page.rst). An
// image begins with code for real mode, which holds the setup header; the rest is
// for protected mode. A kernel that knows the 32-bit protocol is entered there,
// with the parameters that its own real-mode code would have collected from the
// BIOS; any other by its real-mode code.
const (
	bzSetupSectors = 0x1f1
	bzBootFlag     = 0x1fe
	bzJump         = 0x201 // distance from 0x202 to the header's end
	bzMagic        = 0x202
	bzVersion      = 0x206
	bzLoader       = 0x210
	bzLoadFlags    = 0x211
	bzCode32       = 0x214
	bzInitrd       = 0x218 // address, size
	bzHeapEnd      = 0x224
	bzCmdline      = 0x228
	bzInitrdMax    = 0x22c
	bzCmdlineSize  = 0x238
	bzHeaderEnd    = 0x290 // at most

	bzLoadedHigh  = 1 << 0
	bzCanUseHeap  = 1 << 7
	bzOldest      = 0x202 // first protocol with the command line at this place
	bzProtected   = 0x208 // first protocol that is entered in 32-bit mode; boot loaders that pass for kernels have older ones
	bzOtherLoader = 0xff  // a loader without a number

	// Fields of the zero page besides the header.
	zeroRSDP    = 0x70
	zeroE820    = 0x1e8 // number of entries
	zeroE820Map = 0x2d0
	zeroSize    = 0x1000

	bzReal    = 0x10000 // the real-mode code, or the zero page
	bzCommand = 0x20000 // the command line
	bzGDT     = 0x1f000
	bzKernel  = 0x100000
	bzCS      = 0x10 // selectors, __BOOT_CS and __BOOT_DS
	bzDS      = 0x18
)

// IsBzImage tells whether a file is one that LoadBzImage is made for.
func IsBzImage(file []byte) bool {
	return len(file) >= bzHeaderEnd && string(file[bzMagic:bzMagic+4]) == "HdrS" &&
		binary.LittleEndian.Uint16(file[bzBootFlag:]) == 0xaa55
}

// LoadBzImage starts a kernel of the Linux boot protocol: it lets the firmware set
// the machine up, puts kernel and initial RAM disk (the modules, one behind the
// other) into memory and leaves the boot processor at the entry.
func (m *Machine) LoadBzImage(file []byte, cmdline string, mods []Module) error {
	if !IsBzImage(file) {
		return errors.New("machine: the kernel is no bzImage: it has no header of the Linux boot protocol")
	}
	half := func(at int) uint16 { return binary.LittleEndian.Uint16(file[at:]) }
	version := half(bzVersion)
	if version < bzOldest || file[bzLoadFlags]&bzLoadedHigh == 0 {
		return fmt.Errorf("machine: the kernel has boot protocol %d.%02d and load flags %#x: a bzImage of 2.02 or later is needed", version>>8, version&0xff, file[bzLoadFlags])
	}
	sectors := int(file[bzSetupSectors])
	if sectors == 0 {
		sectors = 4
	}
	setup := (sectors + 1) * 512
	if setup > len(file) || setup > bzGDT-bzReal {
		return fmt.Errorf("machine: the bzImage has %d bytes, its header says that %d of them are set-up code", len(file), setup)
	}
	most := uint32(255)
	if version >= 0x206 {
		most = binary.LittleEndian.Uint32(file[bzCmdlineSize:])
	}
	if most = min(most, lowEnd-bzCommand-1); uint64(len(cmdline)) > uint64(most) {
		return fmt.Errorf("machine: a command line of %d bytes: the kernel takes %d", len(cmdline), most)
	}
	rsdp := m.Firmware()
	if err := m.place("kernel", bzKernel, file[setup:], uint64(len(file)-setup)); err != nil {
		return err
	}
	head := append([]byte(nil), file[:setup]...)
	if version >= bzProtected {
		head = m.zeroPage(file, rsdp)
	}
	at, size, err := m.placeInitrd(file, uint64(bzKernel+len(file)-setup), mods)
	if err != nil {
		return err
	}
	put := func(at int, v uint32) { binary.LittleEndian.PutUint32(head[at:], v) }
	put(bzInitrd, at)
	put(bzInitrd+4, size)
	put(bzCmdline, bzCommand)
	put(bzCode32, bzKernel)
	head[bzLoader] = bzOtherLoader
	head[bzLoadFlags] |= bzCanUseHeap
	binary.LittleEndian.PutUint16(head[bzHeapEnd:], bzGDT-bzReal-0x200)
	m.mem.WriteBytes(bzReal, head)
	m.mem.WriteBytes(bzCommand, append([]byte(cmdline), 0))
	if version >= bzProtected {
		m.enterLinux()
	} else {
		m.enterReal(bzReal>>4, bzReal>>4+0x20, bzGDT-bzReal-16)
	}
	return nil
}

// zeroPage is the parameters of a kernel that is entered in 32-bit mode.
func (m *Machine) zeroPage(file []byte, rsdp uint32) []byte {
	b := make([]byte, zeroSize)
	end := min(bzMagic+int(file[bzJump]), bzHeaderEnd)
	copy(b[bzSetupSectors:end], file[bzSetupSectors:end])
	binary.LittleEndian.PutUint64(b[zeroRSDP:], uint64(rsdp))
	var list []byte
	regions := m.regions()
	for _, r := range regions {
		list = appendE820(list, r)
	}
	b[zeroE820] = byte(len(regions))
	copy(b[zeroE820Map:], list)
	return b
}

// placeInitrd puts the modules as high as the kernel allows. Archives of an
// initial RAM disk begin at multiples of 4.
func (m *Machine) placeInitrd(file []byte, above uint64, mods []Module) (at, size uint32, err error) {
	var disk []byte
	for _, mod := range mods {
		disk = append(disk, make([]byte, -len(disk)&3)...)
		disk = append(disk, mod.Data...)
	}
	if len(disk) == 0 {
		return 0, 0, nil
	}
	last := uint64(0x37ffffff)
	if binary.LittleEndian.Uint16(file[bzVersion:]) >= 0x203 {
		last = uint64(binary.LittleEndian.Uint32(file[bzInitrdMax:]))
	}
	end := min(m.lowRAM(), last+1)
	if end < above || uint64(len(disk)) > end-above {
		return 0, 0, fmt.Errorf("machine: an initial RAM disk of %d bytes does not fit between the kernel's end %#x and %#x: give the machine more memory", len(disk), above, end)
	}
	pa := (end - uint64(len(disk))) &^ 0xfff
	return uint32(pa), uint32(len(disk)), m.place("initial RAM disk", pa, disk, uint64(len(disk)))
}

// enterLinux gives the boot processor the state of the 32-bit boot protocol.
func (m *Machine) enterLinux() {
	m.enterFlat(bzKernel, 0, 0)
	c := m.cpus[0]
	const code, data = 0x00cf9b000000ffff, 0x00cf93000000ffff
	var gdt []byte
	for _, d := range [...]uint64{0, 0, code, data} {
		gdt = binary.LittleEndian.AppendUint64(gdt, d)
	}
	m.mem.WriteBytes(bzGDT, gdt)
	c.GDTR.Base, c.GDTR.Limit = bzGDT, uint16(len(gdt)-1)
	for i := range c.Seg {
		c.Seg[i].Sel = bzDS
	}
	c.Seg[cpu.CS].Sel = bzCS
	c.GPR[cpu.RSI] = bzReal
	c.GPR[cpu.RDX] = 0
}

// enterReal leaves the boot processor in real mode with a stack.
func (m *Machine) enterReal(data, code uint16, sp uint16) {
	m.enterFlat(0, 0, 0)
	c := m.cpus[0]
	c.CR0 = 0x10
	for i := range c.Seg {
		c.Seg[i] = cpu.Segment{Sel: data, Base: uint64(data) << 4, Attr: 0x93, Limit: 0xffff}
	}
	c.Seg[cpu.CS] = cpu.Segment{Sel: code, Base: uint64(code) << 4, Attr: 0x9b, Limit: 0xffff}
	c.IDTR.Base, c.IDTR.Limit = 0, 0x3ff
	c.GPR[cpu.RSP] = uint64(sp)
	c.GPR[cpu.RDX] = 0
}
