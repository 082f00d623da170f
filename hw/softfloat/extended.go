package softfloat

import "math/bits"

// Extended is an 80-bit value: Exp holds sign and biased exponent.
type Extended struct {
	Mant uint64
	Exp  uint16
}

// Number is an x87 operand of any source format, taken apart. Whether it was
// denormal or signalling there is remembered: widening alone raises nothing.
type Number struct{ num }

// Number32, Number64, Number80 and NumberInt take an operand apart.
func Number32(v uint32) Number      { return Number{new(Env).unpack32(v)} }
func Number64(v uint64) Number      { return Number{new(Env).unpack64(v)} }
func Number80(v Extended) Number    { return Number{unpack80(v)} }
func NumberInt(v int64) Number      { return Number{fromSigned(v)} }
func (n Number) Extended() Extended { return pack80(n.num) }

func unpack80(v Extended) num {
	n := num{kind: finite, neg: v.Exp>>15 != 0, exp: int32(v.Exp&0x7fff) - 16383, mant: v.Mant}
	biased := v.Exp & 0x7fff
	switch {
	case biased == 0 && v.Mant == 0:
		n.kind = zero
	case biased == 0: // denormal, or pseudo-denormal with the integer bit set
		s := bits.LeadingZeros64(v.Mant)
		n.denormal, n.exp, n.mant = true, -16382-int32(s), v.Mant<<s
	case v.Mant&integerBit == 0:
		n.kind = unsupported
	case biased != 0x7fff:
	case v.Mant<<1 == 0:
		n.kind = inf
	case v.Mant&quietBit != 0:
		n.kind = quiet
	default:
		n.kind = signalling
	}
	return n
}

// pack80 encodes a number that is already rounded.
func pack80(n num) Extended {
	var v Extended
	switch n.kind {
	case finite:
		v = Extended{n.mant, uint16(n.exp + 16383)}
		if n.exp < -16382 {
			v = Extended{n.mant >> uint(-16382-n.exp), 0}
		}
	case inf:
		v = Extended{integerBit, 0x7fff}
	case quiet, signalling, unsupported:
		v = Extended{n.mant, 0x7fff}
	}
	if n.neg {
		v.Exp |= 0x8000
	}
	return v
}

// Indefinite80 is the default quiet NaN.
func Indefinite80() Extended { return pack80(indefinite()) }

func (e *Env) Add80(a, b Number) Extended { return pack80(e.add(a.num, b.num, e.extended())) }
func (e *Env) Sub80(a, b Number) Extended { return pack80(e.sub(a.num, b.num, e.extended())) }
func (e *Env) Mul80(a, b Number) Extended { return pack80(e.mul(a.num, b.num, e.extended())) }
func (e *Env) Div80(a, b Number) Extended { return pack80(e.div(a.num, b.num, e.extended())) }
func (e *Env) Sqrt80(a Number) Extended   { return pack80(e.sqrt(a.num, e.extended())) }

// Round80 is FRNDINT.
func (e *Env) Round80(a Number) Extended { return pack80(e.roundToInt(a.num)) }

// Load80 is what FLD makes of an operand in memory: it raises denormal and
// invalid and is exact otherwise.
func (e *Env) Load80(a Number) Extended {
	return pack80(e.convert(a.num, format{64, -16382, 16383}))
}

// Compare80 orders two values; signalQuiet makes quiet NaNs invalid, too.
func (e *Env) Compare80(a, b Number, signalQuiet bool) Relation {
	return e.compare(a.num, b.num, signalQuiet)
}

// ToInt80 converts to a signed integer of width bits.
func (e *Env) ToInt80(a Number, width uint, mode Rounding) (v int64, ok bool) {
	return e.toInt(a.num, width, mode)
}

// To32 and To64 narrow (FST). A denormal extended operand is not reported:
// it is tiny, and underflow is.
func (e *Env) To32(a Number) uint32 { return pack32(e.narrow(a.num, single())) }
func (e *Env) To64(a Number) uint64 { return pack64(e.narrow(a.num, double())) }

func (e *Env) narrow(a num, f format) num {
	a.denormal = false
	return e.convert(a, f)
}

// Class is what FXAM says of a value: C3, C2, C0 as a number (APM vol. 5, FXAM).
type Class uint8

// The classes; 5 is FXAM's empty register.
const (
	ClassUnsupported Class = 0
	ClassNaN         Class = 1
	ClassNormal      Class = 2
	ClassInfinity    Class = 3
	ClassZero        Class = 4
	ClassEmpty       Class = 5
	ClassDenormal    Class = 6
)

// Class classifies a number of extended format.
func (n Number) Class() Class {
	switch {
	case n.kind == unsupported:
		return ClassUnsupported
	case n.isNaN():
		return ClassNaN
	case n.kind == inf:
		return ClassInfinity
	case n.kind == zero:
		return ClassZero
	case n.denormal:
		return ClassDenormal
	}
	return ClassNormal
}
