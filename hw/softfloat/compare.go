package softfloat

// compare orders two numbers. A quiet NaN is invalid only when signalQuiet.
func (e *Env) compare(a, b num, signalQuiet bool) Relation {
	if a.isNaN() || b.isNaN() {
		if signalQuiet || a.kind > quiet || b.kind > quiet {
			e.Flags |= Invalid
		}
		return Unordered
	}
	e.denormals(a, b)
	return order(a, b)
}

// order compares numbers that are not NaNs.
func order(a, b num) Relation {
	if a.kind == zero && b.kind == zero {
		return Equal
	}
	if a.neg != b.neg {
		if a.neg {
			return Less
		}
		return Greater
	}
	r := orderMagnitude(a, b)
	if a.neg && r != Equal {
		return Less + Greater - r
	}
	return r
}

func orderMagnitude(a, b num) Relation {
	switch {
	case a.kind != b.kind: // zero < finite < inf
		return pick(a.kind < b.kind)
	case a.kind != finite:
		return Equal
	case a.exp != b.exp:
		return pick(a.exp < b.exp)
	case a.mant != b.mant:
		return pick(a.mant < b.mant)
	}
	return Equal
}

func pick(less bool) Relation {
	if less {
		return Less
	}
	return Greater
}

// takesFirst tells whether MIN (or MAX) returns its first operand. Any NaN,
// and two zeros, select the second (APM vol. 4, MINPS).
func (e *Env) takesFirst(a, b num, want Relation) bool {
	return e.compare(a, b, true) == want
}
