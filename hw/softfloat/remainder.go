package softfloat

// Remainder is what FPREM and FPREM1 deliver: the (partial) remainder, whether
// anything was divided, the low bits of the quotient, and whether the reduction
// is complete.
type Remainder struct {
	Value    Extended
	Divided  bool
	Quotient uint64
	Complete bool
}

// Rem80 reduces a by b: with the quotient cut off (FPREM), or rounded to
// nearest (FPREM1). A difference of exponents of 64 or more is reduced in part:
// by 32 to 63 bits, as many as make the rest of the difference a multiple of 32.
func (e *Env) Rem80(a, b Number, nearest bool) Remainder {
	n, q, complete := e.remainder(a.num, b.num, nearest)
	divided := (a.kind == finite || a.kind == zero) && (b.kind == finite || b.kind == inf)
	return Remainder{pack80(n), divided, q, complete}
}

func (e *Env) remainder(a, b num, nearest bool) (r num, quotient uint64, complete bool) {
	switch {
	case a.isNaN() || b.isNaN():
		return e.nan(a, b), 0, true
	case a.kind == inf || b.kind == zero:
		return e.invalid(), 0, true
	}
	e.denormals(a, b)
	d := a.exp - b.exp
	switch {
	case e.stops() || a.kind == zero:
		return a, 0, true
	case b.kind == inf || d < -1 || d < 0 && !nearest:
		return e.round(exact{a.neg, a.exp, a.mant, 0}, format{64, -16382, 16383}), 0, true
	}
	steps := d
	complete = d < 64
	if !complete {
		steps = d&31 | 32
	}
	rest, quotient := divideSteps(a.mant, b.mant, steps)
	neg := a.neg
	exp := a.exp - max(steps, 0) // scale of the rest
	if complete && nearest {
		rest, quotient, neg, exp = nearestRemainder(rest, b.mant, quotient, neg, exp, d < 0)
	}
	if rest == 0 {
		return num{kind: zero, neg: a.neg}, quotient, complete
	}
	x := exact{neg: neg, exp: exp, hi: rest}
	x.normalize()
	return e.round(x, format{64, -16382, 16383}), quotient, complete
}

// divideSteps divides a*2^steps by b bit by bit. With steps -1 the quotient is
// zero and the rest is a at its own scale.
func divideSteps(a, b uint64, steps int32) (rest, quotient uint64) {
	rest = a
	over := false // bit 64 of rest
	for k := int32(0); k <= steps; k++ {
		if k > 0 {
			over = rest>>63 != 0
			rest <<= 1
		}
		quotient <<= 1
		if over || rest >= b {
			rest -= b
			quotient |= 1
		}
	}
	return rest, quotient
}

// nearestRemainder goes to the other side of zero where that is nearer. half
// tells that rest is at half the scale of the divisor.
func nearestRemainder(rest, b, q uint64, neg bool, exp int32, half bool) (uint64, uint64, bool, int32) {
	if half { // rest/2 against b/2; the difference is 2b - rest at the scale of rest
		if rest > b {
			return b - (rest - b), 1, !neg, exp
		}
		return rest, 0, neg, exp
	}
	other := b - rest
	if rest > other || rest == other && q&1 != 0 {
		return other, q + 1, !neg, exp
	}
	return rest, q, neg, exp
}
