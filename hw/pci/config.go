package pci

import (
	"encoding/binary"
	"slices"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// State is everything mutable of a function's configuration. It is plain data.
type State struct {
	Bytes   [256]byte
	Level   bool     // the function wants its interrupt pin asserted
	Table   []Vector // of MSI-X
	Pending []uint64 // one bit a vector
}

// Vector is an entry of the MSI-X table (6.8.2).
type Vector struct {
	Addr    uint64
	Data    uint32
	Control uint32 // bit 0 masks
}

// Config is the configuration space of a function, and the function's way to
// memory and interrupts, which depend on it.
type Config struct {
	State
	spec *Spec
	host bus.Host
	mask [256]byte // writable bits
	at   [6]int    // register of each BAR in spec

	initial [256]byte // Bytes at power-on
	bus     *Bus      // nil before Add
	id      uint16    // requester ID on it
}

// NewConfig returns a configuration space as at reset: no addresses, nothing enabled.
func NewConfig(spec *Spec, host bus.Host) *Config {
	spec.validate()
	c := &Config{spec: spec, host: host}
	b := c.Bytes[:]
	c.put16(regVendor, spec.Vendor, 0)
	c.put16(regDevice, spec.Device, 0)
	c.put16(regCommand, 0, cmdWritable)
	c.put16(regSubVendor, spec.SubVendor, 0)
	c.put16(regSubsystem, spec.Subsystem, 0)
	b[regRevision] = spec.Revision
	b[regClass], b[regClass+1], b[regClass+2] = uint8(spec.Class), uint8(spec.Class>>8), uint8(spec.Class>>16)
	c.mask[regLine] = 0xff
	b[regPin] = spec.Pin
	c.mask[0x0c] = 0xff // cache line size, latency timer: kept, without effect
	c.mask[0x0d] = 0xff
	c.makeBARs()
	c.makeCaps()
	c.initial = c.Bytes
	return c
}

func (c *Config) put16(at int, v, mask uint16) {
	binary.LittleEndian.PutUint16(c.Bytes[at:], v)
	binary.LittleEndian.PutUint16(c.mask[at:], mask)
}

func (c *Config) put32(at int, v, mask uint32) {
	binary.LittleEndian.PutUint32(c.Bytes[at:], v)
	binary.LittleEndian.PutUint32(c.mask[at:], mask)
}

func (c *Config) get16(at int) uint16 { return binary.LittleEndian.Uint16(c.Bytes[at:]) }
func (c *Config) get32(at int) uint32 { return binary.LittleEndian.Uint32(c.Bytes[at:]) }

// makeBARs makes writable the address bits above a range's size, which is how
// software learns the size (6.2.5.1).
func (c *Config) makeBARs() {
	reg := regBAR
	for i, b := range c.spec.BARs {
		c.at[i] = reg
		if b.Size == 0 {
			reg += 4
			continue
		}
		var kind uint32
		mask := ^(b.Size - 1)
		switch {
		case b.IO:
			kind = 1
		case b.Wide:
			kind = 4
			c.put32(reg+4, 0, uint32(mask>>32))
		}
		c.put32(reg, kind, uint32(mask))
		if reg += 4; b.Wide {
			reg += 4
		}
	}
}

// makeCaps links the capabilities (6.7).
func (c *Config) makeCaps() {
	last := regCaps
	link := func(at uint8, id uint8) int {
		c.Bytes[last] = at
		c.Bytes[at] = id
		last = int(at) + 1
		c.Bytes[regStatus] |= statusCaps
		return int(at)
	}
	for _, o := range c.spec.Others {
		copy(c.Bytes[link(o.At, o.ID)+2:], o.Body)
	}
	if c.spec.PM != 0 { // PCI Power Management Interface 1.2, 3.2: D0 and D3hot
		at := link(c.spec.PM, capPM)
		if c.spec.Forgets { // version 1.1, which has not the bit
			c.put16(at+2, 2, 0)
			c.put16(at+4, 0, 3)
		} else {
			c.put16(at+2, 3, 0)
			c.put16(at+4, pmNoSoftReset, 3)
		}
	}
	if c.spec.MSI != 0 { // 6.8.1: one message, 64-bit address
		at := link(c.spec.MSI, capMSI)
		c.put16(at+2, msi64, msiEnable|7<<4)
		c.put32(at+4, 0, ^uint32(3))
		c.put32(at+8, 0, ^uint32(0))
		c.put16(at+12, 0, 0xffff)
	}
	if c.spec.MSIX != 0 { // 6.8.2
		at := link(c.spec.MSIX, capMSIX)
		c.put16(at+2, uint16(c.spec.Vectors-1), msixMask|msixEnable)
		c.put32(at+4, c.spec.Table|uint32(c.spec.TableBAR), 0)
		c.put32(at+8, c.spec.PBA|uint32(c.spec.TableBAR), 0)
		c.Table = make([]Vector, c.spec.Vectors)
		for i := range c.Table {
			c.Table[i].Control = 1
		}
		c.Pending = make([]uint64, (c.spec.Vectors+63)/64)
	}
	if c.spec.Express != 0 {
		c.makeExpress(link(c.spec.Express, capExpress))
	}
}

// Read returns a byte of configuration space.
func (c *Config) Read(off uint8) uint8 {
	v := c.Bytes[off]
	if off == regStatus && c.Level {
		v |= statusINTx
	}
	return v
}

// decode finds the BAR that an address belongs to, and the offset there.
func (c *Config) decode(addr uint64, io bool) (bar int, off uint64, ok bool) {
	need := uint16(cmdMemory)
	if io {
		need = cmdIO
	}
	if c.get16(regCommand)&need == 0 || c.asleep() {
		return 0, 0, false
	}
	for i, b := range c.spec.BARs {
		if b.IO == io && addr-c.base(i) < b.Size {
			return i, addr - c.base(i), true
		}
	}
	return 0, 0, false
}

func (c *Config) base(i int) uint64 {
	v := uint64(c.get32(c.at[i]) &^ 0xf)
	if c.spec.BARs[i].Wide {
		v |= uint64(c.get32(c.at[i]+4)) << 32
	}
	return v
}

func (c *Config) asleep() bool { return c.spec.PM != 0 && c.Bytes[c.spec.PM+4]&3 != 0 }

// place gives a BAR an address.
func (c *Config) place(i int, addr uint64) {
	low := c.get32(c.at[i]) & 0xf
	binary.LittleEndian.PutUint32(c.Bytes[c.at[i]:], uint32(addr)|low)
	if c.spec.BARs[i].Wide {
		binary.LittleEndian.PutUint32(c.Bytes[c.at[i]+4:], uint32(addr>>32))
	}
}

// Save returns a copy of the state.
func (c *Config) Save() State {
	s := c.State
	s.Table, s.Pending = slices.Clone(s.Table), slices.Clone(s.Pending)
	return s
}

// Load goes back to a saved state.
func (c *Config) Load(s State) {
	c.State = s
	c.Table, c.Pending = slices.Clone(s.Table), slices.Clone(s.Pending)
}

// Hash adds the state to h.
func (c *Config) Hash(h *sim.Hasher) {
	h.Bytes(c.Bytes[:])
	h.Bool(c.Level)
	for _, v := range c.Table {
		h.Uint64(v.Addr)
		h.Uint64(uint64(v.Control)<<32 | uint64(v.Data))
	}
	for _, p := range c.Pending {
		h.Uint64(p)
	}
}
