package cpu

// packOf returns operations that make one half from two: packs, and the sums
// and differences of neighbours. The halves are the two of one XMM register, or
// two MMX registers.
func packOf(o Op) laneOp {
	switch o {
	case OpPACKSSWB:
		return packSignedBytes
	case OpPACKUSWB:
		return packUnsignedBytes
	case OpPACKSSDW:
		return packSignedWords
	case OpPACKUSDW:
		return packUnsignedWords
	case OpPHADDW:
		return neighbourWords(func(a, b int32) int32 { return a + b })
	case OpPHSUBW:
		return neighbourWords(func(a, b int32) int32 { return a - b })
	case OpPHADDSW:
		return neighbourWords(func(a, b int32) int32 { return signed16(a + b) })
	case OpPHSUBSW:
		return neighbourWords(func(a, b int32) int32 { return signed16(a - b) })
	case OpPHADDD:
		return neighbourDwords(func(a, b uint32) uint32 { return a + b })
	case OpPHSUBD:
		return neighbourDwords(func(a, b uint32) uint32 { return a - b })
	}
	return nil
}

func neighbourWords(f func(a, b int32) int32) laneOp {
	pair := func(v uint64) uint64 { return uint64(uint16(f(int32(int16(v)), int32(int16(v>>16))))) }
	return func(lo, hi uint64) uint64 {
		return pair(lo) | pair(lo>>32)<<16 | pair(hi)<<32 | pair(hi>>32)<<48
	}
}

func neighbourDwords(f func(a, b uint32) uint32) laneOp {
	return func(lo, hi uint64) uint64 {
		return uint64(f(uint32(lo), uint32(lo>>32))) | uint64(f(uint32(hi), uint32(hi>>32)))<<32
	}
}

// ssse3Op returns the operations of SSSE3 on one half, or nil.
func ssse3Op(o Op) laneOp {
	switch o {
	case OpPSIGNB:
		return byBytes(func(a, b int32) int32 { return withSign(a, int32(int8(b))) })
	case OpPSIGNW:
		return byWords(func(a, b int32) int32 { return withSign(a, int32(int16(b))) })
	case OpPSIGND:
		return byDwords(func(a, b uint32) uint32 { return uint32(withSign(int32(a), int32(b))) })
	case OpPABSB:
		return byBytes(func(_, b int32) int32 { return withSign(b, int32(int8(b))) })
	case OpPABSW:
		return byWords(func(_, b int32) int32 { return withSign(b, int32(int16(b))) })
	case OpPABSD:
		return byDwords(func(_, b uint32) uint32 { return uint32(withSign(int32(b), int32(b))) })
	case OpPMULHRSW:
		return byWords(func(a, b int32) int32 { return (int32(int16(a))*int32(int16(b))>>14 + 1) >> 1 })
	case OpPMADDUBSW: // unsigned bytes of a, signed ones of b
		return byWords(func(a, b int32) int32 {
			return signed16(a&0xff*int32(int8(b)) + a>>8&0xff*int32(int8(b>>8)))
		})
	}
	return nil
}

// withSign is v, zero or -v by the sign of s.
func withSign(v, s int32) int32 {
	switch {
	case s < 0:
		return -v
	case s == 0:
		return 0
	}
	return v
}

// shuffleBytes picks a byte of v for each byte of sel, zero where its top bit is set.
func shuffleBytes(v xmm, sel uint64, mask uint8) (r uint64) {
	for k := 0; k < 64; k += 8 {
		if n := uint8(sel >> k); n&0x80 == 0 {
			n &= mask
			r |= v[n>>3] >> (8 * (n & 7)) & 0xff << k
		}
	}
	return r
}

// alignRight takes 16 bytes from b, followed by a, beginning at byte n (PALIGNR).
func alignRight(a, b xmm, n uint8) xmm {
	if n >= 16 {
		return shiftBytes(a, false, uint64(n-16))
	}
	low, high := shiftBytes(b, false, uint64(n)), shiftBytes(a, true, uint64(16-n))
	return xmm{low[0] | high[0], low[1] | high[1]}
}
