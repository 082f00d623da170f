package mem

import "encoding/binary"

// Reads of addresses that are not RAM give ones, and writes to them have no
// effect, as on a bus on which no device answers. A processor asks IsRAM first.

// Read8 returns the byte at pa.
func (m *Memory) Read8(pa uint64) uint8 {
	if !m.has(pa) {
		return 0xff
	}
	return m.view(pa >> PageShift)[pa&offMask]
}

// Read16 returns the little-endian 16 bits at pa.
func (m *Memory) Read16(pa uint64) uint16 {
	if off := pa & offMask; off <= PageSize-2 && m.has(pa) {
		return binary.LittleEndian.Uint16(m.view(pa >> PageShift)[off:])
	}
	return uint16(m.slowRead(pa, 2))
}

// Read32 returns the little-endian 32 bits at pa.
func (m *Memory) Read32(pa uint64) uint32 {
	if off := pa & offMask; off <= PageSize-4 && m.has(pa) {
		return binary.LittleEndian.Uint32(m.view(pa >> PageShift)[off:])
	}
	return uint32(m.slowRead(pa, 4))
}

// Read64 returns the little-endian 64 bits at pa.
func (m *Memory) Read64(pa uint64) uint64 {
	if off := pa & offMask; off <= PageSize-8 && m.has(pa) {
		return binary.LittleEndian.Uint64(m.view(pa >> PageShift)[off:])
	}
	return m.slowRead(pa, 8)
}

// Write8 stores v at pa.
func (m *Memory) Write8(pa uint64, v uint8) {
	if m.has(pa) {
		m.writable(pa >> PageShift)[pa&offMask] = v
		if m.heeds() {
			m.wrote(pa, 1)
		}
	}
}

// Write16 stores v at pa.
func (m *Memory) Write16(pa uint64, v uint16) {
	if off := pa & offMask; off <= PageSize-2 && m.has(pa) {
		binary.LittleEndian.PutUint16(m.writable(pa >> PageShift)[off:], v)
		if m.heeds() {
			m.wrote(pa, 2)
		}
		return
	}
	m.slowWrite(pa, 2, uint64(v))
}

// Write32 stores v at pa.
func (m *Memory) Write32(pa uint64, v uint32) {
	if off := pa & offMask; off <= PageSize-4 && m.has(pa) {
		binary.LittleEndian.PutUint32(m.writable(pa >> PageShift)[off:], v)
		if m.heeds() {
			m.wrote(pa, 4)
		}
		return
	}
	m.slowWrite(pa, 4, uint64(v))
}

// Write64 stores v at pa.
func (m *Memory) Write64(pa uint64, v uint64) {
	if off := pa & offMask; off <= PageSize-8 && m.has(pa) {
		binary.LittleEndian.PutUint64(m.writable(pa >> PageShift)[off:], v)
		if m.heeds() {
			m.wrote(pa, 8)
		}
		return
	}
	m.slowWrite(pa, 8, v)
}

// ReadBytes fills b from pa on.
func (m *Memory) ReadBytes(pa uint64, b []byte) {
	for len(b) > 0 {
		n := min(len(b), int(PageSize-pa&offMask))
		if m.has(pa) {
			copy(b[:n], m.view(pa >> PageShift)[pa&offMask:])
		} else {
			for i := range b[:n] {
				b[i] = 0xff
			}
		}
		b, pa = b[n:], pa+uint64(n)
	}
}

// WriteBytes stores b from pa on.
func (m *Memory) WriteBytes(pa uint64, b []byte) {
	for len(b) > 0 {
		n := min(len(b), int(PageSize-pa&offMask))
		if m.has(pa) {
			copy(m.writable(pa >> PageShift)[pa&offMask:], b[:n])
			if m.heeds() {
				m.wrote(pa, uint64(n))
			}
		}
		b, pa = b[n:], pa+uint64(n)
	}
}

// heeds tells whether writes matter to anything besides the content of memory.
func (m *Memory) heeds() bool { return m.flips != nil || m.watch.on || m.points.all&Store != 0 }

// view is PageForRead for a pointer that does not outlive the call.
func (m *Memory) view(pfn uint64) *Page {
	if p := m.root[pfn>>leafShift].pages[pfn&leafMask]; p != nil {
		return p.data
	}
	return m.zero.data
}

func (m *Memory) slowRead(pa uint64, n int) (v uint64) {
	for i := range n {
		v |= uint64(m.Read8(pa+uint64(i))) << (8 * i)
	}
	return v
}

func (m *Memory) slowWrite(pa uint64, n int, v uint64) {
	for i := range n {
		m.Write8(pa+uint64(i), uint8(v>>(8*i)))
	}
}
