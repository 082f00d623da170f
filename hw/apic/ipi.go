package apic

// IPI is what an interprocessor interrupt says.
type IPI struct {
	Mode      uint8
	Vector    uint8
	Level     bool   // level-triggered
	Logical   bool   // Dest is a logical destination
	Wide      bool   // Dest has the 32 bits of the x2APIC
	Dest      uint32 // when Shorthand is DestField
	Shorthand uint8
}

// Destination shorthands (16.5, table 16-4).
const (
	DestField = iota
	DestSelf
	DestAll
	DestOthers
)

// Lowest returns, of some APICs that match, the one that takes a
// lowest-priority interrupt: the lowest arbitration priority, then the lowest number.
func Lowest(match []*APIC) *APIC {
	var best *APIC
	for _, a := range match {
		if best == nil || a.apr() < best.apr() {
			best = a
		}
	}
	return best
}

// command acts on a write to the interrupt command register (16.5).
func (a *APIC) command(x2 bool) {
	lo, hi := uint32(a.ICR), uint32(a.ICR>>32)
	ipi := IPI{
		Mode:      uint8(lo >> 8 & 7),
		Vector:    uint8(lo),
		Logical:   lo&(1<<11) != 0,
		Wide:      x2,
		Dest:      hi,
		Shorthand: uint8(lo >> 18 & 3),
	}
	if !x2 {
		ipi.Dest >>= 24
	}
	level, assert := lo&(1<<15) != 0, lo&(1<<14) != 0
	switch ipi.Mode {
	case ModeFixed, ModeLowest:
		if ipi.Vector < 16 {
			a.fault(esrSentIllegal)
			return
		}
		ipi.Level = level
	case ModeINIT:
		if level && !assert {
			return // the de-assertion only synchronised arbitration on old buses
		}
	case ModeNMI, ModeStartup:
	default:
		return // SMI: no system management mode; remote read, reserved: no effect
	}
	a.wires.SendIPI(a.cpu, ipi)
}

// Matches tells whether this APIC is a destination of an IPI that an APIC of
// number from sends (16.6.1, and 16.14 for the x2APIC).
func (a *APIC) Matches(from int, ipi IPI) bool {
	if *a.base&BaseEnable == 0 {
		return false
	}
	switch ipi.Shorthand {
	case DestSelf:
		return a.cpu == from
	case DestAll:
		return true
	case DestOthers:
		return a.cpu != from
	}
	broadcast := uint32(0xff)
	if ipi.Wide {
		broadcast = 0xffff_ffff
	}
	if ipi.Dest == broadcast {
		return true
	}
	_, x2 := a.Mode()
	switch {
	case !ipi.Logical && x2:
		return ipi.Dest == a.x2ID()
	case !ipi.Logical:
		return ipi.Dest == a.ID
	case x2:
		ldr := a.x2LDR()
		return ldr>>16 == ipi.Dest>>16 && ldr&ipi.Dest&0xffff != 0
	}
	ldr := a.LDR >> 24
	if a.DFR>>28 == 0xf { // flat
		return ldr&ipi.Dest != 0
	}
	return ldr>>4 == ipi.Dest>>4 && ldr&ipi.Dest&0xf != 0
}

// x2ID is the identifier in x2APIC mode, which software cannot change (16.12).
func (a *APIC) x2ID() uint32 { return uint32(a.cpu) }

// x2LDR is the logical identifier, which the x2APIC derives from the number (16.14).
func (a *APIC) x2LDR() uint32 { return a.x2ID()>>4<<16 | 1<<(a.x2ID()&15) }

// selfIPI acts on a write to the register of that name, which leaves the
// command register alone (16.15).
func (a *APIC) selfIPI(vector uint8) {
	if vector < 16 {
		a.fault(esrSentIllegal)
		return
	}
	a.wires.SendIPI(a.cpu, IPI{Vector: vector, Shorthand: DestSelf})
}
