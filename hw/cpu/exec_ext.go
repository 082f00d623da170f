package cpu

import (
	"hash/crc32"
	"math/bits"
)

// execExtension executes integer instructions of later extensions that have
// legacy encodings.
func (c *CPU) execExtension(i *Inst) {
	switch i.Op {
	case OpLZCNT, OpTZCNT:
		c.countZeros(i)
	case OpMOVBE:
		c.moveSwapped(i)
	case OpCRC32:
		c.crc32(i)
	case OpADCX:
		c.addCarry(i, FlagCF)
	case OpADOX:
		c.addCarry(i, FlagOF)
	case OpRDRAND:
		c.rdrand(i)
	}
}

// countZeros executes LZCNT and TZCNT. OF, SF, AF and PF are undefined: the
// first is kept, the others are cleared.
func (c *CPU) countZeros(i *Inst) {
	v, ok := c.readRM(i)
	if !ok {
		return
	}
	width := 8 * int(i.Size)
	n := min(bits.TrailingZeros64(v), width)
	if i.Op == OpLZCNT {
		n = bits.LeadingZeros64(v) - (64 - width)
	}
	c.setReg(i.Reg, i.Size, 0, uint64(n))
	c.setFlags(FlagsStatus&^FlagOF, flagIf(v == 0, FlagCF)|flagIf(n == 0, FlagZF))
}

// moveSwapped executes MOVBE, between a register and memory alone.
func (c *CPU) moveSwapped(i *Inst) {
	shift := 64 - 8*uint(i.Size)
	if i.Form == FormRMReg {
		c.writeRM(i, bits.ReverseBytes64(c.GPR[i.Reg])>>shift)
		return
	}
	if v, ok := c.readRM(i); ok {
		c.setReg(i.Reg, i.Size, 0, bits.ReverseBytes64(v)>>shift)
	}
}

// castagnoli is the polynomial of CRC32.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// crc32 executes CRC32 over Size bytes of the source. The destination is as
// wide as REX.W says, and its upper half becomes zero in any case.
func (c *CPU) crc32(i *Inst) {
	v, ok := c.readRM(i)
	if !ok {
		return
	}
	r := uint32(c.GPR[i.Reg])
	for range i.Size {
		r = castagnoli[byte(r)^byte(v)] ^ r>>8
		v >>= 8
	}
	c.GPR[i.Reg] = uint64(r)
}

// addCarry executes ADCX and ADOX, which use one flag as carry and touch no other.
func (c *CPU) addCarry(i *Inst, flag uint64) {
	b, ok := c.readRM(i)
	if !ok {
		return
	}
	r, f := addFlags(c.reg(i.Reg, i.Size, 0), b, flagIf(c.RFLAGS&flag != 0, 1), i.Size)
	c.setReg(i.Reg, i.Size, 0, r)
	c.setFlags(flag, flagIf(f&FlagCF != 0, flag))
}

// rdrand executes RDRAND: numbers of a stream that the seed and the processor's
// number select, one for each execution. They never run out.
func (c *CPU) rdrand(i *Inst) {
	c.Random++
	c.setReg(i.RM, i.Size, 0, mix64(mix64(c.Seed+uint64(c.ID)<<56)+c.Random))
	c.setFlags(FlagsStatus, FlagCF)
}

// mix64 is the output function of SplitMix64 (Steele, Lea, Flood, "Fast
// splittable pseudorandom number generators", 2014) behind its increment.
func mix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
