package softfloat

import "math/bits"

// kind says what a number is.
type kind uint8

const (
	zero kind = iota
	finite
	inf
	quiet
	signalling
	unsupported // x87 encodings with the integer bit clear and a non-zero exponent
)

// num is an operand taken apart. A finite one is mant/2^63 * 2^exp with bit 63
// of mant set. A NaN's mant has its payload in the extended format's place.
type num struct {
	kind     kind
	neg      bool
	denormal bool // the encoding was denormal
	exp      int32
	mant     uint64
}

// format is a floating-point format without its encoding.
type format struct {
	prec       uint
	emin, emax int32
}

func single() format { return format{24, -126, 127} }
func double() format { return format{53, -1022, 1023} }

// extended is the x87 format at the precision that the environment asks for.
func (e *Env) extended() format {
	if e.Precision == 0 {
		return format{64, -16382, 16383}
	}
	return format{uint(e.Precision), -16382, 16383}
}

const (
	integerBit = 1 << 63
	quietBit   = 1 << 62
)

// isNaN also holds for unsupported encodings, which act as signalling NaNs.
func (n num) isNaN() bool { return n.kind >= quiet }

// indefinite is the quiet NaN that masked invalid operations return.
func indefinite() num {
	return num{kind: quiet, neg: true, mant: integerBit | quietBit}
}

// unpackFields serves the two formats without an integer bit. frac is the
// fraction moved to the top, below bit 63.
func (e *Env) unpackFields(neg bool, exp, expMax, bias int32, frac uint64) num {
	n := num{kind: finite, neg: neg, exp: exp - bias, mant: frac | integerBit}
	switch {
	case exp == expMax && frac == 0:
		n.kind = inf
	case exp == expMax && frac&quietBit != 0:
		n.kind = quiet
	case exp == expMax:
		n.kind = signalling
	case exp == 0 && (frac == 0 || e.DAZ):
		n = num{kind: zero, neg: neg}
	case exp == 0:
		shift := bits.LeadingZeros64(frac)
		n = num{kind: finite, neg: neg, denormal: true, exp: 1 - bias - int32(shift), mant: frac << shift}
	}
	return n
}

func (e *Env) unpack32(v uint32) num {
	return e.unpackFields(v>>31 != 0, int32(v>>23&0xff), 0xff, 127, uint64(v)<<40&^integerBit)
}

func (e *Env) unpack64(v uint64) num {
	return e.unpackFields(v>>63 != 0, int32(v>>52&0x7ff), 0x7ff, 1023, v<<11&^integerBit)
}

// pack32 encodes a number that is already rounded to single precision.
func pack32(n num) uint32 {
	var v uint32
	switch n.kind {
	case finite:
		v = uint32(n.exp+127)<<23 | uint32(n.mant>>40)&(1<<23-1)
		if n.exp < -126 {
			v = uint32(n.mant >> (40 + uint(-126-n.exp)))
		}
	case inf:
		v = 0xff << 23
	case quiet, signalling, unsupported:
		v = 0xff<<23 | uint32(n.mant>>40)&(1<<23-1)
	}
	if n.neg {
		v |= 1 << 31
	}
	return v
}

// pack64 encodes a number that is already rounded to double precision.
func pack64(n num) uint64 {
	var v uint64
	switch n.kind {
	case finite:
		v = uint64(n.exp+1023)<<52 | n.mant>>11&(1<<52-1)
		if n.exp < -1022 {
			v = n.mant >> (11 + uint(-1022-n.exp))
		}
	case inf:
		v = 0x7ff << 52
	case quiet, signalling, unsupported:
		v = 0x7ff<<52 | n.mant>>11&(1<<52-1)
	}
	if n.neg {
		v |= 1 << 63
	}
	return v
}
