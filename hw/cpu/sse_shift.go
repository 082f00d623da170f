package cpu

// sseShift executes packed shifts, by an immediate or by the low 64 bits of a
// register or of memory.
func (c *CPU) sseShift(i *Inst) bool {
	switch i.Op {
	case OpPSRLDQ, OpPSLLDQ:
		c.FPU.XMM[i.RM] = shiftBytes(c.FPU.XMM[i.RM], i.Op == OpPSLLDQ, i.Imm&0xff)
		return true
	}
	f := shifts[i.Op]
	if f == nil {
		return false
	}
	if i.Form == FormRMImm {
		a := &c.FPU.XMM[i.RM]
		a[0], a[1] = f(a[0], i.Imm&0xff), f(a[1], i.Imm&0xff)
		return true
	}
	if b, ok := c.xmmRM(i, true); ok {
		a := &c.FPU.XMM[i.Reg]
		a[0], a[1] = f(a[0], b[0]), f(a[1], b[0])
	}
	return true
}

// shiftOf returns the shift of one half. Go's shifts give zero (or the sign)
// for counts beyond the width, as the instructions do.
func shiftOf(o Op) func(a, n uint64) uint64 {
	switch o {
	case OpPSRLW:
		return func(a, n uint64) uint64 { return eachWord(a, func(v uint16) uint16 { return v >> n }) }
	case OpPSLLW:
		return func(a, n uint64) uint64 { return eachWord(a, func(v uint16) uint16 { return v << n }) }
	case OpPSRAW:
		return func(a, n uint64) uint64 {
			return eachWord(a, func(v uint16) uint16 { return uint16(int16(v) >> n) })
		}
	case OpPSRLD:
		return func(a, n uint64) uint64 { return uint64(uint32(a)>>n) | a>>32>>n<<32 }
	case OpPSLLD:
		return func(a, n uint64) uint64 { return uint64(uint32(a)<<n) | uint64(uint32(a>>32)<<n)<<32 }
	case OpPSRAD:
		return func(a, n uint64) uint64 {
			return uint64(uint32(int32(a)>>n)) | uint64(uint32(int32(a>>32)>>n))<<32
		}
	case OpPSRLQ:
		return func(a, n uint64) uint64 { return a >> n }
	case OpPSLLQ:
		return func(a, n uint64) uint64 { return a << n }
	}
	return nil
}

func eachWord(a uint64, f func(uint16) uint16) (r uint64) {
	for k := 0; k < 64; k += 16 {
		r |= uint64(f(uint16(a>>k))) << k
	}
	return r
}

// shiftBytes shifts the whole register by n bytes.
func shiftBytes(a xmm, left bool, n uint64) xmm {
	bit := 8 * n
	if left {
		return xmm{a[0] << bit, a[1]<<bit | a[0]>>(64-bit) | a[0]<<(bit-64)}
	}
	return xmm{a[0]>>bit | a[1]<<(64-bit) | a[1]>>(bit-64), a[1] >> bit}
}
