package softfloat

import (
	"math/big"
	"sync"
)

// The transcendental functions are computed with some 256 bits by plain series
// and rounded once, so that their results are those of the function in all but
// inconceivable cases. Hardware is off by up to one unit in the last place.

const seriesBits = 256

// pi has enough bits to reduce arguments below 2^63.
var pi = sync.OnceValue(func() *big.Float {
	const prec = 2 * seriesBits
	inverse := func(n int64) *big.Float { // arctan(1/n)
		return oddSeries(new(big.Float).SetPrec(prec).Quo(big.NewFloat(1).SetPrec(prec), bigInt(n)), -1)
	}
	a, b := inverse(5), inverse(239)
	return a.Sub(a.Mul(a, bigInt(16)), b.Mul(b, bigInt(4))) // Machin's formula
})

// ln2 is the natural logarithm of two.
var ln2 = sync.OnceValue(func() *big.Float {
	r := oddSeries(newBig().Quo(bigInt(1), bigInt(3)), 1)
	return r.Mul(r, bigInt(2))
})

func newBig() *big.Float             { return new(big.Float).SetPrec(seriesBits) }
func bigInt(n int64) *big.Float      { return newBig().SetInt64(n) }
func copyOf(x *big.Float) *big.Float { return new(big.Float).Set(x) }

// toBig is the value of a finite number or of zero.
func toBig(n num) *big.Float {
	x := newBig()
	if n.kind == finite {
		x.SetMantExp(x.SetUint64(n.mant), int(n.exp)-63)
	}
	if n.neg {
		x.Neg(x)
	}
	return x
}

// fromBig rounds a result that is no number of the format: it is inexact.
func (e *Env) fromBig(x *big.Float) num {
	m := newBig()
	exp := x.MantExp(m)
	m.SetMantExp(m.Abs(m), 128)
	n, _ := m.Int(nil)
	low := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0))).Uint64()
	high := new(big.Int).Rsh(n, 64).Uint64()
	return e.round(exact{x.Signbit(), int32(exp) - 1, high, low | 1}, format{64, -16382, 16383})
}

// small tells that a term no longer counts beside a sum.
func small(term, sum *big.Float) bool {
	return term.Sign() == 0 || term.MantExp(nil) < sum.MantExp(nil)-int(sum.Prec())-2
}

// nudge moves a sum by its last bit to the side of the first term left out, so
// that what looks exact is rounded as what it is.
func nudge(sum, term *big.Float) *big.Float {
	bit := copyOf(sum).SetInt64(int64(term.Sign()))
	bit.SetMantExp(bit, sum.MantExp(nil)-int(sum.Prec()))
	return sum.Add(sum, bit)
}

// oddSeries is x + s*x^3/3 + x^5/5 + s*x^7/7 ..., arctan for s = -1 and artanh
// for s = 1.
func oddSeries(x *big.Float, s int64) *big.Float {
	square := copyOf(x)
	square.Mul(square, x)
	if s < 0 {
		square.Neg(square)
	}
	sum, power := copyOf(x), copyOf(x)
	for n := int64(3); ; n += 2 {
		power.Mul(power, square)
		term := copyOf(power)
		if term.Quo(term, bigInt(n)); small(term, sum) {
			return nudge(sum, term)
		}
		sum.Add(sum, term)
	}
}

// factorialSeries is first + first*f/((k+1)..(k+step)) + ..., each term the one
// before times f over the next step integers: sine, cosine and exponential.
func factorialSeries(first, f *big.Float, k, step int64) *big.Float {
	sum, term := copyOf(first), copyOf(first)
	for {
		term.Mul(term, f)
		for range step {
			k++
			term.Quo(term, bigInt(k))
		}
		if small(term, sum) {
			return nudge(sum, term)
		}
		sum.Add(sum, term)
	}
}

// exp2m1 is 2^x - 1 for |x| up to 1.
func exp2m1(x *big.Float) *big.Float {
	t := newBig().Mul(x, ln2())
	return factorialSeries(t, t, 1, 1)
}

// log2 is the logarithm of a positive number.
func log2(x *big.Float) *big.Float {
	m := newBig()
	k := x.MantExp(m)
	if m.Cmp(big.NewFloat(0.70710678)) < 0 { // into [sqrt 1/2, sqrt 2], nearly
		m.SetMantExp(m, 1)
		k--
	}
	s := newBig().Quo(newBig().Sub(m, bigInt(1)), newBig().Add(m, bigInt(1)))
	if s.Sign() == 0 {
		return bigInt(int64(k))
	}
	r := oddSeries(s, 1)
	r.Quo(r.Mul(r, bigInt(2)), ln2())
	return r.Add(r, bigInt(int64(k)))
}

// log2p1 is log2(1+x), exact for small x.
func log2p1(x *big.Float) *big.Float {
	if x.MantExp(nil) >= 0 {
		return log2(newBig().Add(x, bigInt(1)))
	}
	r := oddSeries(newBig().Quo(x, newBig().Add(x, bigInt(2))), 1)
	return r.Quo(r.Mul(r, bigInt(2)), ln2())
}

// reducer is the value of pi by which arguments are reduced: 66 bits, as the
// processors have it (Intel SDM vol. 1, 8.3.8).
func reducer() *big.Float {
	return new(big.Float).SetMode(big.ToZero).SetPrec(66).Set(pi()).SetMode(big.ToNearestEven).SetPrec(2 * seriesBits)
}

// sinCos returns sine and cosine.
func sinCos(x *big.Float) (sin, cos *big.Float) {
	half := reducer()
	half.SetMantExp(half, -1)
	q := copyOf(half)
	q.Quo(x, half)
	n := int64(0)
	if q.MantExp(nil) >= 0 { // round to nearest; |q| is below 2^63
		q.Add(q, big.NewFloat(0.5*float64(q.Sign())))
		n, _ = q.Int64()
	}
	r := copyOf(half)
	r.Sub(x, r.Mul(r, bigInt(n)))
	t := newBig().Set(r)
	square := newBig().Mul(t, t)
	square.Neg(square)
	sin, cos = factorialSeries(t, square, 1, 2), factorialSeries(bigInt(1), square, 0, 2)
	switch n & 3 {
	case 1:
		sin, cos = cos, sin.Neg(sin)
	case 2:
		sin, cos = sin.Neg(sin), cos.Neg(cos)
	case 3:
		sin, cos = cos.Neg(cos), sin
	}
	return sin, cos
}

// arctan is that of a number from 0 to 1.
func arctan(t *big.Float) *big.Float {
	const halvings = 3
	x := newBig().Set(t)
	for range halvings {
		root := newBig().Mul(x, x)
		root.Sqrt(root.Add(root, bigInt(1)))
		x.Quo(x, root.Add(root, bigInt(1)))
	}
	r := oddSeries(x, -1)
	return r.SetMantExp(r, halvings)
}
