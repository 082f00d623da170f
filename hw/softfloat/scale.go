package softfloat

// Scale80 is FSCALE: a times two to the power of b without its fraction.
func (e *Env) Scale80(a, b Number) Extended { return pack80(e.scale(a.num, b.num)) }

func (e *Env) scale(a, b num) num {
	switch {
	case a.isNaN() || b.isNaN():
		return e.nan(a, b)
	case b.kind == inf && (a.kind == zero && !b.neg || a.kind == inf && b.neg):
		return e.invalid()
	}
	e.denormals(a, b)
	switch {
	case e.stops() || a.kind == zero || a.kind == inf || b.kind == zero:
		if a.kind == finite {
			return e.round(exact{a.neg, a.exp, a.mant, 0}, format{64, -16382, 16383})
		}
		return a
	case b.kind == inf && b.neg:
		return num{kind: zero, neg: a.neg}
	case b.kind == inf:
		return num{kind: inf, neg: a.neg, mant: integerBit}
	}
	const far = 1 << 16 // beyond every exponent
	n := int32(far)
	switch {
	case b.exp < 0:
		n = 0
	case b.exp < 16:
		n = int32(b.mant >> uint(63-b.exp))
	}
	if b.neg {
		n = -n
	}
	f := format{64, -16382, 16383}
	switch exp := a.exp + n; { // so far out that no bias brings it back
	case e.Unmasked&Overflow != 0 && exp-wrapBias > f.emax:
		e.Flags |= Overflow | Inexact
		e.RoundedUp = true
		return num{kind: inf, neg: a.neg, mant: integerBit}
	case e.Unmasked&Underflow != 0 && exp+wrapBias < f.emin:
		e.Flags |= Underflow | Inexact
		e.RoundedUp = false
		return num{kind: zero, neg: a.neg}
	}
	return e.round(exact{a.neg, a.exp + n, a.mant, 0}, f)
}

// Extract80 is FXTRACT: exponent and significand of a.
func (e *Env) Extract80(a Number) (exponent, significand Extended) {
	n := a.num
	switch {
	case n.isNaN():
		r := pack80(e.nan(n, n))
		return r, r
	case n.kind == inf:
		return pack80(num{kind: inf, mant: integerBit}), pack80(n)
	case n.kind == zero:
		e.Flags |= DivByZero
		return pack80(num{kind: inf, neg: true, mant: integerBit}), pack80(n)
	}
	e.denormals(n, n)
	exponent = pack80(fromSigned(int64(n.exp)))
	n.exp = 0
	return exponent, pack80(n)
}
