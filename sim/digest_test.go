package sim

import "testing"

func TestDigestSum(t *testing.T) {
	a, b := Digest{1, ^uint64(0)}, Digest{5, 3}
	if a.Add(b) != b.Add(a) || a.Add(b).Sub(b) != a || a.Add(b) != (Digest{7, 2}) {
		t.Errorf("sum of %v and %v is %v", a, b, a.Add(b))
	}
	back, err := ParseDigest(a.String())
	if err != nil || back != a {
		t.Errorf("%v read back: %v, %v", a, back, err)
	}
	for _, bad := range []string{"", "12", a.String() + "0", "x" + a.String()[1:]} {
		if _, err := ParseDigest(bad); err == nil {
			t.Errorf("%q passes for a digest", bad)
		}
	}
}

// TestHasherSees checks that every bit of the input, its order and its length matter.
func TestHasherSees(t *testing.T) {
	sum := func(b []byte) Digest {
		var h Hasher
		h.Bytes(b)
		return h.Sum()
	}
	buf := make([]byte, 77)
	seen := map[Digest]bool{sum(buf): true, sum(buf[:76]): true, sum(nil): true}
	for bit := range len(buf) * 8 {
		buf[bit/8] ^= 1 << (bit % 8)
		d := sum(buf)
		if seen[d] {
			t.Fatalf("flipping bit %d gives a digest seen before", bit)
		}
		seen[d] = true
		buf[bit/8] ^= 1 << (bit % 8)
	}
	var a, b Hasher
	a.Uint64(1)
	a.Uint64(2)
	b.Uint64(2)
	b.Uint64(1)
	if a.Sum() == b.Sum() {
		t.Error("order does not matter")
	}
}

// TestHasherIsStable pins the function: digests are stored with results.
func TestHasherIsStable(t *testing.T) {
	var h Hasher
	h.Uint64(1)
	h.Bool(true)
	h.Bytes([]byte("resvirt"))
	h.Digest(Digest{2, 3})
	if got := h.Sum().String(); got != "a7d3500d76d4fb2c17094ef2c34848eb" {
		t.Errorf("digest is %s", got)
	}
}

func BenchmarkHasher(b *testing.B) {
	page := make([]byte, 4096)
	b.SetBytes(4096)
	for b.Loop() {
		var h Hasher
		h.Bytes(page)
		page[0] = byte(h.Sum().Lo)
	}
}
