package cpu

// The error pointers in the environment of FNSTENV, FNSAVE, FLDENV and FRSTOR
// (APM vol. 2, figures 11-4 to 11-7; Intel SDM vol. 1, 8.1.10): offsets and
// selectors, or, in real and virtual-8086 mode, linear addresses in two parts.

// packPointers returns the last four words of the environment, of unit bytes.
func (c *CPU) packPointers(unit int) [4]uint64 {
	p := &c.FPU.Pointers
	ip, dp := uint64(p.FCS)<<4+p.FIP, uint64(p.FDS)<<4+p.FDP
	op := uint64(p.FOP)
	switch {
	case unit == 2 && c.protected():
		return [4]uint64{p.FIP, uint64(p.FCS), p.FDP, uint64(p.FDS)}
	case unit == 2:
		return [4]uint64{ip, ip>>4&0xf000 | op, dp, dp >> 4 & 0xf000}
	case c.protected():
		return [4]uint64{p.FIP, uint64(p.FCS) | op<<16, p.FDP, uint64(p.FDS) | 0xffff_0000}
	}
	return [4]uint64{ip | 0xffff_0000, ip>>4&0xfff_f000 | op, dp | 0xffff_0000, dp >> 4 & 0xfff_f000}
}

// unpackPointers is the opposite. Linear addresses become offsets of selector 0.
func (c *CPU) unpackPointers(w [4]uint64, unit int) Pointers {
	const opcode = 0x7ff
	switch {
	case unit == 2 && c.protected():
		return Pointers{FIP: w[0], FCS: uint16(w[1]), FDP: w[2], FDS: uint16(w[3])}
	case unit == 2:
		return Pointers{FIP: w[0] | w[1]&0xf000<<4, FOP: uint16(w[1]) & opcode, FDP: w[2] | w[3]&0xf000<<4}
	case c.protected():
		return Pointers{FIP: w[0], FCS: uint16(w[1]), FOP: uint16(w[1]>>16) & opcode, FDP: w[2], FDS: uint16(w[3])}
	}
	return Pointers{
		FIP: w[0]&0xffff | w[1]&0xfff_f000<<4, FOP: uint16(w[1]) & opcode, FDP: w[2]&0xffff | w[3]&0xfff_f000<<4,
	}
}
