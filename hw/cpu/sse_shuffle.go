package cpu

// sseShuffle executes what rearranges elements: shuffles, unpacks, packs.
func (c *CPU) sseShuffle(i *Inst) bool {
	f := shuffles[i.Op]
	if f == nil {
		return false
	}
	if b, ok := c.xmmRM(i, true); ok {
		c.FPU.XMM[i.Reg] = f(c.FPU.XMM[i.Reg], b, uint8(i.Imm))
	}
	return true
}

func shuffleOf(o Op) func(a, b xmm, imm uint8) xmm {
	switch o {
	case OpPSHUFD:
		return func(_, b xmm, imm uint8) xmm { return shufps(b, b, imm) }
	case OpSHUFPS:
		return shufps
	case OpSHUFPD:
		return func(a, b xmm, imm uint8) xmm { return xmm{a[imm&1], b[imm>>1&1]} }
	case OpPSHUFLW:
		return func(_, b xmm, imm uint8) xmm { return xmm{shuffleWords(b[0], imm), b[1]} }
	case OpPSHUFHW:
		return func(_, b xmm, imm uint8) xmm { return xmm{b[0], shuffleWords(b[1], imm)} }
	case OpUNPCKLPD, OpPUNPCKLQDQ:
		return func(a, b xmm, _ uint8) xmm { return xmm{a[0], b[0]} }
	case OpUNPCKHPD, OpPUNPCKHQDQ:
		return func(a, b xmm, _ uint8) xmm { return xmm{a[1], b[1]} }
	case OpUNPCKLPS, OpPUNPCKLDQ:
		return unpack(0, 32)
	case OpUNPCKHPS, OpPUNPCKHDQ:
		return unpack(1, 32)
	case OpPUNPCKLBW:
		return unpack(0, 8)
	case OpPUNPCKHBW:
		return unpack(1, 8)
	case OpPUNPCKLWD:
		return unpack(0, 16)
	case OpPUNPCKHWD:
		return unpack(1, 16)
	case OpPSHUFB:
		return func(a, b xmm, _ uint8) xmm { return xmm{shuffleBytes(a, b[0], 15), shuffleBytes(a, b[1], 15)} }
	case OpPALIGNR:
		return alignRight
	}
	if f := packOf(o); f != nil {
		return packs(f)
	}
	return sse41Shuffle(o)
}

// element returns the k-th double word.
func element(v xmm, k uint8) uint64 { return v[k>>1&1] >> (32 * (k & 1)) & 0xffff_ffff }

// shufps takes two double words of a and two of b.
func shufps(a, b xmm, imm uint8) xmm {
	return xmm{
		element(a, imm&3) | element(a, imm>>2&3)<<32,
		element(b, imm>>4&3) | element(b, imm>>6)<<32,
	}
}

func shuffleWords(v uint64, imm uint8) (r uint64) {
	for k := range 4 {
		r |= v >> (16 * (imm >> (2 * k) & 3)) & 0xffff << (16 * k)
	}
	return r
}

// unpack interleaves the elements of one half of a and b.
func unpack(half int, width uint) func(a, b xmm, _ uint8) xmm {
	return func(a, b xmm, _ uint8) xmm {
		lo, hi := interleave(a[half], b[half], width)
		return xmm{lo, hi}
	}
}

// interleave spreads two halves over a whole register.
func interleave(a, b uint64, width uint) (lo, hi uint64) {
	mask := uint64(1)<<width - 1
	var r xmm
	for k := uint(0); k < 64; k += width {
		pair := a>>k&mask | b>>k&mask<<width
		r[2*k/64] |= pair << (2 * k % 64)
	}
	return r[0], r[1]
}

// packs narrows a into the low half and b into the high one.
func packs(f laneOp) func(a, b xmm, _ uint8) xmm {
	return func(a, b xmm, _ uint8) xmm { return xmm{f(a[0], a[1]), f(b[0], b[1])} }
}

func packSignedBytes(lo, hi uint64) uint64 {
	return packWords(lo, hi, signed8)
}

func packUnsignedBytes(lo, hi uint64) uint64 {
	return packWords(lo, hi, func(v int32) int32 { return min(max(v, 0), 0xff) })
}

func packWords(lo, hi uint64, f func(int32) int32) (r uint64) {
	for k := range 4 {
		r |= uint64(uint8(f(int32(int16(lo>>(16*k)))))) << (8 * k)
		r |= uint64(uint8(f(int32(int16(hi>>(16*k)))))) << (8*k + 32)
	}
	return r
}

func packSignedWords(lo, hi uint64) (r uint64) {
	for k := range 2 {
		r |= uint64(uint16(signed16(int32(lo>>(32*k))))) << (16 * k)
		r |= uint64(uint16(signed16(int32(hi>>(32*k))))) << (16*k + 32)
	}
	return r
}

func packUnsignedWords(lo, hi uint64) (r uint64) {
	narrow := func(v uint64) uint64 { return uint64(min(max(int32(v), 0), 0xffff)) }
	for k := range 2 {
		r |= narrow(lo>>(32*k))<<(16*k) | narrow(hi>>(32*k))<<(16*k+32)
	}
	return r
}
