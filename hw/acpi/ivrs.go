package acpi

import "encoding/binary"

// IOMMU is what the I/O Virtualization Reporting Structure says of one.
type IOMMU struct {
	Device     uint16 // requester ID of its PCI function
	Capability uint16 // offset of its capability block
	Base       uint64 // of its registers
	Features   uint64 // the extended feature register
	First      uint16 // requester IDs that it translates
	Last       uint16
}

// ivrs is the body of that table (48882, 5.2): the same IOMMU as a block of type 10h and,
// with its features, of type 11h. Software takes the latest kind that it knows.
func ivrs(u *IOMMU) []byte {
	const (
		featuresKnown = 1 << 0
		physical      = 40 << 8 // bits of addresses
		virtual       = 64 << 15
		oldBlock      = 0x10
		newBlock      = 0x11
		levelsShift   = 10
	)
	b := binary.LittleEndian.AppendUint32(nil, featuresKnown|physical|virtual)
	b = append(b, make([]byte, 8)...)
	levels := uint32(u.Features >> levelsShift & 3)
	b = append(b, u.block(oldBlock, levels<<30, nil)...)
	more := binary.LittleEndian.AppendUint64(nil, u.Features)
	return append(b, u.block(newBlock, 0, append(more, make([]byte, 8)...))...)
}

// block is an I/O virtualization hardware definition block (5.2.2), with entries for a range
// of devices.
func (u *IOMMU) block(kind byte, features uint32, more []byte) []byte {
	const (
		header     = 24
		rangeStart = 3
		rangeEnd   = 4
		entry      = 4
	)
	le := binary.LittleEndian
	b := []byte{kind, 0}
	b = le.AppendUint16(b, uint16(header+len(more)+2*entry))
	b = le.AppendUint16(b, u.Device)
	b = le.AppendUint16(b, u.Capability)
	b = le.AppendUint64(b, u.Base)
	b = le.AppendUint32(b, 0) // PCI segment, number of its message, unit
	b = append(le.AppendUint32(b, features), more...)
	for _, e := range [...]struct {
		kind byte
		id   uint16
	}{{rangeStart, u.First}, {rangeEnd, u.Last}} {
		b = append(le.AppendUint16(append(b, e.kind), e.id), 0)
	}
	return b
}
