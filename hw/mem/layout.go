package mem

// RAM lies where PCs have it: from address 0, with a hole below 4 GiB in which
// devices are; what does not fit below the hole is above it.
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

// layout says which addresses are RAM.
type layout struct {
	low, high uint64 // bytes below and above the hole
}

func newLayout(bytes uint64) layout {
	low := min(bytes, HoleStart)
	return layout{low, bytes - low}
}

// has tells whether the byte at pa is RAM.
func (l layout) has(pa uint64) bool { return pa < l.low || pa-HoleEnd < l.high }

// end is the address behind the last byte of RAM.
func (l layout) end() uint64 {
	if l.high != 0 {
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
