package pci

// Interrupts of a function: a pin with a level, or messages. Software enables
// one of the kinds; the others are silent then (6.8.1.3, 6.8.3.3).

// SetLevel asserts or deasserts the function's interrupt pin.
func (c *Config) SetLevel(up bool) {
	c.Level = up
	c.drive()
}

// drive puts the level on the line, unless a setting prevents it.
func (c *Config) drive() {
	if c.spec.Pin != 0 {
		c.host.Line(c.Level && c.get16(regCommand)&cmdINTxDisable == 0 && !c.Messages())
	}
}

// Messages tells whether the function signals by messages and not by its pin.
func (c *Config) Messages() bool { return c.msi() || c.msix() }

func (c *Config) msi() bool {
	return c.spec.MSI != 0 && c.Bytes[c.spec.MSI+2]&msiEnable != 0
}

func (c *Config) msix() bool {
	return c.spec.MSIX != 0 && c.get16(int(c.spec.MSIX)+2)&msixEnable != 0
}

// MSIX tells whether each vector has a message of its own.
func (c *Config) MSIX() bool { return c.msix() }

// Signal sends a vector's message, if messages are enabled. A masked one of
// MSI-X stays pending.
func (c *Config) Signal(vector int) {
	switch {
	case c.msix():
		if vector < len(c.Table) {
			c.Pending[vector/64] |= 1 << (vector % 64)
			c.flush(vector)
		}
	case c.msi() && c.master():
		at := int(c.spec.MSI)
		addr := uint64(c.get32(at+8))<<32 | uint64(c.get32(at+4))
		c.message(addr, uint32(c.get16(at+12)))
	}
}

// flush sends a pending message if it is not masked.
func (c *Config) flush(vector int) {
	bit := uint64(1) << (vector % 64)
	e := &c.Table[vector]
	if c.Pending[vector/64]&bit == 0 || e.Control&1 != 0 || c.get16(int(c.spec.MSIX)+2)&msixMask != 0 || !c.master() {
		return
	}
	c.Pending[vector/64] &^= bit
	c.message(e.Addr, e.Data)
}

// refresh updates the interrupts after a change of configuration.
func (c *Config) refresh() {
	c.drive()
	if c.msix() {
		for i := range c.Table {
			c.flush(i)
		}
	}
}

// InTable tells whether an access to a BAR is one to the MSI-X structures.
func (c *Config) InTable(bar int, off uint64) bool {
	if c.spec.MSIX == 0 || bar != c.spec.TableBAR {
		return false
	}
	return off-uint64(c.spec.Table) < uint64(16*len(c.Table)) || off-uint64(c.spec.PBA) < uint64(8*len(c.Pending))
}

// ReadTable reads 32 bits of the MSI-X table or the pending bits; beside them, where an
// access that begins in them may end, there are zeros.
func (c *Config) ReadTable(off uint64) uint32 {
	if at := off - uint64(c.spec.PBA); at < uint64(8*len(c.Pending)) {
		return uint32(c.Pending[at/8] >> (at & 4 * 8))
	}
	at := off - uint64(c.spec.Table)
	if at >= uint64(16*len(c.Table)) {
		return 0
	}
	switch e := &c.Table[at/16]; at & 0xc {
	case 0:
		return uint32(e.Addr)
	case 4:
		return uint32(e.Addr >> 32)
	case 8:
		return e.Data
	default:
		return e.Control
	}
}

// WriteTable writes 32 bits of the MSI-X table; the pending bits are read-only.
func (c *Config) WriteTable(off uint64, v uint32) {
	at := off - uint64(c.spec.Table)
	if at >= uint64(16*len(c.Table)) {
		return
	}
	switch e := &c.Table[at/16]; at & 0xc {
	case 0:
		e.Addr = e.Addr&^0xffffffff | uint64(v&^3)
	case 4:
		e.Addr = e.Addr&0xffffffff | uint64(v)<<32
	case 8:
		e.Data = v
	default:
		e.Control = v & 1
	}
	if c.msix() {
		c.flush(int(at / 16))
	}
}
