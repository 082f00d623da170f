package acpi

import "encoding/binary"

// madt is the body of the Multiple APIC Description Table (5.2.12).
func madt(c *Config) []byte {
	const pcCompatible = 1 // there are 8259s, too
	b := binary.LittleEndian.AppendUint32(nil, c.LocalAPIC)
	b = binary.LittleEndian.AppendUint32(b, pcCompatible)
	for i := range c.CPUs {
		b = append(b, 0, 8, byte(i), byte(i), 1, 0, 0, 0) // local APIC: processor, identifier, enabled
	}
	b = append(b, 1, 12, 0, 0) // I/O APIC with identifier 0
	b = binary.LittleEndian.AppendUint32(b, c.IOAPIC)
	b = binary.LittleEndian.AppendUint32(b, 0) // its first global interrupt
	const conforms, levelHigh = 0, 0xd
	override := func(irq byte, pin uint32, flags uint16) {
		b = append(b, 2, 10, 0, irq)
		b = binary.LittleEndian.AppendUint32(b, pin)
		b = binary.LittleEndian.AppendUint16(b, flags)
	}
	override(0, c.TimerPin, conforms)
	override(byte(c.SCI), uint32(c.SCI), levelHigh)
	return append(b, 4, 6, 0xff, 0, 0, 1) // NMI: all processors, LINT1
}

// Offsets in the Fixed ACPI Description Table (5.2.9), of revision 3.
const (
	fadtFACS        = 36
	fadtDSDT        = 40
	fadtProfile     = 45
	fadtSCI         = 46
	fadtPM1Event    = 56
	fadtPM1Control  = 64
	fadtPMTimer     = 76
	fadtLengths     = 88 // of the event, control, second control and timer blocks
	fadtC2Latency   = 96
	fadtC3Latency   = 98
	fadtCentury     = 108
	fadtBootFlags   = 109
	fadtFlags       = 112
	fadtReset       = 116
	fadtResetValue  = 128
	fadtXDSDT       = 140
	fadtXPM1Event   = 148
	fadtXPM1Control = 172
	fadtXPMTimer    = 208
	fadtSize        = 244
)

// fadt is the body of that table.
func fadt(c *Config, facs, dsdt uint32) []byte {
	const (
		desktop       = 1
		bootFlags     = 1<<0 | 1<<2                                     // ISA devices; no VGA; the keyboard controller is not mentioned
		flags         = 1<<0 | 1<<2 | 1<<4 | 1<<5 | 1<<6 | 1<<8 | 1<<10 // WBINVD, C1, no buttons, no RTC wake, 32-bit timer, reset register
		noC2, noC3    = 101, 1001
		eventLen      = 4
		controlLen    = 2
		timerLen      = 4
		byteW, wordW  = 8, 16
		dwordW, spcIO = 32, 1
	)
	t := make([]byte, fadtSize)
	p16 := func(at int, v uint16) { binary.LittleEndian.PutUint16(t[at:], v) }
	p32 := func(at int, v uint32) { binary.LittleEndian.PutUint32(t[at:], v) }
	gas := func(at int, bits, access byte, port uint16) { // generic address structure (5.2.3.2)
		t[at], t[at+1], t[at+3] = spcIO, bits, access
		p16(at+4, port)
	}
	p32(fadtFACS, facs)
	p32(fadtDSDT, dsdt)
	t[fadtProfile] = desktop
	p16(fadtSCI, c.SCI)
	p32(fadtPM1Event, uint32(c.PMEvent))
	p32(fadtPM1Control, uint32(c.PMControl))
	p32(fadtPMTimer, uint32(c.PMTimer))
	copy(t[fadtLengths:], []byte{eventLen, controlLen, 0, timerLen})
	p16(fadtC2Latency, noC2)
	p16(fadtC3Latency, noC3)
	t[fadtCentury] = c.Century
	p16(fadtBootFlags, bootFlags)
	p32(fadtFlags, flags)
	gas(fadtReset, byteW, 1, c.ResetPort)
	t[fadtResetValue] = c.ResetValue
	p32(fadtXDSDT, dsdt)
	gas(fadtXPM1Event, dwordW, 2, c.PMEvent)
	gas(fadtXPM1Control, wordW, 2, c.PMControl)
	gas(fadtXPMTimer, dwordW, 3, c.PMTimer)
	return t[headerSize:]
}
