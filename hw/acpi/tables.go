// Package acpi describes a machine to its operating system in the tables of the
// Advanced Configuration and Power Interface (UEFI Forum, ACPI 6.5) and of the
// MultiProcessor Specification. It turns a Config into bytes and knows nothing else.
package acpi

import "encoding/binary"

// Config is the content of the tables.
type Config struct {
	CPUs       int    // with local APIC identifiers from 0
	LocalAPIC  uint32 // physical addresses
	IOAPIC     uint32
	TimerPin   uint32 // pin of the I/O APIC that the timer's IRQ 0 leads to
	SCI        uint16 // its IRQ, level-triggered and active high
	PMEvent    uint16 // ports of the PM1a event and control blocks and of the timer
	PMControl  uint16
	PMTimer    uint16
	SoftOff    uint32 // SLP_TYP of S5
	ResetPort  uint16
	ResetValue byte
	Century    byte // register of the clock that holds it

	Serial, RTC, PCIConfig uint16 // first ports
	SerialIRQ, RTCIRQ      int
	PCIFirst, PCILast      uint32 // memory space for PCI devices

	IOMMU *IOMMU // nil if there is none

	PCIRoute func(device, pin int) int // pin of the I/O APIC
	PCIIRQ   func(route int) int       // IRQ of the 8259s for that
}

// Tables returns the tables for a physical address, a multiple of 64 below 1 MiB
// where software looks for them. They begin with the root pointer of ACPI.
func Tables(c Config, base uint32) []byte {
	const rootSize, facsSize = 36, 64
	b := make([]byte, rootSize)
	add := func(table []byte) uint32 {
		for len(b)%64 != 0 {
			b = append(b, 0)
		}
		at := base + uint32(len(b))
		b = append(b, table...)
		return at
	}
	facs := make([]byte, facsSize)
	copy(facs, "FACS")
	binary.LittleEndian.PutUint32(facs[4:], facsSize)
	facs[32] = 1 // version
	facsAt := add(facs)
	dsdtAt := add(table("DSDT", 2, dsdt(&c)))
	fadtAt := add(table("FACP", 3, fadt(&c, facsAt, dsdtAt)))
	madtAt := add(table("APIC", 3, madt(&c)))
	all := []uint32{fadtAt, madtAt}
	if c.IOMMU != nil {
		all = append(all, add(table("IVRS", 2, ivrs(c.IOMMU))))
	}
	var short, long []byte
	for _, at := range all {
		short = binary.LittleEndian.AppendUint32(short, at)
		long = binary.LittleEndian.AppendUint64(long, uint64(at))
	}
	rsdtAt := add(table("RSDT", 1, short))
	xsdtAt := add(table("XSDT", 1, long))

	add(mpPointer(add(mpTable(&c))))

	copy(b, "RSD PTR ") // 5.2.5.3
	copy(b[9:], oem)
	b[15] = 2
	binary.LittleEndian.PutUint32(b[16:], rsdtAt)
	binary.LittleEndian.PutUint32(b[20:], rootSize)
	binary.LittleEndian.PutUint64(b[24:], uint64(xsdtAt))
	b[8] = checksum(b[:20])
	b[32] = checksum(b[:rootSize])
	return b
}

// Names of the tables' maker.
const (
	oem     = "RESVRT"
	oemID   = "RESVIRT "
	creator = "RVRT"
)

const headerSize = 36

// table puts the header before a body (5.2.6).
func table(signature string, revision byte, body []byte) []byte {
	t := make([]byte, headerSize, headerSize+len(body))
	t = append(t, body...)
	copy(t, signature)
	binary.LittleEndian.PutUint32(t[4:], uint32(len(t)))
	t[8] = revision
	copy(t[10:], oem)
	copy(t[16:], oemID)
	binary.LittleEndian.PutUint32(t[24:], 1)
	copy(t[28:], creator)
	binary.LittleEndian.PutUint32(t[32:], 1)
	t[9] = checksum(t)
	return t
}

// checksum is what makes the bytes' sum zero.
func checksum(b []byte) (c byte) {
	for _, x := range b {
		c -= x
	}
	return c
}
