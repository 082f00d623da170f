package softfloat

// Single-precision operations on encodings. APM vol. 4 has one page for each.

func (e *Env) Add32(a, b uint32) uint32 {
	return pack32(e.add(e.unpack32(a), e.unpack32(b), single()))
}

func (e *Env) Sub32(a, b uint32) uint32 {
	return pack32(e.sub(e.unpack32(a), e.unpack32(b), single()))
}

func (e *Env) Mul32(a, b uint32) uint32 {
	return pack32(e.mul(e.unpack32(a), e.unpack32(b), single()))
}

func (e *Env) Div32(a, b uint32) uint32 {
	return pack32(e.div(e.unpack32(a), e.unpack32(b), single()))
}

func (e *Env) Sqrt32(a uint32) uint32 {
	return pack32(e.sqrt(e.unpack32(a), single()))
}

// Min32 and Max32 return their second operand for NaNs and equal values.
func (e *Env) Min32(a, b uint32) uint32 {
	if e.takesFirst(e.unpack32(a), e.unpack32(b), Less) {
		return e.flush32(a)
	}
	return e.flush32(b)
}

func (e *Env) Max32(a, b uint32) uint32 {
	if e.takesFirst(e.unpack32(a), e.unpack32(b), Greater) {
		return e.flush32(a)
	}
	return e.flush32(b)
}

// flush32 is what DAZ makes of an operand that is passed on unchanged.
func (e *Env) flush32(a uint32) uint32 {
	if e.DAZ && a<<1>>24 == 0 {
		return a &^ (1<<31 - 1)
	}
	return a
}

// Compare32 orders two values; signalQuiet makes quiet NaNs invalid, too.
func (e *Env) Compare32(a, b uint32, signalQuiet bool) Relation {
	return e.compare(e.unpack32(a), e.unpack32(b), signalQuiet)
}

// ToInt32 converts to a signed integer of width bits; ok is false, with the
// integer indefinite value, where it does not fit.
func (e *Env) ToInt32(a uint32, width uint, mode Rounding) (v int64, ok bool) {
	return e.toInt(e.unpack32(a), width, mode)
}

func (e *Env) FromInt32(v int64) uint32 {
	return pack32(e.convert(fromSigned(v), single()))
}

// Extend converts single to double precision.
func (e *Env) Extend(a uint32) uint64 { return pack64(e.convert(e.unpack32(a), double())) }
