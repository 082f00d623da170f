package mem

// A ROM ends below 4 GiB, where processors begin after reset, and its last part can be
// seen below 1 MiB as well, as on PCs. It is read and executed like RAM; writes have no
// effect.

// romLow is how much of a ROM can be seen below romLowEnd.
const (
	romLow    = 128 << 10
	romLowEnd = 1 << 20
)

// NewWithROM is New with a ROM of whole pages.
func NewWithROM(bytes uint64, rom []byte) (*Memory, error) {
	m, err := newMemory(bytes, uint64(len(rom)))
	if err != nil || len(rom) == 0 {
		return m, err
	}
	m.sink = nil // to write it once
	m.WriteBytes(HoleEnd-uint64(len(rom)), rom)
	low := rom[len(rom)-min(len(rom), romLow):]
	m.WriteBytes(romLowEnd-uint64(len(low)), low)
	m.sink = new(Page)
	return m, nil
}

// inROM tells whether page pfn cannot be written.
func (m *Memory) inROM(pfn uint64) bool {
	pa, low := pfn<<PageShift, min(m.rom, romLow)
	return m.sink != nil && (pa-(HoleEnd-m.rom) < m.rom || pa-(romLowEnd-low) < low)
}

// Guarded tells whether writes to page pfn must not go by host pointers: it cannot be
// written, is fetched other than it is, or is watched. A pointer to write is one to read.
func (m *Memory) Guarded(pfn uint64) bool {
	return m.Overlaid(pfn) || m.inROM(pfn) || m.Watched(pfn) || m.points.watches(pfn, Store)
}
