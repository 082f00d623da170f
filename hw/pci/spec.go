// Package pci is the PCI bus: configuration spaces of functions, the host
// bridge with its two configuration ports, and the routing of addresses to
// functions. References are to the PCI Local Bus Specification 3.0.
package pci

import "fmt"

// Spec describes a function. It is immutable.
type Spec struct {
	Vendor, Device       uint16
	SubVendor, Subsystem uint16
	Class                uint32 // base class, sub-class and interface in 24 bits
	Revision             uint8
	Pin                  uint8 // interrupt pin, 1 (INTA#) to 4, 0 for none
	BARs                 []BAR

	// Offsets of capabilities in configuration space, 0 for those it lacks.
	PM, MSI, MSIX, Express uint8
	Vectors                int    // of MSI-X
	TableBAR               int    // the BAR in which both MSI-X structures lie
	Table, PBA             uint32 // and their offsets there
	Forgets                bool   // the way from D3hot to D0 is a reset
	Master                 bool   // it is always a bus master
	Others                 []Capability
}

// Capability is one that software can only read.
type Capability struct {
	At, ID uint8
	Body   []byte // from the third byte on
}

// BAR is a range of addresses that a function answers to.
type BAR struct {
	Size uint64 // a power of two, at least 16; 0 for a register that is not there
	IO   bool   // in I/O space
	Wide bool   // 64 bits, taking the next register too
}

// Offsets in the header (figure 6-1 and 6.2).
const (
	regVendor    = 0x00
	regDevice    = 0x02
	regCommand   = 0x04
	regStatus    = 0x06
	regRevision  = 0x08
	regClass     = 0x09
	regBAR       = 0x10
	regSubVendor = 0x2c
	regSubsystem = 0x2e
	regCaps      = 0x34
	regLine      = 0x3c
	regPin       = 0x3d
)

// Bits of command, status and the control words of capabilities.
const (
	cmdIO          = 1 << 0
	cmdMemory      = 1 << 1
	cmdMaster      = 1 << 2
	cmdWritable    = 1<<10 | 1<<8 | 1<<6 | cmdMaster | cmdMemory | cmdIO
	cmdINTxDisable = 1 << 10
	statusINTx     = 1 << 3
	statusCaps     = 1 << 4

	statusTargetAbort = 1 << 12         // received
	statusAborts      = 0x1f<<11 | 1<<8 // errors, which software clears

	capPM         = 1
	capMSI        = 5
	capExpress    = 0x10
	capMSIX       = 0x11
	msiEnable     = 1 << 0
	msi64         = 1 << 7
	msixMask      = 1 << 14
	msixEnable    = 1 << 15
	pmNoSoftReset = 1 << 3
)

// Where the host bridge lets functions be, and where they are at power-on, as
// firmware would have placed them.
const (
	MemBase  = 0xc000_0000 // end of the largest RAM
	MemSize  = 0xfec0_0000 - MemBase
	PortBase = 0xc000
	PortSize = 0x10000 - PortBase

	firstMem  = 0xe000_0000
	firstPort = 0xc000
)

// validate panics on a description that no function can have: ours is wrong then.
func (s *Spec) validate() {
	for i, b := range s.BARs {
		if b.Size == 0 {
			continue
		}
		if b.Size < 16 || b.Size&(b.Size-1) != 0 || b.IO && b.Size > 256 {
			panic(fmt.Sprintf("BUG: pci: BAR %d of %04x:%04x has size %#x", i, s.Vendor, s.Device, b.Size))
		}
	}
	if s.MSIX != 0 && (s.Vectors < 1 || s.Vectors > 2048) {
		panic("BUG: pci: MSI-X with no vectors or too many")
	}
}
