package cpu

import "math"

// Arithmetic in double precision by the host's, in those cases in which it gives
// the same in all respects: all exceptions masked, rounding to nearest, the
// precision exception already noted, operands normal or zero, and a result far
// from overflow and underflow. All other cases go to softfloat.

const (
	mxcsrPE       = 1 << 5
	mxcsrOrdinary = 0x3f<<mxcsrMasks | mxcsrPE
	mxcsrDecides  = mxcsrOrdinary | 3<<mxcsrRC
)

// ordinaryDoubles tells whether mode and operands are as described above.
func ordinaryDoubles(mxcsr uint32, a, b uint64) bool {
	return mxcsr&mxcsrDecides == mxcsrOrdinary && ordinaryDouble(a) && ordinaryDouble(b)
}

// ordinaryDouble tells whether v is a normal number or zero.
func ordinaryDouble(v uint64) bool { return v>>52&0x7ff-1 < 0x7fe || v<<1 == 0 }

// safeDouble tells whether a computed v is certainly equal to softfloat's
// result: its exponent is above the lowest, so that the result was not tiny
// before it was rounded.
func safeDouble(v uint64) bool { return v>>52&0x7ff-2 < 0x7fd }

func addDouble(mxcsr uint32, a, b uint64) (v uint64, ok bool) {
	v = math.Float64bits(math.Float64frombits(a) + math.Float64frombits(b))
	return v, ordinaryDoubles(mxcsr, a, b) && (safeDouble(v) || v<<1 == 0)
}

func mulDouble(mxcsr uint32, a, b uint64) (v uint64, ok bool) {
	v = math.Float64bits(math.Float64frombits(a) * math.Float64frombits(b))
	return v, ordinaryDoubles(mxcsr, a, b) && safeDouble(v)
}

func divDouble(mxcsr uint32, a, b uint64) (v uint64, ok bool) {
	v = math.Float64bits(math.Float64frombits(a) / math.Float64frombits(b))
	return v, ordinaryDoubles(mxcsr, a, b) && safeDouble(v)
}

func subDouble(mxcsr uint32, a, b uint64) (v uint64, ok bool) {
	return addDouble(mxcsr, a, b^1<<63)
}

// compareDouble returns the flags of UCOMISD.
func compareDouble(a, b uint64) (f uint64, ok bool) {
	x, y := math.Float64frombits(a), math.Float64frombits(b)
	return flagIf(x < y, FlagCF) | flagIf(x == y, FlagZF), ordinaryDouble(a) && ordinaryDouble(b)
}
