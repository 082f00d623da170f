package machine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"resvirt/hw/cpu"
)

// The direct boot of Xen's PVH guests (xen/docs/misc/pvh.pandoc, xen/include/
// public/arch-x86/hvm/start_info.h): a note of the ELF file names the entry, EBX
// holds the address of the start information. Above the kernel come, each on a
// page boundary, the start information with all that it points to, which Linux
// reads while it has mapped little, and the modules.
const (
	pvhNoteOwner = "Xen"
	pvhNoteEntry = 18 // XEN_ELFNOTE_PHYS32_ENTRY

	pvhMagic    = 0x336ec578
	pvhVersion  = 1
	pvhInfoSize = 56
	pvhModSize  = 32
	pvhMapSize  = 24
)

// LoadPVH starts an ELF kernel that has a PVH entry note: it lets the firmware
// set the machine up, puts kernel and modules into memory and leaves the boot
// processor at the entry.
func (m *Machine) LoadPVH(kernel []byte, cmdline string, mods []Module) error {
	f, err := parseELF(kernel)
	if err != nil {
		return err
	}
	if f.machine != elf386 && f.machine != elfAMD64 {
		return fmt.Errorf("machine: the kernel is for ELF machine %d, not for x86", f.machine)
	}
	entry, err := f.pvhEntry()
	if err != nil {
		return err
	}
	_, end, err := m.loadELF(f)
	if err != nil {
		return err
	}
	info := pageUp(end)
	if err := m.placeStartInfo(info, m.Firmware(), cmdline, mods); err != nil {
		return err
	}
	m.enterFlat(entry, 0, info)
	// The task register holds a 32-bit TSS at 0, as the specification asks.
	m.cpus[0].TR = cpu.Segment{Attr: 0x8b, Limit: 0x67}
	return nil
}

// HasPVHEntry tells whether a file is one that LoadPVH takes.
func HasPVHEntry(kernel []byte) bool {
	f, err := parseELF(kernel)
	if err != nil {
		return false
	}
	_, err = f.pvhEntry()
	return err == nil
}

// pvhEntry is the physical address in the note, of 4 or 8 bytes.
func (f *elfFile) pvhEntry() (uint32, error) {
	desc, ok := f.note(pvhNoteOwner, pvhNoteEntry)
	var at uint64
	switch {
	case !ok:
		return 0, errors.New("machine: the ELF kernel has no PVH entry note")
	case len(desc) >= 8:
		at = binary.LittleEndian.Uint64(desc)
	case len(desc) >= 4:
		at = uint64(binary.LittleEndian.Uint32(desc))
	default:
		return 0, fmt.Errorf("machine: the PVH entry note has %d bytes", len(desc))
	}
	if at>>32 != 0 {
		return 0, fmt.Errorf("machine: the PVH entry %#x is beyond 4 GiB", at)
	}
	return uint32(at), nil
}

// placeStartInfo puts the start information at pa and the modules after it.
func (m *Machine) placeStartInfo(pa, rsdp uint32, cmdline string, mods []Module) error {
	b := infoBuilder{base: pa, buf: make([]byte, pvhInfoSize)}
	regions := m.regions()
	var list []byte
	for _, r := range regions {
		list = binary.LittleEndian.AppendUint64(list, r.base)
		list = binary.LittleEndian.AppendUint64(list, r.end-r.base)
		list = binary.LittleEndian.AppendUint64(list, uint64(r.kind))
	}
	b.put(0, pvhMagic)
	b.put(4, pvhVersion)
	b.put(12, uint32(len(mods)))
	b.put(32, rsdp)
	b.put(40, b.add(list))
	b.put(48, uint32(len(regions)))
	b.put(24, b.add(append([]byte(cmdline), 0)))
	table := b.add(make([]byte, pvhModSize*len(mods)))
	if len(mods) > 0 {
		b.put(16, table)
	}
	names := make([]uint32, len(mods))
	for i, mod := range mods {
		names[i] = b.add(append([]byte(mod.Cmdline), 0))
	}
	at := uint64(pa) + uint64(len(b.buf))
	for i, mod := range mods {
		at = (at + 0xfff) &^ 0xfff
		size := uint64(len(mod.Data))
		if err := m.place(fmt.Sprintf("module %d", i), at, mod.Data, size); err != nil {
			return err
		}
		entry := b.buf[table-pa+uint32(i*pvhModSize):]
		binary.LittleEndian.PutUint64(entry, at)
		binary.LittleEndian.PutUint64(entry[8:], size)
		binary.LittleEndian.PutUint64(entry[16:], uint64(names[i]))
		at += size
	}
	return m.place("start information", uint64(pa), b.buf, uint64(len(b.buf)))
}
