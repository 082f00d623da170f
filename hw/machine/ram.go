package machine

import (
	"fmt"

	"resvirt/hw/iommu"
)

// region is an entry of the memory map that software is given.
type region struct {
	base, end uint64
	kind      uint32
}

// Kinds of regions: those of the ACPI specification, table 15.4, which
// Multiboot and PVH use as well.
const (
	regionRAM      = 1
	regionReserved = 2
)

// regions is the memory map that a PC's BIOS would report, from the lowest
// address on.
func (m *Machine) regions() []region {
	regions := []region{
		{0, lowEnd, regionRAM},
		{lowEnd, 0xa0000, regionReserved},
		{biosROM, highMem, regionReserved},
		{highMem, m.lowRAM(), regionRAM},
		{ioapicBase, ioapicBase + 0x1000, regionReserved},
	}
	if m.spec.IOMMU {
		regions = append(regions, region{IOMMUBase, IOMMUBase + iommu.Size, regionReserved})
	}
	regions = append(regions, region{0xfee00000, 0xfee01000, regionReserved}) // the local APIC
	for _, r := range m.mem.Ranges()[1:] {
		regions = append(regions, region{r.Base, r.Base + r.Size, regionRAM})
	}
	return regions
}

// lowRAM is the end of the RAM below 4 GiB.
func (m *Machine) lowRAM() uint64 { return m.mem.Ranges()[0].Size }

// place copies data to a physical address and zeroes the rest of size bytes.
func (m *Machine) place(what string, pa uint64, data []byte, size uint64) error {
	if low := m.lowRAM(); pa < 0x1000 || pa > low || size > low-pa {
		return fmt.Errorf("machine: %s of %d bytes at %#x does not fit into %d bytes of RAM", what, size, pa, low)
	}
	m.mem.WriteBytes(pa, data)
	m.clear(pa+uint64(len(data)), size-uint64(len(data)))
	return nil
}

// clear zeroes RAM. What is zero already stays untouched, and so unallocated.
func (m *Machine) clear(pa, size uint64) {
	var zero, b [0x1000]byte
	for size > 0 {
		n := min(size, 0x1000-pa&0xfff)
		if m.mem.ReadBytes(pa, b[:n]); b != zero {
			m.mem.WriteBytes(pa, zero[:n])
			b = zero
		}
		pa, size = pa+n, size-n
	}
}
