package main

// The I/O APIC (Intel 82093AA data sheet, 290566): its pins are the GSIs.

const (
	ioapicPhys  = 0xfec00000
	ioapicBase  = apicBase + pageSize // virtual
	ioapicData  = 0x10
	ioapicRedir = 0x10 // index of the first pin's entry, of two words
	ioapicPins  = 24

	redirMasked = 1 << 16
	redirLevel  = 1 << 15
	redirLow    = 1 << 13
)

// firstPCIPin is the first pin that PCI functions' own pins lead to. These are
// level-triggered and active low; the others are the VMM's or nobody's.
const firstPCIPin = 16

// testIOAPIC are the entries in native tests.
var testIOAPIC [ioapicPins]uint64

// ioapicWrite writes half of a pin's entry.
func ioapicWrite(pin, half, v uint32) {
	if native {
		shift := half * 32
		e := &testIOAPIC[pin%ioapicPins]
		*e = *e&^(0xffffffff<<shift) | uint64(v)<<shift
		return
	}
	// Registers of a device take no locked operations: plain stores.
	*(*uint32)(ptr(ioapicBase)) = ioapicRedir + 2*pin + half
	*(*uint32)(ptr(ioapicBase + ioapicData)) = v
}

// ioapicInit masks all pins, as each instance of the VMM does that boots.
func ioapicInit() {
	for pin := uint32(0); pin < ioapicPins; pin++ {
		ioapicWrite(pin, 0, redirMasked)
		ioapicWrite(pin, 1, 0)
	}
}

// ioapicRoute lets a pin of PCI interrupt a CPU by a vector, or masks it.
func ioapicRoute(pin uint32, vector uint8, cpu uint32, masked bool) {
	low := uint32(vector) | redirLevel | redirLow
	if masked {
		low |= redirMasked
	} else {
		ioapicWrite(pin, 1, cpuByID(cpu).APICID<<24)
	}
	ioapicWrite(pin, 0, low)
}
