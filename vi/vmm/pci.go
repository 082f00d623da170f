package main

import (
	"unsafe"

	"resvirt/vi/bare"
)

// PCI functions, which the VMM finds at boot, and access to their configuration
// space by mechanism #1 (PCI Local Bus Specification 3.0, 3.2.2.3.2). Functions and
// what their interrupts lead to lie in one heap page, so that they survive. Without
// functions there is no page.

// deviceTable is that page.
type deviceTable struct {
	functions [maxFunctions]function
	n         uint32
	routes    [deviceVectors]route // made anew by each instance of the VMM, see irqroute.go
}

// function is a function that can be given to a domain.
type function struct {
	owner   uint32 // frame of the Domain that has it; 0: the control domain
	devfn   uint8
	sized   uint8 // BARs whose size a guest is reading, a bit each
	msi     uint8 // offsets of capabilities, 0 = none
	msix    uint8
	pm      uint8
	expr    uint8 // of PCI Express
	msgs    uint32
	refused uint32          // accesses that the IOMMU has refused
	bars    [maxBARs]uint32 // registers as firmware set them
	masks   [maxBARs]uint32 // and how they read back after all ones were written
	table   uint64          // machine address of the MSI-X table
	pba     uint64          // and of its pending bits
}

const (
	maxFunctions = 16
	maxBARs      = 6
)

const _ = pageSize - unsafe.Sizeof(deviceTable{})

// devices is the table, nil without functions.
var devices *deviceTable

// deviceLock guards devices, what domains may do with devices, and the hardware in
// between: configuration space, the I/O APIC, MSI-X tables. Interrupt handlers take it,
// so that it is held with interrupts off. It is taken after the lock of event channels.
var deviceLock spinlock

// Configuration space (6.1 and 6.2).
const (
	pciAddress = 0xcf8
	pciData    = 0xcfc
	pciEnable  = 1 << 31

	pciVendor  = 0x00
	pciCommand = 0x04
	pciStatus  = 0x06
	pciClass   = 0x0b
	pciCache   = 0x0c
	pciLatency = 0x0d
	pciHeader  = 0x0e
	pciBAR     = 0x10
	pciCaps    = 0x34
	pciLine    = 0x3c

	cmdPorts      = 1 << 0
	cmdMemory     = 1 << 1
	cmdMaster     = 1 << 2
	cmdINTxOff    = 1 << 10
	statusHasCaps = 1 << 4

	capPM      = 0x01
	capMSI     = 0x05
	capExpress = 0x10
	capMSIX    = 0x11
)

// pciRead reads 1, 2 or 4 bytes that lie in one register of 4. deviceLock is held.
func pciRead(devfn uint8, at uint16, size uint) uint32 {
	if native {
		return testConfig(devfn, at, size, 0, false)
	}
	bare.Out32(pciAddress, pciEnable|uint32(devfn)<<8|uint32(at&0xfc))
	return portIn(pciData+at&3, size)
}

// pciWrite is the inverse.
func pciWrite(devfn uint8, at uint16, size uint, v uint32) {
	if native {
		testConfig(devfn, at, size, v, true)
		return
	}
	bare.Out32(pciAddress, pciEnable|uint32(devfn)<<8|uint32(at&0xfc))
	portOut(pciData+at&3, size, v)
}

// testConfig stands for configuration space in native tests.
var testConfig func(devfn uint8, at uint16, size uint, v uint32, write bool) uint32

// testPorts stands for all other ports there.
var testPorts func(port uint16, size uint, v uint32, write bool) uint32

func portIn(port uint16, size uint) uint32 {
	switch {
	case native:
		return testPorts(port, size, 0, false)
	case size == 1:
		return uint32(bare.In8(port))
	case size == 2:
		return uint32(bare.In16(port))
	}
	return bare.In32(port)
}

func portOut(port uint16, size uint, v uint32) {
	switch {
	case native:
		testPorts(port, size, v, true)
	case size == 1:
		bare.Out8(port, byte(v))
	case size == 2:
		bare.Out16(port, uint16(v))
	default:
		bare.Out32(port, v)
	}
}

// findFunctions looks for functions on bus 0 and silences them: whatever ran before
// the VMM may have left one that writes into memory. It runs at boot, before the
// first domain.
func findFunctions() {
	if native && testConfig == nil {
		return
	}
	for dev := uint8(0); dev < 32; dev++ {
		if pciRead(dev<<3, pciVendor, 2) == 0xffff {
			continue
		}
		last := uint8(0)
		if pciRead(dev<<3, pciHeader, 1)&0x80 != 0 {
			last = 7
		}
		for fn := uint8(0); fn <= last; fn++ {
			addFunction(dev<<3 | fn)
		}
	}
}

// addFunction enters a function into the table, unless it is a bridge.
func addFunction(devfn uint8) {
	const bridge = 6
	if pciRead(devfn, pciVendor, 2) == 0xffff || pciRead(devfn, pciHeader, 1)&0x7f != 0 || pciRead(devfn, pciClass, 1) == bridge {
		return
	}
	if iommu.on && devfn == iommu.devfn {
		return
	}
	if devices == nil {
		m := allocHeapPage()
		if m == 0 {
			return
		}
		devices = (*deviceTable)(frameAddr(m))
	}
	if devices.n == maxFunctions {
		logHex("PCI functions are more than there is room for; left out is", uint64(devfn))
		return
	}
	f := &devices.functions[devices.n%maxFunctions]
	devices.n++
	f.devfn = devfn
	f.findCaps()
	f.sizeBARs()
	f.findTable()
	f.quiesce()
}

// findCaps follows the list of capabilities (6.7), which a device may have wrong.
func (f *function) findCaps() {
	if pciRead(f.devfn, pciStatus, 2)&statusHasCaps == 0 {
		return
	}
	at := uint8(pciRead(f.devfn, pciCaps, 1)) &^ 3
	for n := 0; at >= 0x40 && n < 48; n++ {
		switch pciRead(f.devfn, uint16(at), 1) {
		case capPM:
			f.pm = at
		case capMSI:
			f.msi = at
		case capMSIX:
			f.msix = at
		case capExpress:
			f.expr = at
		}
		at = uint8(pciRead(f.devfn, uint16(at)+1, 1)) &^ 3
	}
}

// sizeBARs reads what firmware wrote, and how much each register covers (6.2.5.1).
// Meanwhile the function does not decode.
func (f *function) sizeBARs() {
	cmd := pciRead(f.devfn, pciCommand, 2)
	pciWrite(f.devfn, pciCommand, 2, cmd&^(cmdPorts|cmdMemory))
	for i := range f.bars {
		at := uint16(pciBAR + 4*i)
		f.bars[i] = pciRead(f.devfn, at, 4)
		pciWrite(f.devfn, at, 4, ^uint32(0))
		f.masks[i] = pciRead(f.devfn, at, 4)
		pciWrite(f.devfn, at, 4, f.bars[i])
	}
	pciWrite(f.devfn, pciCommand, 2, cmd)
}

// barAddress is the machine address of a memory BAR, 0 if it is none.
func (f *function) barAddress(i uint32) uint64 {
	if i >= maxBARs || f.bars[i]&1 != 0 {
		return 0
	}
	a := uint64(f.bars[i] &^ 0xf)
	if f.bars[i]>>1&3 == 2 && i+1 < maxBARs {
		a |= uint64(f.bars[i+1]) << 32
	}
	return a
}

// findTable finds the MSI-X structures (6.8.2).
func (f *function) findTable() {
	if f.msix == 0 {
		return
	}
	f.msgs = pciRead(f.devfn, uint16(f.msix)+2, 2)&0x7ff + 1
	t, p := pciRead(f.devfn, uint16(f.msix)+4, 4), pciRead(f.devfn, uint16(f.msix)+8, 4)
	f.table = f.barAddress(t&7) + uint64(t&^7)
	f.pba = f.barAddress(p&7) + uint64(p&^7)
	if !isIOFrame(mfn(f.table >> pageShift)) {
		f.msix, f.msgs = 0, 0
	}
}

// quiesce keeps a function from writing into memory and from interrupting, and makes it
// forget what it was told.
func (f *function) quiesce() {
	cmd := pciRead(f.devfn, pciCommand, 2)
	pciWrite(f.devfn, pciCommand, 2, cmd&^cmdMaster|cmdINTxOff)
	f.stopMessages()
	f.reset()
}

// findFunction is the function of a number, nil if there is none.
func findFunction(devfn uint8) *function {
	for i := uint32(0); devices != nil && i < devices.n && i < maxFunctions; i++ {
		if f := &devices.functions[i]; f.devfn == devfn {
			return f
		}
	}
	return nil
}

const functionSize = uint64(unsafe.Sizeof(function{}))

func ptrOfFunction(f *function) unsafe.Pointer { return unsafe.Pointer(f) }

// has says whether a function is d's: those that no other domain has are the
// control domain's.
func (d *Domain) has(f *function) bool {
	return f.owner == d.frame32() || f.owner == 0 && d.privileged
}
