package sim

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Digest identifies a state by 128 bits. It guards against accident, not
// against an adversary. The zero Digest is that of nothing at all.
type Digest struct {
	Hi, Lo uint64
}

// Add combines two digests regardless of order, so that a sum over pages can
// follow single pages: see Sub.
func (d Digest) Add(o Digest) Digest {
	lo, carry := bits.Add64(d.Lo, o.Lo, 0)
	hi, _ := bits.Add64(d.Hi, o.Hi, carry)
	return Digest{hi, lo}
}

// Sub takes o out of the sum d.
func (d Digest) Sub(o Digest) Digest {
	lo, borrow := bits.Sub64(d.Lo, o.Lo, 0)
	hi, _ := bits.Sub64(d.Hi, o.Hi, borrow)
	return Digest{hi, lo}
}

// String is the digest as 32 hexadecimal digits.
func (d Digest) String() string { return fmt.Sprintf("%016x%016x", d.Hi, d.Lo) }

// MarshalText is String.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDigest.
func (d *Digest) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDigest(string(b))
	return err
}

// ParseDigest reads what String wrote.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if n, err := fmt.Sscanf(s, "%16x%16x", &d.Hi, &d.Lo); err != nil || n != 2 || len(s) != 32 {
		return Digest{}, fmt.Errorf("sim: %q is no digest: it must be 32 hexadecimal digits", s)
	}
	return d, nil
}

// Hasher is an ordered hash: two independent chains of the multiply-and-fold
// step of wyhash (Wang Yi, 2019), each over all input. The zero Hasher is ready.
// Its output is part of stored results; changing it needs a new semantics version.
type Hasher struct {
	a, b uint64
	n    uint64
}

// Odd constants without structure: digits of pi and e.
const (
	hashK0 = 0x243f6a8885a308d3
	hashK1 = 0x13198a2e03707345
	hashK2 = 0xb7e151628aed2a6b
	hashK3 = 0xbf7158809cf4f3c7
)

func fold(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo
}

func (h *Hasher) pair(x, y uint64) {
	h.a = fold(x^h.a^hashK0, y^hashK1) ^ bits.RotateLeft64(x, 29)
	h.b = fold(y^h.b^hashK2, x^hashK3) ^ bits.RotateLeft64(y, 31)
}

// Uint64 adds one word.
func (h *Hasher) Uint64(x uint64) {
	h.n += 8
	h.pair(x, h.n)
}

// Bool adds a truth value.
func (h *Hasher) Bool(x bool) {
	if x {
		h.Uint64(1)
	} else {
		h.Uint64(0)
	}
}

// Bytes adds a byte string and its length.
func (h *Hasher) Bytes(p []byte) {
	a, b := h.a, h.b
	h.n += uint64(len(p))
	for ; len(p) >= 16; p = p[16:] {
		x, y := binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[8:])
		a = fold(x^a^hashK0, y^hashK1) ^ bits.RotateLeft64(x, 29)
		b = fold(y^b^hashK2, x^hashK3) ^ bits.RotateLeft64(y, 31)
	}
	h.a, h.b = a, b
	if len(p) > 0 {
		var tail [16]byte
		copy(tail[:], p)
		h.pair(binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:]))
	}
	h.pair(h.n, hashK3)
}

// Digest adds another digest.
func (h *Hasher) Digest(d Digest) {
	h.n += 16
	h.pair(d.Hi, d.Lo)
}

// Sum is the digest of all that was added so far.
func (h *Hasher) Sum() Digest {
	f := *h
	f.pair(f.n, hashK0)
	f.pair(f.b, f.a)
	return Digest{Hi: f.a, Lo: f.b}
}
