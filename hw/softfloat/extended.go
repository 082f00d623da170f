package softfloat

import "math/bits"

// Extended is an 80-bit value: Exp holds sign and biased exponent.
type Extended struct {
	Mant uint64
	Exp  uint16
}

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

func (e *Env) Add80(a, b Extended) Extended {
	return pack80(e.add(unpack80(a), unpack80(b), e.extended()))
}

func (e *Env) Sub80(a, b Extended) Extended {
	return pack80(e.sub(unpack80(a), unpack80(b), e.extended()))
}

func (e *Env) Mul80(a, b Extended) Extended {
	return pack80(e.mul(unpack80(a), unpack80(b), e.extended()))
}

func (e *Env) Div80(a, b Extended) Extended {
	return pack80(e.div(unpack80(a), unpack80(b), e.extended()))
}

func (e *Env) Sqrt80(a Extended) Extended { return pack80(e.sqrt(unpack80(a), e.extended())) }

// RoundToInt80 is FRNDINT.
func (e *Env) RoundToInt80(a Extended) Extended { return pack80(e.roundToInt(unpack80(a))) }

// Compare80 orders two values; signalQuiet makes quiet NaNs invalid, too.
func (e *Env) Compare80(a, b Extended, signalQuiet bool) Relation {
	return e.compare(unpack80(a), unpack80(b), signalQuiet)
}

// ToInt80 converts to a signed integer of width bits.
func (e *Env) ToInt80(a Extended, width uint, mode Rounding) (v int64, ok bool) {
	return e.toInt(unpack80(a), width, mode)
}

// FromInt80 is exact.
func FromInt80(v int64) Extended { return pack80(fromSigned(v)) }

// From32 and From64 widen (FLD). They raise denormal and invalid.
func (e *Env) From32(a uint32) Extended {
	return pack80(e.convert(e.unpack32(a), format{64, -16382, 16383}))
}

func (e *Env) From64(a uint64) Extended {
	return pack80(e.convert(e.unpack64(a), format{64, -16382, 16383}))
}

// To32 and To64 narrow (FST). A denormal extended operand is not reported:
// it is tiny, and underflow is.
func (e *Env) To32(a Extended) uint32 { return pack32(e.narrow(unpack80(a), single())) }

func (e *Env) To64(a Extended) uint64 { return pack64(e.narrow(unpack80(a), double())) }

func (e *Env) narrow(a num, f format) num {
	a.denormal = false
	return e.convert(a, f)
}

// Class is what FXAM says of a value.
type Class uint8

// Classes in an order of their own.
const (
	ClassUnsupported Class = iota
	ClassNaN
	ClassNormal
	ClassInfinity
	ClassZero
	ClassDenormal
)

// Classify is FXAM's view of a value.
func Classify(v Extended) Class {
	n := unpack80(v)
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
