package cpu

import "math/bits"

// Bits of RFLAGS (AMD APM vol. 2, 3.1.6).
const (
	FlagCF   uint64 = 1 << 0
	FlagOne  uint64 = 1 << 1 // always one
	FlagPF   uint64 = 1 << 2
	FlagAF   uint64 = 1 << 4
	FlagZF   uint64 = 1 << 6
	FlagSF   uint64 = 1 << 7
	FlagTF   uint64 = 1 << 8
	FlagIF   uint64 = 1 << 9
	FlagDF   uint64 = 1 << 10
	FlagOF   uint64 = 1 << 11
	FlagIOPL uint64 = 3 << 12
	FlagNT   uint64 = 1 << 14
	FlagRF   uint64 = 1 << 16
	FlagVM   uint64 = 1 << 17
	FlagAC   uint64 = 1 << 18
	FlagVIF  uint64 = 1 << 19
	FlagVIP  uint64 = 1 << 20
	FlagID   uint64 = 1 << 21

	// FlagsStatus are the flags that arithmetic writes.
	FlagsStatus = FlagCF | FlagPF | FlagAF | FlagZF | FlagSF | FlagOF
)

// mask returns the bits of an operand of size bytes.
func mask(size uint8) uint64 { return ^uint64(0) >> (64 - 8*uint(size)) }

// signBit returns the top bit of an operand of size bytes.
func signBit(size uint8) uint64 { return 1 << (8*uint(size) - 1) }

// signExtend widens an operand of size bytes.
func signExtend(v uint64, size uint8) uint64 {
	shift := 64 - 8*uint(size)
	return uint64(int64(v<<shift) >> shift)
}

// setFlags replaces the flags in which by those in v.
func (c *CPU) setFlags(which, v uint64) { c.RFLAGS = c.RFLAGS&^which | v&which }

// resultFlags returns SF, ZF and PF of a result already cut to size.
func resultFlags(r uint64, size uint8) (f uint64) {
	if r == 0 {
		f = FlagZF
	}
	if r&signBit(size) != 0 {
		f |= FlagSF
	}
	if bits.OnesCount8(uint8(r))&1 == 0 {
		f |= FlagPF
	}
	return f
}

// flagIf returns f if cond holds.
func flagIf(cond bool, f uint64) uint64 {
	if cond {
		return f
	}
	return 0
}

// addFlags returns a+b+carry cut to size, and its flags.
func addFlags(a, b, carry uint64, size uint8) (r, f uint64) {
	sum, out := bits.Add64(a, b, carry)
	r = sum
	if size < 8 {
		out = sum >> (8 * size) & 1
		r = sum & mask(size)
	}
	f = out | resultFlags(r, size) | (a^b^r)&FlagAF
	return r, f | flagIf((a^r)&(b^r)&signBit(size) != 0, FlagOF)
}

// subFlags returns a-b-borrow cut to size, and its flags.
func subFlags(a, b, borrow uint64, size uint8) (r, f uint64) {
	diff, out := bits.Sub64(a, b, borrow)
	r = diff & mask(size)
	f = out | resultFlags(r, size) | (a^b^r)&FlagAF
	return r, f | flagIf((a^b)&(a^r)&signBit(size) != 0, FlagOF)
}

// condition evaluates condition code cc, as in Jcc's opcode (APM vol. 3, table A-9).
func (c *CPU) condition(cc uint8) bool { return condition(c.RFLAGS, cc) }

func condition(f uint64, cc uint8) bool {
	var v bool
	switch cc >> 1 {
	case 0:
		v = f&FlagOF != 0
	case 1:
		v = f&FlagCF != 0
	case 2:
		v = f&FlagZF != 0
	case 3:
		v = f&(FlagCF|FlagZF) != 0
	case 4:
		v = f&FlagSF != 0
	case 5:
		v = f&FlagPF != 0
	case 6:
		v = (f>>7^f>>11)&1 != 0
	case 7:
		v = f&FlagZF != 0 || (f>>7^f>>11)&1 != 0
	}
	return v != (cc&1 != 0)
}
