package softfloat

import "math/bits"

// toInt rounds a to a signed integer of the given width (16, 32 or 64). ok is
// false, with the invalid flag, where it does not fit.
func (e *Env) toInt(a num, width uint, mode Rounding) (v int64, ok bool) {
	e.RoundedUp = false
	if a.isNaN() || a.kind == inf || a.exp > 63 && a.kind == finite {
		e.Flags |= Invalid
		return -1 << (width - 1), false
	}
	if a.kind == zero {
		return 0, true
	}
	m, carry, inexact, up := e.integerPart(a, mode)
	limit := uint64(1) << (width - 1)
	if carry || m > limit || m == limit && !a.neg {
		e.Flags |= Invalid
		return -1 << (width - 1), false
	}
	if inexact {
		e.Flags |= Inexact
	}
	e.RoundedUp = up
	v = int64(m)
	if a.neg {
		v = -v
	}
	return v, true
}

// integerPart rounds the magnitude of a finite number below 2^64 to an integer.
func (e *Env) integerPart(a num, mode Rounding) (m uint64, carry, inexact, up bool) {
	hi, lo := a.mant, uint64(0)
	if a.exp < 63 {
		hi, lo = shiftRightJam(hi, 0, uint(63-a.exp))
	}
	saved := e.Round
	e.Round = mode
	m, carry, inexact, up = e.roundBits(a.neg, hi, lo, 64)
	e.Round = saved
	return m, carry, inexact, up
}

// roundToInt is FRNDINT.
func (e *Env) roundToInt(a num) num {
	e.RoundedUp = false
	switch {
	case a.isNaN():
		return e.nan(a, a)
	case a.kind != finite:
		return a
	}
	e.denormals(a, a)
	if e.stops() || a.exp >= 63 {
		return a
	}
	m, _, inexact, up := e.integerPart(a, e.Round)
	if inexact {
		e.Flags |= Inexact
	}
	e.RoundedUp = up
	if m == 0 {
		return num{kind: zero, neg: a.neg}
	}
	return fromInt(a.neg, m)
}

// fromInt is the exact number of a signed magnitude.
func fromInt(neg bool, m uint64) num {
	if m == 0 {
		return num{kind: zero, neg: neg}
	}
	s := bits.LeadingZeros64(m)
	return num{kind: finite, neg: neg, exp: int32(63 - s), mant: m << s}
}

func fromSigned(v int64) num {
	if v < 0 {
		return fromInt(true, -uint64(v))
	}
	return fromInt(false, uint64(v))
}

// convert rounds a number to another format.
func (e *Env) convert(a num, f format) num {
	switch {
	case a.isNaN():
		return e.nan(a, a)
	case a.kind != finite:
		return a
	}
	e.denormals(a, a)
	if e.stops() {
		return a
	}
	return e.round(exact{a.neg, a.exp, a.mant, 0}, f)
}
