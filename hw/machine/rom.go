package machine

import (
	"bytes"
	"fmt"

	"resvirt/hw/bus"
	"resvirt/hw/dev"
)

// A machine may have a ROM, in which its boot processor begins after reset, at F000:FFF0
// with the code segment's base at FFFF0000h: for instance an image that tests a processor
// and is made for real boards. Such a machine also has the ports by which these images
// report: parallel ports, and the POST port of some boards.

// The size of a ROM is a multiple of romUnit, at least romUnit and at most romMost.
const (
	romUnit = 64 << 10
	romMost = 1 << 20
)

// portPost190 is where PS/2 machines have their POST codes.
const portPost190 = 0x190

// Parallel ports, in the order in which PCs look for them.
var portsParallel = [...]uint16{0x3bc, 0x378, 0x278}

// validateROM refuses an image that cannot be a ROM here, and says why.
func validateROM(rom []byte) error {
	if what := firmwareIn(rom); what != "" {
		return fmt.Errorf("machine: the ROM is a PC's firmware (%s): it would set up a chip set that is not here; use a kernel, or an image that tests the processor", what)
	}
	if n := len(rom); n < romUnit || n > romMost || n%romUnit != 0 {
		return fmt.Errorf("machine: a ROM of %d bytes: it must have a multiple of %d, up to %d", n, romUnit, romMost)
	}
	return nil
}

// firmwareIn names a structure of a PC's firmware in an image, "" if there is none:
// structures that operating systems, or the firmware itself, look for at aligned
// addresses.
func firmwareIn(rom []byte) string {
	for _, s := range [...]struct {
		mark  string
		align int
		name  string
	}{
		{"_FVH", 8, "a UEFI firmware volume"},
		{"_32_", 16, "a BIOS32 service directory"},
		{"$PIR", 16, "a PCI interrupt routing table"},
		{"RSD PTR ", 16, "an ACPI root pointer"},
		{"LARCHIVE", 16, "a coreboot file system"},
	} {
		for at := 0; ; at++ {
			i := bytes.Index(rom[at:], []byte(s.mark))
			if i < 0 {
				break
			}
			if at += i; at%s.align == 0 {
				return fmt.Sprintf("%s at %#x", s.name, at)
			}
		}
	}
	return ""
}

// attachROM adds the devices that exist only together with a ROM.
func (m *Machine) attachROM() {
	if m.spec.ROM == nil {
		return
	}
	for _, port := range portsParallel {
		m.attach(noLine, func(bus.Host) bus.Device {
			p := dev.NewParallel(func(b uint8) { m.state.Debug = append(m.state.Debug, b) })
			m.attachPorts(port, dev.ParallelPorts, byteWide{p, dev.ParallelPorts})
			return p
		})
	}
}
