package mem

import (
	"encoding/binary"
	"math/bits"

	"resvirt/sim"
)

// Sum is a digest of memory: a sum over pages, so that after a change only the
// changed pages cost time. Pages of zeros contribute nothing, whether they are
// backed or not.
type Sum = sim.Digest

// Digest returns the digest of the whole content and of the fetch overlay. Only
// dirty pages cost time.
func (m *Memory) Digest() Sum {
	s := m.base.Add(flipSum(m.flips))
	for _, pfn := range m.dirty {
		was := m.start[pfn>>leafShift].pages[pfn&leafMask]
		now := m.root[pfn>>leafShift].pages[pfn&leafMask]
		s = s.Sub(contribution(was, uint64(pfn))).Add(place(hashPage(now.data), uint64(pfn)))
	}
	return s
}

// contribution is what the sealed page p at pfn adds to the digest.
func contribution(p *page, pfn uint64) Sum {
	if p == nil {
		return Sum{}
	}
	return place(p.sum, pfn)
}

// place combines the hash of a page with its number.
func place(h Sum, pfn uint64) Sum {
	if h == (Sum{}) {
		return h
	}
	a, b := bits.Mul64(h.Lo^pfn^key0, h.Hi^key1)
	c, d := bits.Mul64(h.Hi^pfn*key2^key3, h.Lo^key4)
	return Sum{Hi: b ^ c ^ h.Lo, Lo: a ^ d ^ h.Hi}
}

// Odd constants with balanced bits (digits of the golden ratio and of square roots).
const (
	key0 = 0x9e3779b97f4a7c15
	key1 = 0xbf58476d1ce4e5b9
	key2 = 0x94d049bb133111eb
	key3 = 0x6a09e667f3bcc909
	key4 = 0xbb67ae8584caa73b
)

// hashPage hashes one page by folded 64x64 bit multiplications in four
// independent lanes. Zero is reserved for the page of zeros.
func hashPage(p *Page) Sum {
	a, b, c, d := uint64(key0), uint64(key1), uint64(key2), uint64(key3)
	var or uint64
	for i := 0; i < PageSize; i += 64 {
		q := (*[64]byte)(p[i : i+64])
		w0, w1 := binary.LittleEndian.Uint64(q[0:]), binary.LittleEndian.Uint64(q[8:])
		w2, w3 := binary.LittleEndian.Uint64(q[16:]), binary.LittleEndian.Uint64(q[24:])
		w4, w5 := binary.LittleEndian.Uint64(q[32:]), binary.LittleEndian.Uint64(q[40:])
		w6, w7 := binary.LittleEndian.Uint64(q[48:]), binary.LittleEndian.Uint64(q[56:])
		or |= w0 | w1 | w2 | w3 | w4 | w5 | w6 | w7
		a = fold(a^w0, w1^key4)
		b = fold(b^w2, w3^key4)
		c = fold(c^w4, w5^key4)
		d = fold(d^w6, w7^key4)
	}
	if or == 0 {
		return Sum{}
	}
	s := Sum{Hi: fold(c^d, a^key2) ^ b, Lo: fold(a^b, c^key1) ^ d}
	if s == (Sum{}) {
		s.Lo = 1
	}
	return s
}

// fold mixes by a full multiplication. Adding x and rotating keeps a zero
// factor from erasing what came before.
func fold(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo ^ bits.RotateLeft64(x, 29) + y
}
