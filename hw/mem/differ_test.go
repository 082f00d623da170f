package mem

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Pages that differ are those whose bytes do, whether they are shared, written to what was there,
// or were never written.
func TestDiffering(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		a, err := New(8 << 20)
		if err != nil {
			t.Fatal(err)
		}
		write := func(m *Memory) {
			for range r.IntN(6) {
				m.Write8(r.Uint64N(8<<20)&^0xfff|r.Uint64N(2), uint8(r.UintN(2)))
			}
		}
		write(a)
		b := NewFrom(a.Snapshot())
		write(a)
		write(b)
		if r.IntN(2) == 0 {
			b.Snapshot()
		}
		var want []uint64
		for pfn := range uint64(8 << 20 >> PageShift) {
			var x, y Page
			a.ReadBytes(pfn<<PageShift, x[:])
			b.ReadBytes(pfn<<PageShift, y[:])
			if x != y {
				want = append(want, pfn)
			}
		}
		if got := a.Differing(b); !slices.Equal(got, want) {
			t.Fatalf("%v differ, told are %v", want, got)
		}
		if a.Differing(a) != nil {
			t.Fatal("a memory differs from itself")
		}
	}
}
