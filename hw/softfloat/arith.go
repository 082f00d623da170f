package softfloat

import "math/bits"

// nan is the result of an operation one of whose two operands is a NaN. SSE
// takes the first NaN (APM vol. 1, 4.7.6); x87 takes the one with the larger
// significand and prefers quiet ones (6.4.3).
func (e *Env) nan(a, b num) num {
	if a.kind > quiet || b.kind > quiet {
		e.Flags |= Invalid
	}
	if a.kind == unsupported || b.kind == unsupported {
		return indefinite()
	}
	n := a
	switch {
	case !a.isNaN():
		n = b
	case e.X87 && b.isNaN():
		n = largerNaN(a, b)
	}
	n.kind = quiet
	n.mant |= quietBit
	return n
}

func largerNaN(a, b num) num {
	switch {
	case a.kind != b.kind && a.kind == signalling:
		return b
	case a.kind != b.kind:
		return a
	case a.mant != b.mant && a.mant > b.mant:
		return a
	case a.mant != b.mant:
		return b
	case a.neg:
		return b
	}
	return a
}

// invalid raises the invalid exception and returns its masked response.
func (e *Env) invalid() num {
	e.Flags |= Invalid
	return indefinite()
}

// denormals raises the denormal exception if an operand asks for it.
func (e *Env) denormals(a, b num) {
	if a.denormal || b.denormal {
		e.Flags |= Denormal
	}
}

// stops tells that an unmasked exception forbids going on: post-computation
// exceptions are then not detected.
func (e *Env) stops() bool { return e.Flags&e.Unmasked&(Invalid|Denormal|DivByZero) != 0 }

func (e *Env) add(a, b num, f format) num {
	if a.isNaN() || b.isNaN() {
		return e.nan(a, b)
	}
	if a.kind == inf && b.kind == inf && a.neg != b.neg {
		return e.invalid()
	}
	e.denormals(a, b)
	switch {
	case e.stops():
		return a
	case a.kind == inf:
		return a
	case b.kind == inf:
		return b
	case a.kind == zero && b.kind == zero:
		if a.neg != b.neg {
			a.neg = e.Round == Down
		}
		return a
	case a.kind == zero:
		return e.round(exact{b.neg, b.exp, b.mant, 0}, f)
	case b.kind == zero:
		return e.round(exact{a.neg, a.exp, a.mant, 0}, f)
	}
	return e.addFinite(a, b, f)
}

func (e *Env) addFinite(a, b num, f format) num {
	if a.exp < b.exp || a.exp == b.exp && a.mant < b.mant {
		a, b = b, a
	}
	bh, bl := shiftRightJam(b.mant, 0, uint(a.exp-b.exp))
	x := exact{neg: a.neg, exp: a.exp}
	if a.neg == b.neg {
		hi, carry := bits.Add64(a.mant, bh, 0)
		x.hi, x.lo = hi, bl
		if carry != 0 {
			x.hi, x.lo = shiftRightJam(hi, bl, 1)
			x.hi |= integerBit
			x.exp++
		}
		return e.round(x, f)
	}
	lo, borrow := bits.Sub64(0, bl, 0)
	hi, _ := bits.Sub64(a.mant, bh, borrow)
	if hi|lo == 0 {
		return num{kind: zero, neg: e.Round == Down}
	}
	x.hi, x.lo = hi, lo
	x.normalize()
	return e.round(x, f)
}

// normalize shifts left until bit 63 of hi is set.
func (x *exact) normalize() {
	if x.hi == 0 {
		x.hi, x.lo = x.lo, 0
		x.exp -= 64
	}
	if s := uint(bits.LeadingZeros64(x.hi)); s != 0 {
		x.hi = x.hi<<s | x.lo>>(64-s)
		x.lo <<= s
		x.exp -= int32(s)
	}
}

func (e *Env) sub(a, b num, f format) num {
	if !b.isNaN() {
		b.neg = !b.neg
	}
	return e.add(a, b, f)
}

func (e *Env) mul(a, b num, f format) num {
	if a.isNaN() || b.isNaN() {
		return e.nan(a, b)
	}
	neg := a.neg != b.neg
	if a.kind == inf && b.kind == zero || a.kind == zero && b.kind == inf {
		return e.invalid()
	}
	e.denormals(a, b)
	switch {
	case e.stops():
		return a
	case a.kind == inf || b.kind == inf:
		return num{kind: inf, neg: neg, mant: integerBit}
	case a.kind == zero || b.kind == zero:
		return num{kind: zero, neg: neg}
	}
	x := exact{neg: neg, exp: a.exp + b.exp + 1}
	x.hi, x.lo = bits.Mul64(a.mant, b.mant)
	x.normalize()
	return e.round(x, f)
}

func (e *Env) div(a, b num, f format) num {
	if a.isNaN() || b.isNaN() {
		return e.nan(a, b)
	}
	neg := a.neg != b.neg
	switch {
	case a.kind == inf && b.kind == inf, a.kind == zero && b.kind == zero:
		return e.invalid()
	case b.kind == zero && a.kind != inf:
		e.Flags |= DivByZero
		return num{kind: inf, neg: neg, mant: integerBit}
	}
	e.denormals(a, b)
	switch {
	case e.stops():
		return a
	case a.kind == inf:
		return num{kind: inf, neg: neg, mant: integerBit}
	case a.kind == zero || b.kind == inf:
		return num{kind: zero, neg: neg}
	}
	x := exact{neg: neg, exp: a.exp - b.exp}
	top, rest := a.mant, uint64(0)
	if a.mant >= b.mant { // the first digit must fit 64 bits
		top, rest = a.mant>>1, a.mant<<63
	} else {
		x.exp--
	}
	var r uint64
	x.hi, r = bits.Div64(top, rest, b.mant)
	x.lo, r = bits.Div64(r, 0, b.mant)
	x.lo |= b2u(r != 0)
	return e.round(x, f)
}

func (e *Env) sqrt(a num, f format) num {
	switch {
	case a.isNaN():
		return e.nan(a, a)
	case a.kind == zero:
		return a
	case a.neg:
		return e.invalid()
	}
	e.denormals(a, a)
	if e.stops() || a.kind == inf {
		return a
	}
	// a = r * 2^exp with exp even and r in [1,4); the root of r is in [1,2).
	rh, rl := a.mant>>1, a.mant<<63
	exp := a.exp
	if exp&1 != 0 {
		rh, rl, exp = a.mant, 0, exp-1
	}
	x := exact{exp: exp / 2}
	x.hi, x.lo = root(rh, rl)
	return e.round(x, f)
}

// root returns the square root of h:l (a fixed-point number in [2^126, 2^128))
// as a 64-bit integer part, the next bit, and a sticky bit.
func root(h, l uint64) (hi, lo uint64) {
	var remH, remL uint64 // the remainder is below 2^66
	for i := 0; i < 65; i++ {
		remH = remH<<2 | remL>>62
		remL = remL<<2 | h>>62
		h, l = h<<2|l>>62, l<<2
		// Try root*4+1, in 128 bits.
		tryH, tryL := hi>>62, hi<<2|1
		if remH > tryH || remH == tryH && remL >= tryL {
			var borrow uint64
			remL, borrow = bits.Sub64(remL, tryL, 0)
			remH, _ = bits.Sub64(remH, tryH, borrow)
			if i == 64 {
				lo = integerBit
				break
			}
			hi = hi<<1 | 1
		} else if i < 64 {
			hi <<= 1
		}
	}
	return hi, lo | b2u(remH|remL != 0)
}
