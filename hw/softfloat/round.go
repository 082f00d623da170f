package softfloat

import "math/bits"

// exact is a non-zero result before rounding: hi:lo/2^127 * 2^exp with bit 63
// of hi set. The last bit of lo is sticky: one when anything below was lost.
type exact struct {
	neg    bool
	exp    int32
	hi, lo uint64
}

// wrapBias is what an unmasked overflow or underflow of x87 takes from or adds
// to the exponent (APM vol. 1, 6.8.2).
const wrapBias = 24576

// increments tells whether the mode rounds a magnitude up, given its last kept
// bit, the first lost bit and whether anything follows.
func (e *Env) increments(neg bool, last, half, rest bool) bool {
	switch e.Round {
	case Nearest:
		return half && (rest || last)
	case Down:
		return neg && (half || rest)
	case Up:
		return !neg && (half || rest)
	}
	return false
}

// roundBits rounds hi:lo to its top prec bits, 1 to 64. carry reports that the
// result is 2^64, returned as the integer bit alone.
func (e *Env) roundBits(neg bool, hi, lo uint64, prec uint) (m uint64, carry, inexact, up bool) {
	if prec == 64 {
		inexact = lo != 0
		up = e.increments(neg, hi&1 != 0, lo>>63 != 0, lo<<1 != 0)
		m = hi
	} else {
		drop := 64 - prec
		rest := hi<<prec | b2u(lo != 0)
		m = hi >> drop << drop
		inexact = rest != 0
		up = e.increments(neg, hi>>drop&1 != 0, rest>>63 != 0, rest<<1 != 0)
	}
	if up {
		m += 1 << (64 - prec)
		if m == 0 {
			return integerBit, true, inexact, true
		}
	}
	return m, false, inexact, up
}

// round makes a result of the format from an exact one and raises overflow,
// underflow and inexact. Tininess is detected after rounding, as x86 does.
func (e *Env) round(x exact, f format) num {
	m, carry, inexact, up := e.roundBits(x.neg, x.hi, x.lo, f.prec)
	exp := x.exp
	if carry {
		exp++
	}
	e.RoundedUp = up
	switch {
	case exp > f.emax:
		return e.overflow(num{kind: finite, neg: x.neg, exp: exp, mant: m}, inexact, f)
	case exp >= f.emin:
		if inexact {
			e.Flags |= Inexact
		}
		return num{kind: finite, neg: x.neg, exp: exp, mant: m}
	case e.Unmasked&Underflow != 0:
		e.Flags |= Underflow
		if inexact {
			e.Flags |= Inexact
		}
		return num{kind: finite, neg: x.neg, exp: exp + wrapBias, mant: m}
	case e.FTZ:
		e.Flags |= Underflow | Inexact
		return num{kind: zero, neg: x.neg}
	}
	return e.denormalize(x, f)
}

// overflow is the masked or unmasked response to a result beyond the format.
func (e *Env) overflow(n num, inexact bool, f format) num {
	e.Flags |= Overflow
	if e.Unmasked&Overflow != 0 {
		if inexact {
			e.Flags |= Inexact
		}
		n.exp -= wrapBias
		return n
	}
	e.Flags |= Inexact
	if e.Round == Zero || e.Round == Down && !n.neg || e.Round == Up && n.neg {
		e.RoundedUp = false
		return num{kind: finite, neg: n.neg, exp: f.emax, mant: ^uint64(0) << (64 - f.prec)}
	}
	e.RoundedUp = true
	return num{kind: inf, neg: n.neg, mant: integerBit}
}

// denormalize rounds a tiny result at the fixed place of the denormals.
func (e *Env) denormalize(x exact, f format) num {
	hi, lo := shiftRightJam(x.hi, x.lo, uint(f.emin-x.exp))
	m, _, inexact, up := e.roundBits(x.neg, hi, lo, f.prec)
	e.RoundedUp = up
	if inexact {
		e.Flags |= Underflow | Inexact
	}
	if m == 0 {
		return num{kind: zero, neg: x.neg}
	}
	shift := bits.LeadingZeros64(m)
	return num{kind: finite, neg: x.neg, exp: f.emin - int32(shift), mant: m << shift}
}

// shiftRightJam shifts hi:lo right by n, keeping a sticky last bit.
func shiftRightJam(hi, lo uint64, n uint) (uint64, uint64) {
	switch {
	case n == 0:
		return hi, lo
	case n < 64:
		return hi >> n, hi<<(64-n) | lo>>n | b2u(lo<<(64-n) != 0)
	case n == 64:
		return 0, hi | b2u(lo != 0)
	case n < 128:
		return 0, hi>>(n-64) | b2u(hi<<(128-n)|lo != 0)
	}
	return 0, b2u(hi|lo != 0)
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
