package machine

import "fmt"

// ReadPhys copies physical memory; where there is no RAM, ones.
func (m *Machine) ReadPhys(pa uint64, b []byte) { m.mem.ReadBytes(pa, b) }

// WritePhys changes RAM from outside. It is the seam through which an
// experiment sets the VMM's policy word, and no other use is intended.
func (m *Machine) WritePhys(pa uint64, b []byte) { m.mem.WriteBytes(pa, b) }

// ReadVirt copies memory at a virtual address as a processor's page tables map
// it now, without touching accessed bits, the TLB or anything else.
func (m *Machine) ReadVirt(id int, va uint64, b []byte) error {
	for len(b) > 0 {
		pa, ok := m.cpus[id].Translate(va)
		if !ok {
			return fmt.Errorf("machine: %#x is not mapped on CPU %d", va, id)
		}
		n := min(len(b), int(0x1000-va&0xfff))
		m.mem.ReadBytes(pa, b[:n])
		b, va = b[n:], va+uint64(n)
	}
	return nil
}

// SetEngine lets another engine execute from here on, as if it always had.
func (m *Machine) SetEngine(e Engine) { m.spec.Engine = e }
