package softfloat

// Round32 and Round64 round to an integer in the same format (ROUNDPS and its
// like). They raise invalid and, unless quiet, inexact; denormal never.
func (e *Env) Round32(a uint32, mode Rounding, quiet bool) uint32 {
	return pack32(e.roundQuietly(e.unpack32(a), mode, quiet))
}

func (e *Env) Round64(a uint64, mode Rounding, quiet bool) uint64 {
	return pack64(e.roundQuietly(e.unpack64(a), mode, quiet))
}

func (e *Env) roundQuietly(a num, mode Rounding, quiet bool) num {
	t := Env{Round: mode}
	r := t.roundToInt(a)
	t.Flags &^= Denormal
	if quiet {
		t.Flags &^= Inexact
	}
	e.Flags |= t.Flags
	return r
}
