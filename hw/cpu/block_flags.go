package cpu

import "math/bits"

// The dispatcher remembers the operation that sets the flags, and computes them
// only when they are needed. Operands and result are shifted up so that their
// top bit is bit 63, which makes the operand size matter only for PF and AF.
//
// The kind is the shift, 0 to 56, plus one of these:
const (
	lazySub   = 0   // r = a - b; also logic, as r - 0
	lazyAdd   = 64  // r = a + b
	lazyParts = 128 // ZF, SF and PF of r; the others are in a
	lazyNone  = 255 // the flags are in RFLAGS
)

type lazyFlags struct {
	kind    uint64
	a, b, r uint64
}

// status returns the status flags.
func (l *lazyFlags) status() uint64 {
	shift := l.kind & 63
	var f uint64
	switch l.kind &^ 63 {
	case lazySub:
		f = flagIf(l.a < l.b, FlagCF) | flagIf((l.a^l.b)&(l.a^l.r)>>63 != 0, FlagOF) | (l.a^l.b^l.r)>>shift&FlagAF
	case lazyAdd:
		f = flagIf(l.r < l.a, FlagCF) | flagIf((l.a^l.r)&(l.b^l.r)>>63 != 0, FlagOF) | (l.a^l.b^l.r)>>shift&FlagAF
	case lazyParts:
		f = l.a
	}
	if l.r == 0 {
		f |= FlagZF
	}
	f |= l.r >> 56 & FlagSF
	if bits.OnesCount8(uint8(l.r>>shift))&1 == 0 {
		f |= FlagPF
	}
	return f
}

// settle returns flags with the status flags brought up to date.
func (l *lazyFlags) settle(flags uint64) uint64 {
	if l.kind == lazyNone {
		return flags
	}
	return flags&^FlagsStatus | l.status()
}

// lazyCondition evaluates condition code cc if there is no faster way.
func lazyCondition(cc uint8, kind, a, b, r, flags uint64) bool {
	l := lazyFlags{kind, a, b, r}
	return condition(l.settle(flags), cc)
}
