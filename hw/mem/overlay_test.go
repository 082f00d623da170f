package mem

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func fetch8(m *Memory, pa uint64) uint8 { return m.PageForFetch(pa >> PageShift)[pa&offMask] }

func TestFlipsAreSeenByFetchAlone(t *testing.T) {
	m := newMem(t)
	m.Write64(0x3ff8, 0x1122334455667788)
	clean, gen := m.Digest(), m.Gen()
	m.FlipFetch(0x3fff, 0x01)
	m.FlipFetch(0x4000, 0x80)
	if m.Gen() == gen {
		t.Error("host pointers were not revoked")
	}
	if m.Read8(0x3fff) != 0x11 || m.PageForRead(3)[0xfff] != 0x11 || m.Read8(0x4000) != 0 {
		t.Error("data accesses see the overlay")
	}
	var b [2]byte
	m.FetchBytes(0x3fff, b[:])
	if b != [2]byte{0x10, 0x80} || fetch8(m, 0x3fff) != 0x10 || fetch8(m, 0x4000) != 0x80 || fetch8(m, 0x3ffe) != 0x22 {
		t.Errorf("fetched % x", b)
	}
	if m.Digest() == clean || !m.Overlaid(3) || !m.Overlaid(4) || m.Overlaid(5) {
		t.Error("the overlay is not state")
	}
	m.FlipFetch(0x3fff, 0x01)
	m.FlipFetch(0x4000, 0x80)
	if m.Digest() != clean || m.Overlaid(3) || m.Flips() != nil {
		t.Error("the same bits twice leave something")
	}
	m.FlipFetch(testBytes, 1)
	m.FlipFetch(0, 0)
	if m.Flips() != nil {
		t.Error("flips where nothing is")
	}
}

// A write that covers the byte, of any size, ends its flip. A write beside it
// does not, and the written bytes are fetched.
func TestWritesEndFlips(t *testing.T) {
	const at = 0x2004
	for name, c := range map[string]struct {
		write func(*Memory)
		ends  bool
	}{
		"8":             {func(m *Memory) { m.Write8(at, 0) }, true},
		"16":            {func(m *Memory) { m.Write16(at-1, 0) }, true},
		"32":            {func(m *Memory) { m.Write32(at-3, 0) }, true},
		"64":            {func(m *Memory) { m.Write64(at, 0) }, true},
		"64 crossing":   {func(m *Memory) { m.Write64(0x1ffd, 0) }, true},
		"bytes":         {func(m *Memory) { m.WriteBytes(0x1000, make([]byte, 0x1005)) }, true},
		"8 beside":      {func(m *Memory) { m.Write8(at+1, 7) }, false},
		"64 before":     {func(m *Memory) { m.Write64(at-8, 7) }, false},
		"bytes before":  {func(m *Memory) { m.WriteBytes(0x1000, make([]byte, 0x1004)) }, false},
		"another frame": {func(m *Memory) { m.Write8(at+0x1000, 7) }, false},
	} {
		m := newMem(t)
		m.FlipFetch(at, 0x10)
		fetch8(m, at)
		gen := m.Gen()
		c.write(m)
		if got := fetch8(m, at) == 0x10; got == c.ends || m.Overlaid(2) == c.ends {
			t.Errorf("%s: flipped %v", name, got)
		}
		if name != "another frame" && m.Gen() == gen {
			t.Errorf("%s: host pointers were not revoked", name)
		}
		if fetch8(m, at+1) != m.Read8(at+1) {
			t.Errorf("%s: stale bytes are fetched", name)
		}
	}
}

func TestOverlayHasItsOwnCode(t *testing.T) {
	m := newMem(t)
	m.Write8(0x1000, 1)
	n := 0
	decode := func() any { n++; return n }
	if m.Code(1, decode) != 1 {
		t.Fatal("first decoding")
	}
	m.FlipFetch(0x1003, 1)
	if first := m.Code(1, decode); first != 2 || m.Code(1, decode) != first {
		t.Error("the overlay shares code with the page")
	}
	m.FlipFetch(0x1004, 1)
	if m.Code(1, decode) != 3 {
		t.Error("another overlay, the same code")
	}
	m.EndFlips()
	if m.Code(1, decode) != 1 {
		t.Error("the page lost its code")
	}
}

// The overlay follows snapshots, restores and forks: an oracle of plain bytes.
func TestOverlayOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	type world struct {
		data, mask [4 * PageSize]byte
	}
	type saved struct {
		s *Snapshot
		w world
	}
	m, w := newMem(t), world{}
	states := []saved{{m.Snapshot(), w}}
	for step := range 1200 {
		pa := r.Uint64N(uint64(len(w.data)) - 8)
		if r.IntN(2) == 0 { // rather near page bounds
			pa = pa&^offMask | r.Uint64N(16)
		}
		switch r.IntN(12) {
		case 0, 1, 2:
			mask := uint8(1) << r.IntN(8)
			m.FlipFetch(pa, mask)
			w.mask[pa] ^= mask
		case 3, 4, 5:
			b := make([]byte, 1+r.IntN(8))
			for i := range b {
				b[i] = byte(r.Uint32())
				w.data[int(pa)+i], w.mask[int(pa)+i] = b[i], 0
			}
			m.WriteBytes(pa, b)
		case 6:
			states = append(states, saved{m.Snapshot(), w})
		case 7:
			s := states[r.IntN(len(states))]
			m.Restore(s.s)
			w = s.w
		case 8:
			s := states[r.IntN(len(states))]
			m, w = NewFrom(s.s), s.w
		case 9:
			if r.IntN(8) == 0 {
				m.EndFlips()
				w.mask = world{}.mask
			}
		}
		for range 8 {
			pa := r.Uint64N(uint64(len(w.data)))
			if got := fetch8(m, pa); got != w.data[pa]^w.mask[pa] || m.Read8(pa) != w.data[pa] {
				t.Fatalf("step %d: %#x is fetched as %#x, it is %#x ^ %#x", step, pa, got, w.data[pa], w.mask[pa])
			}
		}
		if flips := m.Flips(); !slices.IsSortedFunc(flips, func(a, b Flip) int { return int(a.PA) - int(b.PA) }) {
			t.Fatalf("step %d: %v", step, flips)
		}
		if d := m.Digest(); d != m.Snapshot().Sum() || d != NewFrom(m.Snapshot()).Digest() {
			t.Fatalf("step %d: the digest is not that of the snapshot", step)
		}
	}
}
