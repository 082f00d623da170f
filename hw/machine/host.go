package machine

import (
	"fmt"

	"resvirt/hw/cpu"
)

// ReadPhys copies physical memory; where there is no RAM, ones.
func (m *Machine) ReadPhys(pa uint64, b []byte) { m.mem.ReadBytes(pa, b) }

// WritePhys changes RAM from outside. It is the seam through which an
// experiment sets the VMM's policy word, and no other use is intended.
func (m *Machine) WritePhys(pa uint64, b []byte) { m.mem.WriteBytes(pa, b) }

// ReadVirt copies memory at a virtual address as a processor's page tables map
// it now, without touching accessed bits, the TLB or anything else.
func (m *Machine) ReadVirt(id int, va uint64, b []byte) error {
	for len(b) > 0 {
		pa, ok := m.translate(id, va)
		if !ok {
			return fmt.Errorf("machine: %#x is not mapped on CPU %d", va, id)
		}
		n := min(len(b), int(0x1000-va&0xfff))
		m.mem.ReadBytes(pa, b[:n])
		b, va = b[n:], va+uint64(n)
	}
	return nil
}

// translate walks the page tables of long mode (AMD APM vol. 2, 5.3). Without
// paging addresses are physical; the paging of 32-bit mode is not for the host.
func (m *Machine) translate(id int, va uint64) (pa uint64, ok bool) {
	const (
		present = 1 << 0
		large   = 1 << 7
		frame   = 0x000f_ffff_ffff_f000
	)
	c := m.cpus[id]
	switch {
	case c.CR0&cpu.CR0PG == 0:
		return va, true
	case c.MSR.EFER&cpu.EFERLMA == 0 || int64(va<<16)>>16 != int64(va):
		return 0, false
	}
	entry := c.CR3
	for shift := 39; shift >= 12; shift -= 9 {
		entry = m.mem.Read64(entry&frame + va>>shift&0x1ff*8)
		if entry&present == 0 {
			return 0, false
		}
		if shift == 12 || shift < 39 && entry&large != 0 {
			offset := uint64(1)<<shift - 1
			return entry&frame&^offset | va&offset, true
		}
	}
	panic("BUG: machine: a walk of page tables has no end")
}
