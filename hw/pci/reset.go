package pci

import "encoding/binary"

// Resets of a function by itself. One is PCI Express's function level reset (PCI Express
// Base Specification 3.0, 6.6.2); the other is the way from D3hot to D0, by which a
// function that does not announce No_Soft_Reset loses its state (PCI Power Management
// Interface 1.2, 5.4.1). Either leaves configuration space as at power-on: no addresses,
// nothing enabled. Whoever resets saves what firmware has set up, and restores it.

// makeExpress is the PCI Express capability (7.8), version 2, of an endpoint that is
// integrated into the root complex. Of what it could announce there is the reset.
func (c *Config) makeExpress(at int) {
	const version, rootEndpoint = 2, 9 << 4
	c.put16(at+2, version|rootEndpoint, 0)
	c.put32(at+4, expressFLR|1<<15, 0)    // 1<<15: role-based error reporting, which all have
	c.put16(at+8, 0x2810, 0x7fff&^(7<<5)) // as at reset: relaxed ordering, no snoop, 512 bytes a read
}

// Bits of device capabilities and device control.
const (
	expressFLR  = 1 << 28
	initiateFLR = 1 << 15
)

// Write stores the writable bits of bytes from off on, and tells whether that has reset
// the function: its device has to follow then.
func (c *Config) Write(off uint8, b []byte) (reset bool) {
	slept := c.asleep()
	for i, v := range b {
		at := int(off) + i
		if at == regStatus+1 {
			c.Bytes[at] &^= v & (statusAborts >> 8) // written ones clear
		}
		c.Bytes[at] = c.Bytes[at]&^c.mask[at] | v&c.mask[at]
		if c.spec.Express != 0 && at == int(c.spec.Express)+9 && v&(initiateFLR>>8) != 0 {
			reset = true
		}
	}
	if reset = reset || slept && !c.asleep() && c.spec.Forgets; reset {
		c.reset()
	}
	c.refresh()
	return reset
}

// reset makes configuration space what it was at power-on, before firmware.
func (c *Config) reset() {
	c.Bytes, c.Level = c.initial, false
	for i := range c.Table {
		c.Table[i] = Vector{Control: 1}
	}
	clear(c.Pending)
}

// abort notes that a transaction of the function was refused (6.2.3).
func (c *Config) abort() {
	v := c.get16(regStatus) | statusTargetAbort
	binary.LittleEndian.PutUint16(c.Bytes[regStatus:], v)
}
