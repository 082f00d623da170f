package mem

// RAM lies where PCs have it: from address 0 on, with a hole below 4 GiB for
// devices; the RAM that does not fit below the hole is above 4 GiB.
const (
	HoleStart = 3 << 30
	HoleEnd   = 4 << 30

	// MaxBytes is the largest RAM.
	MaxBytes = 64 << 30
)

// Range is a range of physical addresses.
type Range struct {
	Base, Size uint64 // in bytes
}

// layout says which addresses are RAM or ROM.
type layout struct {
	low, high uint64 // bytes of RAM below and above the hole
	rom       uint64 // bytes of ROM at the hole's end
}

func newLayout(bytes, rom uint64) layout {
	low := min(bytes, HoleStart)
	return layout{low, bytes - low, rom}
}

// has tells whether the byte at pa is RAM or ROM.
func (l layout) has(pa uint64) bool {
	return pa < l.low || pa-HoleEnd < l.high || pa-(HoleEnd-l.rom) < l.rom
}

// end is the address behind the last byte.
func (l layout) end() uint64 {
	if l.high != 0 || l.rom != 0 {
		return HoleEnd + l.high
	}
	return l.low
}

// Size returns the number of bytes of RAM.
func (l layout) Size() uint64 { return l.low + l.high }

// Ranges lists the RAM from the lowest address on: one range, or two.
func (l layout) Ranges() []Range {
	if l.high == 0 {
		return []Range{{0, l.low}}
	}
	return []Range{{0, l.low}, {HoleEnd, l.high}}
}
