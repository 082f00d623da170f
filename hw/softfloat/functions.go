package softfloat

import "math/big"

// The x87 functions with their special cases (APM vol. 5). Where a function is
// outside its defined range the operand comes back unchanged.

// Exp80 is F2XM1.
func (e *Env) Exp80(a Number) Extended { return pack80(e.exp2m1(a.num)) }

func (e *Env) exp2m1(a num) num {
	switch {
	case a.isNaN():
		return e.nan(a, a)
	case a.kind == inf && a.neg:
		return fromInt(true, 1)
	}
	e.denormals(a, a)
	if e.stops() || a.kind != finite {
		return a
	}
	e.Flags |= Inexact // even where it is not
	switch {
	case a.exp == 0 && a.mant == integerBit && a.neg:
		return num{kind: finite, neg: true, exp: -1, mant: integerBit}
	case a.exp >= 0:
		return a
	}
	return e.fromBig(exp2m1(toBig(a)))
}

// Log80 is FYL2X: y times the logarithm of x.
func (e *Env) Log80(x, y Number) Extended { return pack80(e.log(x.num, y.num)) }

func (e *Env) log(x, y num) num {
	switch {
	case x.isNaN() || y.isNaN():
		return e.nan(x, y)
	case x.kind != zero && x.neg,
		(x.kind == zero || x.kind == inf) && y.kind == zero:
		return e.invalid()
	case y.kind == inf && x.kind == finite && x.exp == 0 && x.mant == integerBit:
		return e.invalid()
	}
	if x.kind == zero {
		if y.kind != inf {
			e.Flags |= DivByZero
		}
		return num{kind: inf, neg: !y.neg, mant: integerBit}
	}
	e.denormals(x, y)
	switch {
	case e.stops():
		return x
	case x.kind == inf:
		return num{kind: inf, neg: y.neg, mant: integerBit}
	case y.kind == inf:
		return num{kind: inf, neg: y.neg != (x.exp < 0), mant: integerBit}
	case x.mant == integerBit: // a whole logarithm
		return e.mul(y, fromSigned(int64(x.exp)), format{64, -16382, 16383})
	case y.kind == zero:
		return num{kind: zero, neg: y.neg != (x.exp < 0)}
	}
	r := log2(toBig(x))
	return e.fromBig(r.Mul(r, toBig(y)))
}

// Log1p80 is FYL2XP1: y times the logarithm of 1+x.
func (e *Env) Log1p80(x, y Number) Extended { return pack80(e.log1p(x.num, y.num)) }

func (e *Env) log1p(x, y num) num {
	switch {
	case x.isNaN() || y.isNaN():
		return e.nan(x, y)
	case x.kind == zero && y.kind == inf, x.kind == inf && (x.neg || y.kind == zero):
		return e.invalid()
	}
	e.denormals(x, y)
	neg := x.neg != y.neg
	switch {
	case e.stops():
		return x
	case x.kind == inf || y.kind == inf:
		return num{kind: inf, neg: neg, mant: integerBit}
	case x.kind == zero || y.kind == zero:
		return num{kind: zero, neg: neg}
	case x.neg && x.exp >= 0: // 1+x is not positive
		e.Flags |= Inexact
		return x
	}
	r := log2p1(toBig(x))
	return e.fromBig(r.Mul(r, toBig(y)))
}

// Sin80 and Cos80 are FSIN and FCOS. inRange is false where |a| is 2^63 or more,
// and nothing is computed.
func (e *Env) Sin80(a Number) (sin Extended, inRange bool) {
	n, ok := e.trigonometric(a.num, func(s, _ *big.Float) *big.Float { return s })
	return pack80(n), ok
}

func (e *Env) Cos80(a Number) (cos Extended, inRange bool) {
	if a.kind == zero {
		return pack80(fromInt(false, 1)), true
	}
	n, ok := e.trigonometric(a.num, func(_, c *big.Float) *big.Float { return c })
	return pack80(n), ok
}

// Tan80 is the tangent that FPTAN computes.
func (e *Env) Tan80(a Number) (tan Extended, inRange bool) {
	n, ok := e.trigonometric(a.num, func(s, c *big.Float) *big.Float { return s.Quo(s, c) })
	return pack80(n), ok
}

// trigonometric makes a result from sine and cosine of a, and a of zero.
func (e *Env) trigonometric(a num, f func(s, c *big.Float) *big.Float) (r num, inRange bool) {
	switch {
	case a.isNaN():
		return e.nan(a, a), true
	case a.kind == inf:
		return e.invalid(), true
	case a.kind == zero:
		return a, true
	case a.exp >= 63:
		return a, false
	}
	if e.denormals(a, a); e.stops() {
		return a, true
	}
	return e.fromBig(f(sinCos(toBig(a)))), true
}

// Arctan80 is FPATAN: the angle of the point (x, y).
func (e *Env) Arctan80(x, y Number) Extended { return pack80(e.arctan(x.num, y.num)) }

func (e *Env) arctan(x, y num) num {
	if x.isNaN() || y.isNaN() {
		return e.nan(x, y)
	}
	e.denormals(x, y)
	if e.stops() {
		return x
	}
	angle := func(quarters int64) num { // of pi
		r := newBig().Mul(pi(), bigInt(quarters))
		if r.SetMantExp(r, -2); y.neg {
			r.Neg(r)
		}
		return e.fromBig(r)
	}
	switch {
	case x.kind == inf && y.kind == inf && x.neg:
		return angle(3)
	case x.kind == inf && y.kind == inf:
		return angle(1)
	case x.neg && (x.kind == inf || y.kind == zero):
		return angle(4)
	case x.kind == inf || y.kind == zero:
		return num{kind: zero, neg: y.neg}
	case y.kind == inf || x.kind == zero:
		return angle(2)
	}
	return e.fromBig(direction(toBig(x), toBig(y)))
}

// direction is the angle of a point off the axes.
func direction(x, y *big.Float) *big.Float {
	a, b := newBig().Abs(x), newBig().Abs(y)
	var r *big.Float
	if a.Cmp(b) >= 0 {
		r = arctan(newBig().Quo(b, a))
	} else {
		half := newBig().Set(pi())
		r = half.Sub(half.SetMantExp(half, -1), arctan(newBig().Quo(a, b)))
	}
	if x.Signbit() {
		r = newBig().Sub(pi(), r)
	}
	if y.Signbit() {
		r.Neg(r)
	}
	return r
}
