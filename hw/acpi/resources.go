package acpi

import "encoding/binary"

// resources is the value of a _CRS object: descriptors and the end tag (ACPI
// 6.5, 6.4).
func resources(descriptors ...[]byte) []byte {
	return buffer(append(join(descriptors...), 0x79, 0)) // checksum 0: not computed
}

// ports is a fixed range of n I/O ports (6.4.2.5).
func ports(first uint16, n byte) []byte {
	lo, hi := byte(first), byte(first>>8)
	return []byte{0x47, 1, lo, hi, lo, hi, 1, n}
}

// irq is an edge-triggered interrupt, active high (6.4.2.1).
func irq(n int) []byte {
	return binary.LittleEndian.AppendUint16([]byte{0x22}, 1<<n)
}

// Types of address space descriptors, and their flags.
const (
	spaceMemory = 0
	spaceIO     = 1
	spaceBus    = 2

	producer = 0x0c // decodes subtractively no, minimum and maximum fixed
)

// words is an address space descriptor of 16 bits, what a bridge passes on (6.4.3.5.3).
func words(kind, flags byte, first, last uint16) []byte {
	b := []byte{0x88, 13, 0, kind, producer, flags}
	for _, v := range [...]uint16{0, first, last, 0, last - first + 1} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

// memory is an address space descriptor of 32 bits (6.4.3.5.2) for a range
// without side effects of reads left out: not cacheable, read and write.
func memory(first, last uint32) []byte {
	b := []byte{0x87, 23, 0, spaceMemory, producer, 1}
	for _, v := range [...]uint32{0, first, last, 0, last - first + 1} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}
