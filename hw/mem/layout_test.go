package mem

import (
	"runtime"
	"slices"
	"testing"
)

// TestHole checks what is RAM around the hole, and that stores stay out of it.
func TestHole(t *testing.T) {
	for _, row := range []struct {
		bytes  uint64
		ranges []Range
	}{
		{1 << 20, []Range{{0, 1 << 20}}},
		{HoleStart, []Range{{0, HoleStart}}},
		{HoleStart + PageSize, []Range{{0, HoleStart}, {HoleEnd, PageSize}}},
		{8 << 30, []Range{{0, HoleStart}, {HoleEnd, 5 << 30}}},
		{MaxBytes, []Range{{0, HoleStart}, {HoleEnd, MaxBytes - HoleStart}}},
	} {
		m, err := New(row.bytes)
		if err != nil {
			t.Fatal(err)
		}
		if m.Size() != row.bytes || !slices.Equal(m.Ranges(), row.ranges) {
			t.Errorf("%#x bytes: size %#x, ranges %x", row.bytes, m.Size(), m.Ranges())
		}
		for _, r := range row.ranges {
			end := r.Base + r.Size
			if !m.IsRAM(r.Base) || !m.IsRAM(end-1) || m.IsRAM(end) {
				t.Errorf("%#x bytes: wrong at the bounds of %x", row.bytes, r)
			}
			m.Write64(end-4, 0x1122334455667788)
			if got := m.Read64(end - 4); got != 0xffffffff55667788 {
				t.Errorf("%#x bytes: read over the end of %x gives %#x", row.bytes, r, got)
			}
		}
		if m.Dirty() != len(row.ranges) || m.IsRAM(HoleStart) || m.IsRAM(HoleEnd-1) {
			t.Errorf("%#x bytes: the hole is not one", row.bytes)
		}
	}
}

// TestForkIsSmall bounds what a fork takes before it writes.
func TestForkIsSmall(t *testing.T) {
	for _, row := range []struct{ ram, most uint64 }{{256 << 20, 64 << 10}, {8 << 30, 256 << 10}, {MaxBytes, 2 << 20}} {
		m, err := New(row.ram)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range m.Ranges() {
			for pa := r.Base; pa < r.Base+r.Size; pa += max(r.Size/1000, PageSize) &^ offMask {
				m.Write8(pa, 1)
			}
		}
		s := m.Snapshot()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f := NewFrom(s)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > row.most {
			t.Errorf("a fork of %d MiB takes %d bytes, more than %d", row.ram>>20, n, row.most)
		}
		runtime.KeepAlive(f)
	}
}
