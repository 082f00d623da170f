package softfloat

// Double-precision operations on encodings. APM vol. 4 has one page for each.

func (e *Env) Add64(a, b uint64) uint64 {
	return pack64(e.add(e.unpack64(a), e.unpack64(b), double()))
}

func (e *Env) Sub64(a, b uint64) uint64 {
	return pack64(e.sub(e.unpack64(a), e.unpack64(b), double()))
}

func (e *Env) Mul64(a, b uint64) uint64 {
	return pack64(e.mul(e.unpack64(a), e.unpack64(b), double()))
}

func (e *Env) Div64(a, b uint64) uint64 {
	return pack64(e.div(e.unpack64(a), e.unpack64(b), double()))
}

func (e *Env) Sqrt64(a uint64) uint64 {
	return pack64(e.sqrt(e.unpack64(a), double()))
}

// Min64 and Max64 return their second operand for NaNs and equal values.
func (e *Env) Min64(a, b uint64) uint64 {
	if e.takesFirst(e.unpack64(a), e.unpack64(b), Less) {
		return e.flush64(a)
	}
	return e.flush64(b)
}

func (e *Env) Max64(a, b uint64) uint64 {
	if e.takesFirst(e.unpack64(a), e.unpack64(b), Greater) {
		return e.flush64(a)
	}
	return e.flush64(b)
}

// flush64 is what DAZ makes of an operand that is passed on unchanged.
func (e *Env) flush64(a uint64) uint64 {
	if e.DAZ && a<<1>>53 == 0 {
		return a &^ (1<<63 - 1)
	}
	return a
}

// Compare64 orders two values; signalQuiet makes quiet NaNs invalid, too.
func (e *Env) Compare64(a, b uint64, signalQuiet bool) Relation {
	return e.compare(e.unpack64(a), e.unpack64(b), signalQuiet)
}

// ToInt64 converts to a signed integer of width bits; ok is false, with the
// integer indefinite value, where it does not fit.
func (e *Env) ToInt64(a uint64, width uint, mode Rounding) (v int64, ok bool) {
	return e.toInt(e.unpack64(a), width, mode)
}

func (e *Env) FromInt64(v int64) uint64 {
	return pack64(e.convert(fromSigned(v), double()))
}

// Narrow converts double to single precision.
func (e *Env) Narrow(a uint64) uint32 { return pack32(e.convert(e.unpack64(a), single())) }
