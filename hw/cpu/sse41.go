package cpu

import "math/bits"

// sse41Op returns the integer operations of SSE4.1 and SSE4.2 on one half, or nil.
func sse41Op(o Op) laneOp {
	switch o {
	case OpPMULDQ:
		return func(a, b uint64) uint64 { return uint64(int64(int32(a)) * int64(int32(b))) }
	case OpPMULLD:
		return byDwords(func(a, b uint32) uint32 { return a * b })
	case OpPCMPEQQ:
		return func(a, b uint64) uint64 { return -uint64(b2i(a == b)) }
	case OpPCMPGTQ:
		return func(a, b uint64) uint64 { return -uint64(b2i(int64(a) > int64(b))) }
	case OpPMINSB:
		return byBytes(func(a, b int32) int32 { return int32(min(int8(a), int8(b))) })
	case OpPMAXSB:
		return byBytes(func(a, b int32) int32 { return int32(max(int8(a), int8(b))) })
	case OpPMINUW:
		return byWords(func(a, b int32) int32 { return min(a, b) })
	case OpPMAXUW:
		return byWords(func(a, b int32) int32 { return max(a, b) })
	case OpPMINSD:
		return byDwords(func(a, b uint32) uint32 { return uint32(min(int32(a), int32(b))) })
	case OpPMAXSD:
		return byDwords(func(a, b uint32) uint32 { return uint32(max(int32(a), int32(b))) })
	case OpPMINUD:
		return byDwords(func(a, b uint32) uint32 { return min(a, b) })
	case OpPMAXUD:
		return byDwords(func(a, b uint32) uint32 { return max(a, b) })
	}
	return nil
}

// sse41Shuffle returns the operations on whole registers, or nil.
func sse41Shuffle(o Op) func(a, b xmm, imm uint8) xmm {
	switch o {
	case OpBLENDPS:
		return func(a, b xmm, imm uint8) xmm { return blend(a, b, spread(uint64(imm), 4)) }
	case OpBLENDPD:
		return func(a, b xmm, imm uint8) xmm { return blend(a, b, spread(uint64(imm), 8)) }
	case OpPBLENDW:
		return func(a, b xmm, imm uint8) xmm { return blend(a, b, spread(uint64(imm), 2)) }
	case OpPHMINPOSUW:
		return func(_, b xmm, _ uint8) xmm { return smallestWord(b) }
	case OpMPSADBW:
		return sumDifferences
	}
	return nil
}

// spread makes a mask of bytes from bits, each standing for size of them.
func spread(bit uint64, size int) (m xmm) {
	for k := range 16 {
		m[k/8] |= bit >> (k / size) & 1 * 0xff << (8 * (k % 8))
	}
	return m
}

// blend takes b where the mask is one, and a elsewhere.
func blend(a, b, m xmm) xmm {
	return xmm{a[0]&^m[0] | b[0]&m[0], a[1]&^m[1] | b[1]&m[1]}
}

// signMask spreads the sign of each element of size bytes over it.
func signMask(v xmm, size int) (m xmm) {
	for k := range 16 {
		top := (k/size+1)*size - 1 // the byte that has the sign
		m[k/8] |= v[top/8] >> (8*(top%8) + 7) & 1 * 0xff << (8 * (k % 8))
	}
	return m
}

func smallestWord(v xmm) xmm {
	best, at := v[0]&0xffff, uint64(0)
	for k := uint64(1); k < 8; k++ {
		if w := v[k/4] >> (16 * (k % 4)) & 0xffff; w < best {
			best, at = w, k
		}
	}
	return xmm{best | at<<16, 0}
}

// sumDifferences is MPSADBW: four bytes of b against eight places in a.
func sumDifferences(a, b xmm, imm uint8) (r xmm) {
	octet := func(v xmm, k int) int { return int(v[k/8] >> (8 * (k % 8)) & 0xff) }
	from, with := int(imm>>2&1)*4, int(imm&3)*4
	for n := range 8 {
		sum := 0
		for k := range 4 {
			d := octet(a, from+n+k) - octet(b, with+k)
			sum += max(d, -d)
		}
		r[n/4] |= uint64(sum) << (16 * (n % 4))
	}
	return r
}

// sse41 executes the remaining instructions: blends by XMM0, tests, extensions, and moves
// of elements.
func (c *CPU) sse41(i *Inst) bool {
	switch i.Op {
	case OpPBLENDVB, OpBLENDVPS, OpBLENDVPD:
		size := map[Op]int{OpPBLENDVB: 1, OpBLENDVPS: 4, OpBLENDVPD: 8}[i.Op]
		if b, ok := c.xmmRM(i, true); ok {
			c.FPU.XMM[i.Reg] = blend(c.FPU.XMM[i.Reg], b, signMask(c.FPU.XMM[0], size))
		}
	case OpPTEST:
		if b, ok := c.xmmRM(i, true); ok {
			a := c.FPU.XMM[i.Reg]
			c.setFlags(FlagsStatus, flagIf(a[0]&b[0]|a[1]&b[1] == 0, FlagZF)|flagIf(b[0]&^a[0]|b[1]&^a[1] == 0, FlagCF))
		}
	case OpMOVNTDQA:
		c.move128(i, true)
	case OpPINSRB, OpPINSRD:
		c.insertGeneral(i)
	case OpPEXTRB, OpPEXTRD, OpEXTRACTPS, OpPEXTRW: // PEXTRW: the form with memory
		c.extractGeneral(i)
	case OpINSERTPS:
		c.insertSingle(i)
	default:
		from, to, signed, ok := widening(i.Op)
		if !ok {
			return false
		}
		if b, ok := c.xmmRM(i, false); ok {
			c.FPU.XMM[i.Reg] = widen(b[0], from, to, signed)
		}
	}
	return true
}

// insertGeneral puts a general register or memory into an element of Size bytes.
func (c *CPU) insertGeneral(i *Inst) {
	v := c.GPR[i.RM]
	if i.Prefix&PrefixMem != 0 {
		var ok bool
		if v, ok = c.readRM(i); !ok {
			return
		}
	}
	at := i.Imm * uint64(i.Size) & 15
	r := &c.FPU.XMM[i.Reg][at/8]
	m, shift := mask(i.Size), 8*(at&7)
	*r = *r&^(m<<shift) | v&m<<shift
}

// extractGeneral is the reverse; bits of a general register above the element are
// cleared.
func (c *CPU) extractGeneral(i *Inst) {
	at := i.Imm * uint64(i.Size) & 15
	v := c.FPU.XMM[i.Reg][at/8] >> (8 * (at & 7)) & mask(i.Size)
	if i.Prefix&PrefixMem != 0 {
		c.writeRM(i, v)
	} else {
		c.GPR[i.RM] = v
	}
}

// insertSingle is INSERTPS: source, destination and elements to clear come from Imm.
func (c *CPU) insertSingle(i *Inst) {
	b, ok := c.xmmRM(i, false)
	if !ok {
		return
	}
	v := b[0] & 0xffff_ffff
	if i.Prefix&PrefixMem == 0 {
		v = element(b, uint8(i.Imm>>6))
	}
	r := &c.FPU.XMM[i.Reg]
	half, shift := i.Imm>>5&1, 32*(i.Imm>>4&1)
	r[half] = r[half]&^(0xffff_ffff<<shift) | v<<shift
	zero := spread(i.Imm&15, 4)
	r[0], r[1] = r[0]&^zero[0], r[1]&^zero[1]
}

// widening returns the element sizes, in bits, of PMOVSX and PMOVZX.
func widening(o Op) (from, to uint, signed, ok bool) {
	signed = o >= OpPMOVSXBW && o <= OpPMOVSXDQ
	switch o {
	case OpPMOVSXBW, OpPMOVZXBW:
		return 8, 16, signed, true
	case OpPMOVSXBD, OpPMOVZXBD:
		return 8, 32, signed, true
	case OpPMOVSXBQ, OpPMOVZXBQ:
		return 8, 64, signed, true
	case OpPMOVSXWD, OpPMOVZXWD:
		return 16, 32, signed, true
	case OpPMOVSXWQ, OpPMOVZXWQ:
		return 16, 64, signed, true
	case OpPMOVSXDQ, OpPMOVZXDQ:
		return 32, 64, signed, true
	}
	return 0, 0, false, false
}

func widen(v uint64, from, to uint, signed bool) (r xmm) {
	for n := uint(0); n < 128/to; n++ {
		e := v >> (n * from) & (1<<from - 1)
		if signed {
			e = signExtend(e, uint8(from/8)) & (^uint64(0) >> (64 - to))
		}
		r[n*to/64] |= e << (n * to % 64)
	}
	return r
}

// carryless multiplies two polynomials over GF(2).
func carryless(a, b uint64) (r xmm) {
	for ; b != 0; b &= b - 1 {
		n := bits.TrailingZeros64(b)
		r[0] ^= a << n
		r[1] ^= a >> (64 - n)
	}
	return r
}
