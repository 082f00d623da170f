package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Rand is a stream of random numbers, xoshiro256** 1.0 (Blackman and Vigna,
// "Scrambled linear pseudorandom number generators", 2018). It is written out
// here because a stored result must be reproducible by every later version of
// this program and of Go. A Rand is plain data: copying it forks the stream.
type Rand struct {
	s [4]uint64
}

// Stream returns the stream named label of a seed. The state is SHA-256 of the
// seed (8 bytes, little-endian) followed by the label, as four little-endian
// words, so that streams are unrelated and adding one changes no other.
func Stream(seed uint64, label string) Rand {
	sum := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, seed), label...))
	var r Rand
	for i := range r.s {
		r.s[i] = binary.LittleEndian.Uint64(sum[8*i:])
	}
	if r.s == [4]uint64{} {
		r.s[0] = 1 // the one state that the generator never leaves
	}
	return r
}

// Uint64 returns 64 random bits.
func (r *Rand) Uint64() uint64 {
	s := &r.s
	out := bits.RotateLeft64(s[1]*5, 7) * 9
	t := s[1] << 17
	s[2] ^= s[0]
	s[3] ^= s[1]
	s[1] ^= s[2]
	s[0] ^= s[3]
	s[2] ^= t
	s[3] = bits.RotateLeft64(s[3], 45)
	return out
}

// Uint64N returns a number uniform over [0, n), exactly (Lemire, "Fast random
// integer generation in an interval", 2019).
func (r *Rand) Uint64N(n uint64) uint64 {
	if n == 0 {
		panic("BUG: sim.Rand.Uint64N(0): an empty interval has no number")
	}
	hi, lo := bits.Mul64(r.Uint64(), n)
	if lo < n {
		for reject := -n % n; lo < reject; {
			hi, lo = bits.Mul64(r.Uint64(), n)
		}
	}
	return hi
}

// IntN returns a number uniform over [0, n).
func (r *Rand) IntN(n int) int {
	if n <= 0 {
		panic("BUG: sim.Rand.IntN of an empty interval")
	}
	return int(r.Uint64N(uint64(n)))
}

// TimeIn returns a time uniform over [from, to).
func (r *Rand) TimeIn(from, to Time) Time {
	return from + Time(r.Uint64N(uint64(to-from)))
}
