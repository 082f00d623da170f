package machine

import (
	"fmt"

	"resvirt/hw/mem"
)

// ReadPhys copies physical memory; all bits are ones where there is no RAM.
func (m *Machine) ReadPhys(pa uint64, b []byte) { m.mem.ReadBytes(pa, b) }

// WritePhys changes RAM from outside. Experiments use it to set the VMM's
// policy word and to inject faults in memory; no other use is intended.
func (m *Machine) WritePhys(pa uint64, b []byte) { m.mem.WriteBytes(pa, b) }

// ReadVirt copies memory at a virtual address as a processor's page tables map
// it now, without touching accessed bits, the TLB or anything else.
func (m *Machine) ReadVirt(id int, va uint64, b []byte) error {
	return m.readMapped(id, va, b, m.mem.ReadBytes)
}

// ReadCode is ReadVirt as instruction fetch sees memory.
func (m *Machine) ReadCode(id int, va uint64, b []byte) error {
	return m.readMapped(id, va, b, m.mem.FetchBytes)
}

func (m *Machine) readMapped(id int, va uint64, b []byte, read func(pa uint64, b []byte)) error {
	for len(b) > 0 {
		pa, ok := m.cpus[id].Translate(va)
		if !ok {
			return fmt.Errorf("machine: %#x is not mapped on CPU %d", va, id)
		}
		n := min(len(b), int(0x1000-va&0xfff))
		read(pa, b[:n])
		b, va = b[n:], va+uint64(n)
	}
	return nil
}

// Translate is the physical address that a virtual one has on a processor now,
// without touching anything.
func (m *Machine) Translate(id int, va uint64) (pa uint64, ok bool) { return m.cpus[id].Translate(va) }

// FlipFetch lets all processors fetch the byte at pa with some bits inverted,
// until it is written or EndFlips. Data accesses see memory as it is. Faults in
// code are injected by it; the inverted bits are part of the machine's state.
func (m *Machine) FlipFetch(pa uint64, mask uint8) { m.mem.FlipFetch(pa, mask) }

// EndFlips ends what FlipFetch began.
func (m *Machine) EndFlips() { m.mem.EndFlips() }

// WatchByte watches for the first touch of the byte at pa from now on, not counting
// reads by some code. It does not affect the machine.
func (m *Machine) WatchByte(pa uint64, but ...mem.Code) { m.mem.WatchByte(pa, but...) }

// Touched is how the watched byte was touched first, and by what instruction.
func (m *Machine) Touched() (mem.Touch, uint64) { return m.mem.Touched() }

// SetEngine makes another engine execute from here on; the machine's states are
// the same.
func (m *Machine) SetEngine(e Engine) { m.spec.Engine = e }
