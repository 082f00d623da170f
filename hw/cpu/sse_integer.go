package cpu

// lane operations work on one 64-bit half of two registers, so that MMX, whose
// registers are such halves, shares them.
type laneOp = func(a, b uint64) uint64

// sseInteger executes packed integer operations that treat both halves alike.
func (c *CPU) sseInteger(i *Inst) bool {
	f := laneOps[i.Op]
	if f == nil {
		return false
	}
	if b, ok := c.xmmRM(i, true); ok {
		a := &c.FPU.XMM[i.Reg]
		a[0], a[1] = f(a[0], b[0]), f(a[1], b[1])
	}
	return true
}

// laneOps, shuffles and shifts hold an operation for each Op that has one, so
// that execution makes no closures.
var (
	laneOps  = tableOf(laneOpOf)
	shuffles = tableOf(shuffleOf)
	shifts   = tableOf(shiftOf)
)

func tableOf[T any](f func(o Op) T) (t [NumOps]T) {
	for op := range t {
		t[op] = f(Op(op))
	}
	return t
}

// laneOpOf returns the operation on one half, or nil.
func laneOpOf(o Op) laneOp {
	switch o {
	case OpPADDB:
		return addBytes
	case OpPADDW:
		return byWords(func(a, b int32) int32 { return a + b })
	case OpPADDD:
		return byDwords(func(a, b uint32) uint32 { return a + b })
	case OpPADDQ:
		return func(a, b uint64) uint64 { return a + b }
	case OpPSUBB:
		return byBytes(func(a, b int32) int32 { return a - b })
	case OpPSUBW:
		return byWords(func(a, b int32) int32 { return a - b })
	case OpPSUBD:
		return byDwords(func(a, b uint32) uint32 { return a - b })
	case OpPSUBQ:
		return func(a, b uint64) uint64 { return a - b }
	case OpPCMPEQB:
		return equalBytes
	case OpPCMPEQW:
		return byWords(func(a, b int32) int32 { return -int32(b2i(a == b)) })
	case OpPCMPEQD:
		return byDwords(func(a, b uint32) uint32 { return -uint32(b2i(a == b)) })
	case OpPCMPGTB:
		return byBytes(func(a, b int32) int32 { return -int32(b2i(int8(a) > int8(b))) })
	case OpPCMPGTW:
		return byWords(func(a, b int32) int32 { return -int32(b2i(int16(a) > int16(b))) })
	case OpPCMPGTD:
		return byDwords(func(a, b uint32) uint32 { return -uint32(b2i(int32(a) > int32(b))) })
	}
	if f := saturatingOp(o); f != nil {
		return f
	}
	if f := multiplyOp(o); f != nil {
		return f
	}
	if f := ssse3Op(o); f != nil {
		return f
	}
	return sse41Op(o)
}

// saturatingOp covers saturating sums, minima, maxima and averages.
func saturatingOp(o Op) laneOp {
	switch o {
	case OpPADDUSB:
		return byBytes(func(a, b int32) int32 { return min(a+b, 0xff) })
	case OpPADDUSW:
		return byWords(func(a, b int32) int32 { return min(a+b, 0xffff) })
	case OpPSUBUSB:
		return byBytes(func(a, b int32) int32 { return max(a-b, 0) })
	case OpPSUBUSW:
		return byWords(func(a, b int32) int32 { return max(a-b, 0) })
	case OpPADDSB:
		return byBytes(func(a, b int32) int32 { return signed8(int32(int8(a)) + int32(int8(b))) })
	case OpPADDSW:
		return byWords(func(a, b int32) int32 { return signed16(int32(int16(a)) + int32(int16(b))) })
	case OpPSUBSB:
		return byBytes(func(a, b int32) int32 { return signed8(int32(int8(a)) - int32(int8(b))) })
	case OpPSUBSW:
		return byWords(func(a, b int32) int32 { return signed16(int32(int16(a)) - int32(int16(b))) })
	case OpPMINUB:
		return byBytes(func(a, b int32) int32 { return min(a, b) })
	case OpPMAXUB:
		return byBytes(func(a, b int32) int32 { return max(a, b) })
	case OpPMINSW:
		return byWords(func(a, b int32) int32 { return int32(min(int16(a), int16(b))) })
	case OpPMAXSW:
		return byWords(func(a, b int32) int32 { return int32(max(int16(a), int16(b))) })
	case OpPAVGB:
		return byBytes(func(a, b int32) int32 { return (a + b + 1) >> 1 })
	case OpPAVGW:
		return byWords(func(a, b int32) int32 { return (a + b + 1) >> 1 })
	}
	return nil
}

// multiplyOp covers multiplications and sums over elements.
func multiplyOp(o Op) laneOp {
	switch o {
	case OpPMULLW:
		return byWords(func(a, b int32) int32 { return int32(int16(a)) * int32(int16(b)) })
	case OpPMULHW:
		return byWords(func(a, b int32) int32 { return int32(int16(a)) * int32(int16(b)) >> 16 })
	case OpPMULHUW:
		return byWords(func(a, b int32) int32 { return int32(uint32(a) * uint32(b) >> 16) })
	case OpPMULUDQ:
		return func(a, b uint64) uint64 { return uint64(uint32(a)) * uint64(uint32(b)) }
	case OpPMADDWD:
		return byDwords(func(a, b uint32) uint32 {
			return uint32(int32(int16(a))*int32(int16(b)) + int32(int16(a>>16))*int32(int16(b>>16)))
		})
	case OpPSADBW:
		return func(a, b uint64) (sum uint64) {
			for k := 0; k < 64; k += 8 {
				d := int(a>>k&0xff) - int(b>>k&0xff)
				sum += uint64(max(d, -d))
			}
			return sum
		}
	}
	return nil
}

// byBytes lifts an operation on zero-extended bytes to a half.
func byBytes(f func(a, b int32) int32) laneOp {
	return func(a, b uint64) (r uint64) {
		for k := 0; k < 64; k += 8 {
			r |= uint64(uint8(f(int32(a>>k&0xff), int32(b>>k&0xff)))) << k
		}
		return r
	}
}

// byWords lifts an operation on zero-extended words to a half.
func byWords(f func(a, b int32) int32) laneOp {
	return func(a, b uint64) (r uint64) {
		for k := 0; k < 64; k += 16 {
			r |= uint64(uint16(f(int32(a>>k&0xffff), int32(b>>k&0xffff)))) << k
		}
		return r
	}
}

func byDwords(f func(a, b uint32) uint32) laneOp {
	return func(a, b uint64) uint64 {
		return uint64(f(uint32(a), uint32(b))) | uint64(f(uint32(a>>32), uint32(b>>32)))<<32
	}
}

func signed8(v int32) int32  { return min(max(v, -0x80), 0x7f) }
func signed16(v int32) int32 { return min(max(v, -0x8000), 0x7fff) }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

const (
	byteTops = 0x8080_8080_8080_8080
	byteLows = 0x7f7f_7f7f_7f7f_7f7f
)

// addBytes adds eight bytes at once: the top bits are added without carry.
func addBytes(a, b uint64) uint64 {
	return (a&byteLows + b&byteLows) ^ (a^b)&byteTops
}

// equalBytes is PCMPEQB on eight bytes at once, for searches in strings.
func equalBytes(a, b uint64) uint64 {
	x := a ^ b
	differs := (x&byteLows + byteLows | x) & byteTops // top bit of each unequal byte
	same := ^differs & byteTops
	return same >> 7 * 0xff
}

// moveMask8 collects the top bits of eight bytes (PMOVMSKB). The product puts
// bit 8k at bit 56+k; no two terms meet, so nothing carries.
func moveMask8(v uint64) uint64 {
	return v & byteTops >> 7 * 0x0102_0408_1020_4080 >> 56
}
