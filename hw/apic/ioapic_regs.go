package apic

// Memory interface of the I/O APIC (82093AA data sheet, 3.1), from its base, and
// registers behind the window (3.2).
const (
	ioSelect = 0x00
	ioWindow = 0x10
	ioEOI    = 0x40

	ioID          = 0
	ioVersion     = 1
	ioArbitration = 2
	ioRedir       = 0x10 // two registers a pin

	// ioapicVersion has an EOI register, so that software can end an interrupt
	// at one pin (Intel ICH data sheets, "APIC EOI Register").
	ioapicVersion = (IOPins-1)<<16 | 0x20
)

// Read implements bus.Memory. Only aligned accesses reach registers.
func (a *IOAPIC) Read(off uint64, size int) uint64 {
	v := uint64(0)
	switch off {
	case ioSelect:
		v = uint64(a.Index)
	case ioWindow:
		v = uint64(a.reg())
	}
	return v & (^uint64(0) >> (64 - 8*size))
}

func (a *IOAPIC) reg() uint32 {
	switch a.Index {
	case ioID, ioArbitration:
		return uint32(a.ID) << 24
	case ioVersion:
		return ioapicVersion
	}
	if n := int(a.Index-ioRedir) >> 1; a.Index >= ioRedir && n < IOPins {
		return uint32(a.Redir[n] >> (a.Index & 1 * 32))
	}
	return 0xffff_ffff
}

// Write implements bus.Memory.
func (a *IOAPIC) Write(off uint64, _ int, v uint64) {
	switch off {
	case ioSelect:
		a.Index = uint8(v)
	case ioWindow:
		a.setReg(uint32(v))
	case ioEOI:
		a.EOI(uint8(v))
	}
}

func (a *IOAPIC) setReg(v uint32) {
	if a.Index == ioID {
		a.ID = uint8(v >> 24 & 0xf)
		return
	}
	n := int(a.Index-ioRedir) >> 1
	if a.Index < ioRedir || n >= IOPins {
		return
	}
	shift := a.Index & 1 * 32
	writable := uint64(redirWritable) & (0xffff_ffff << shift)
	e := a.Redir[n]&^writable | uint64(v)<<shift&writable
	if e&redirLevel == 0 {
		e &^= redirRemoteIRR
	}
	a.Redir[n] = e
	a.service(n)
}
