package mem

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
)

const testBytes = 5 << 20 // not a multiple of a leaf

func newMem(t testing.TB) *Memory {
	t.Helper()
	m, err := New(testBytes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestNewRejectsBadSizes(t *testing.T) {
	for _, n := range []uint64{0, 1, 4097, MaxBytes + PageSize} {
		if _, err := New(n); err == nil {
			t.Errorf("New(%d) succeeded", n)
		}
	}
}

func TestAccessSizesAndCrossing(t *testing.T) {
	m := newMem(t)
	m.Write64(0xffc, 0x1122334455667788)
	if got := m.Read64(0xffc); got != 0x1122334455667788 {
		t.Errorf("crossing Read64 = %#x", got)
	}
	if got := m.Read32(0x1000); got != 0x11223344 {
		t.Errorf("Read32 = %#x", got)
	}
	m.Write16(0x1fff, 0xabcd)
	m.Write32(0x2ffe, 0x01020304)
	m.Write8(0x5, 7)
	if m.Read16(0x1fff) != 0xabcd || m.Read32(0x2ffe) != 0x01020304 || m.Read8(5) != 7 {
		t.Error("stores lost")
	}
	if got := m.Read64(testBytes - 4); got != 0xffffffff00000000 {
		t.Errorf("read over the end of RAM = %#x", got)
	}
	m.Write64(testBytes, 1)
	b := []byte("across a page boundary")
	m.WriteBytes(0x3ff8, b)
	got := make([]byte, len(b))
	if m.ReadBytes(0x3ff8, got); !bytes.Equal(b, got) {
		t.Errorf("ReadBytes = %q", got)
	}
}

// TestOracle runs random writes, snapshots, restores and forks against flat copies.
func TestOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	type saved struct {
		s    *Snapshot
		flat []byte
	}
	m, flat := newMem(t), make([]byte, testBytes)
	var snaps []saved
	check := func(step int) {
		got := make([]byte, testBytes)
		m.ReadBytes(0, got)
		if !bytes.Equal(got, flat) {
			t.Fatalf("step %d: content differs", step)
		}
		fresh := newMem(t)
		fresh.WriteBytes(0, flat)
		if fresh.Digest() != m.Digest() {
			t.Fatalf("step %d: digest depends on history", step)
		}
	}
	for step := range 400 {
		for range r.IntN(40) {
			pa, v := uint64(r.IntN(testBytes-8)), r.Uint64()
			if r.IntN(4) == 0 {
				v = 0
			}
			m.Write64(pa, v)
			for i := range 8 {
				flat[pa+uint64(i)] = byte(v >> (8 * i))
			}
		}
		switch k := r.IntN(8); {
		case k == 0:
			snaps = append(snaps, saved{m.Snapshot(), bytes.Clone(flat)})
		case k == 1 && len(snaps) > 0:
			s := snaps[r.IntN(len(snaps))]
			m.Restore(s.s)
			copy(flat, s.flat)
		case k == 2 && len(snaps) > 0:
			s := snaps[r.IntN(len(snaps))]
			m = NewFrom(s.s)
			copy(flat, s.flat)
		}
		if step%20 == 0 {
			check(step)
		}
	}
	check(400)
}

// TestForksShareWithoutRaces is for the race detector: forks read, write, decode
// and restore on their own goroutines.
func TestForksShareWithoutRaces(t *testing.T) {
	m := newMem(t)
	for pfn := range uint64(64) {
		m.Write64(pfn<<PageShift, pfn)
	}
	s := m.Snapshot()
	want := m.Digest()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f := NewFrom(s)
			for i := range uint64(200) {
				pfn := (i*7 + uint64(g)) % 64
				if f.Read64(pfn<<PageShift) != pfn {
					t.Errorf("fork %d sees another fork's write", g)
				}
				if c := f.Code(pfn, func() any { return pfn }); c != pfn {
					t.Errorf("page %d has the code of %v", pfn, c)
				}
				f.Write64(pfn<<PageShift, i+1000)
				if c := f.Code(pfn, func() any { return "new" }); c != "new" {
					t.Errorf("a write kept the decoded code %v", c)
				}
				f.Restore(s)
			}
			if f.Digest() != want {
				t.Errorf("fork %d: digest differs after restore", g)
			}
		}()
	}
	wg.Wait()
}

// code is what the tests decode to.
func code(s any) func() any { return func() any { return s } }

// TestCodeFollowsContent copies a page over itself, and changes it.
func TestCodeFollowsContent(t *testing.T) {
	m := newMem(t)
	m.Write8(0x2000, 1)
	m.Snapshot()
	m.Code(2, code("x"))
	if m.Write8(0x2000, 2); m.Code(2, code("y")) != "y" {
		t.Error("another content has the code of the old one")
	}
	if m.Write8(0x2000, 1); m.Code(2, code("z")) != "x" {
		t.Error("the old content is back, its code is not")
	}
}

// TestWrittenCodeIsDecodedLess executes a page that is written all the time,
// then only executes it.
func TestWrittenCodeIsDecodedLess(t *testing.T) {
	m := newMem(t)
	decoded := 0
	decode := func() any { decoded++; return "x" }
	for i := range 10000 {
		m.Write8(0x2000, byte(i))
		m.Code(2, decode)
	}
	if decoded < freeDrops || decoded > 50 {
		t.Errorf("decoded %d times", decoded)
	}
	for range 1 << (maxDrops - freeDrops) {
		m.Code(2, decode)
	}
	if m.Code(2, decode) != "x" {
		t.Error("the page no longer written is not decoded")
	}
}

// TestHostPointersAreRevoked checks every event that makes a pointer wrong.
func TestHostPointersAreRevoked(t *testing.T) {
	m := newMem(t)
	changes := func(what string, want bool, f func()) {
		t.Helper()
		g := m.Gen()
		if f(); (m.Gen() != g) != want {
			t.Errorf("%s: generation changed = %v, want %v", what, !want, want)
		}
	}
	changes("first write, never read", false, func() { m.Write8(0x1000, 1) })
	m.PageForRead(2)
	changes("first write after a read", true, func() { m.Write8(0x2000, 1) })
	changes("second write", false, func() { m.Write8(0x2000, 2) })
	changes("decode of a private page that nobody may write", false, func() { m.Code(2, code("x")) })
	m.PageForRead(2)
	changes("write to a page with code", true, func() { m.Write8(0x2000, 3) })
	m.PageForWrite(2)
	changes("decode of a private page", true, func() { m.Code(2, code("x")) })
	if m.Write8(0x2000, 4); m.Code(2, code("w")) != "w" {
		t.Error("write to a private page kept its decode")
	}
	m.Write8(0x2000, 4)
	var s *Snapshot
	changes("snapshot", true, func() { s = m.Snapshot() })
	changes("decode of a sealed page", false, func() { m.Code(2, code("y")) })
	f := NewFrom(s)
	if f.Code(2, code("z")) != "y" {
		t.Error("decode of a sealed page is not shared")
	}
	f.Write8(0x2000, 9)
	if f.Code(2, code("z")) != "z" || m.Code(2, code("z")) != "y" {
		t.Error("copy of a sealed page: decode kept or lost on the wrong side")
	}
	changes("restore", true, func() { m.Restore(s) })
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	m := newMem(t)
	m.Write8(0x1000, 1)
	s := m.Snapshot()
	run := func() {
		for pa := uint64(0); pa < 64<<PageShift; pa += PageSize {
			m.Write64(pa, pa)
		}
		m.Digest()
		m.Restore(s)
	}
	run()
	if n := testing.AllocsPerRun(10, run); n != 0 {
		t.Errorf("%v allocations a round", n)
	}
}

func BenchmarkRestore100Pages(b *testing.B) {
	m, _ := New(64 << 20)
	for pfn := range uint64(2000) {
		m.Write64(pfn<<PageShift, pfn)
	}
	s := m.Snapshot()
	for b.Loop() {
		for pfn := range uint64(100) {
			m.Write64(pfn<<PageShift, 1)
		}
		m.Restore(s)
	}
}

func BenchmarkHashPage(b *testing.B) {
	p := new(Page)
	b.SetBytes(PageSize)
	for b.Loop() {
		p[0]++
		hashPage(p)
	}
}

// TestCodeIsKnownByContent loads a program, another one over it, and the first
// one again, elsewhere: it is not decoded a second time.
func TestCodeIsKnownByContent(t *testing.T) {
	m, err := New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	code := func(v string) func() any { return func() any { return v } }
	start := m.Snapshot()
	for _, row := range []struct {
		pfn        uint64
		content    uint64
		made, want string
	}{{2, 7, "x", "x"}, {2, 8, "y", "y"}, {2, 7, "z", "x"}, {5, 8, "z", "y"}, {5, 9, "z", "z"}} {
		m.Write64(row.pfn<<PageShift+8, row.content)
		if got := m.Code(row.pfn, code(row.made)); got != row.want {
			t.Errorf("page %d with content %d: %v, not %s", row.pfn, row.content, got, row.want)
		}
	}
	m.Restore(start)
	if m.Write64(3<<PageShift+8, 7); m.Code(3, code("new")) != "x" {
		t.Error("forgotten by Restore")
	}
	m.Write64(3<<PageShift+16, 1)
	if m.Code(3, code("new")) != "new" {
		t.Error("known by a part of the content")
	}
}
