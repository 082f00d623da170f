package softfloat

// RCPPS and RSQRTPS give 12 bits of an approximation that every maker of
// processors chose differently. Here they give the correctly rounded value cut
// to 12 bits, which keeps the architecture's bound of 1.5*2^-12. They raise
// nothing, take denormals as zeros and flush tiny results.

// Reciprocal is RCPSS.
func Reciprocal(a uint32) uint32 {
	e := approximate()
	n := e.unpack32(a)
	if n.isNaN() {
		return pack32(e.nan(n, n))
	}
	one := fromInt(false, 1)
	return pack32(e.div(one, n, coarse()))
}

// ReciprocalRoot is RSQRTSS.
func ReciprocalRoot(a uint32) uint32 {
	e := approximate()
	n := e.unpack32(a)
	switch {
	case n.isNaN():
		return pack32(e.nan(n, n))
	case n.kind == zero:
		return pack32(num{kind: inf, neg: n.neg})
	case n.neg:
		return pack32(indefinite())
	}
	root := e.sqrt(n, double())
	return pack32(e.div(fromInt(false, 1), root, coarse()))
}

func approximate() *Env { return &Env{FTZ: true, DAZ: true} }

func coarse() format { return format{12, -126, 127} }
