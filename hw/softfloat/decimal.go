package softfloat

import "math/bits"

// Packed decimals of x87: 18 digits, two a byte, and a sign in the top bit of
// the tenth byte (APM vol. 1, 6.3.3).

// Number of a packed decimal. Digits above nine, which are undefined, count as
// they are.
func NumberDecimal(digits uint64, top uint16) Number {
	v := uint64(0)
	for _, d := range [2]struct {
		digits uint64
		n      int
	}{{uint64(top & 0xff), 2}, {digits, 16}} {
		for k := d.n - 1; k >= 0; k-- {
			v = v*10 + d.digits>>(4*k)&15
		}
	}
	return Number{fromInt(top>>15 != 0, v)}
}

// ToDecimal80 rounds to a packed decimal; what does not fit is invalid and
// gives the indefinite one.
func (e *Env) ToDecimal80(a Number) (digits uint64, top uint16) {
	const most = 1_000_000_000_000_000_000
	n := a.num
	e.RoundedUp = false
	if n.isNaN() || n.kind == inf || n.kind == finite && n.exp > 62 {
		e.Flags |= Invalid
		return 0xc000_0000_0000_0000, 0xffff
	}
	v, inexact, up := uint64(0), false, false
	if n.kind == finite {
		v, _, inexact, up = e.integerPart(n, e.Round)
	}
	if v >= most {
		e.Flags |= Invalid
		return 0xc000_0000_0000_0000, 0xffff
	}
	if inexact {
		e.Flags |= Inexact
	}
	e.RoundedUp = up
	for k := range 18 {
		var d uint64
		v, d = bits.Div64(0, v, 10)
		if k < 16 {
			digits |= d << (4 * k)
		} else {
			top |= uint16(d) << (4 * (k - 16))
		}
	}
	if n.neg {
		top |= 0x8000
	}
	return digits, top
}
