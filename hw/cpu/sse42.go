package cpu

import "math/bits"

// compareStrings executes PCMPxSTRx (Intel SDM vol. 2, 4.1; APM vol. 4): two
// strings of bytes or words, with lengths in EAX and EDX or ended by a zero, are
// compared in one of four ways.
func (c *CPU) compareStrings(i *Inst) bool {
	explicit := i.Op == OpPCMPESTRI || i.Op == OpPCMPESTRM
	switch i.Op {
	case OpPCMPESTRI, OpPCMPESTRM, OpPCMPISTRI, OpPCMPISTRM:
	default:
		return false
	}
	bv, ok := c.xmmRM(i, false)
	if !ok {
		return true
	}
	a, b := newStringOperand(c.FPU.XMM[i.Reg], i.Imm), newStringOperand(bv, i.Imm)
	if explicit {
		a.setLength(c.GPR[RAX], i.Prefix&PrefixREXW != 0)
		b.setLength(c.GPR[RDX], i.Prefix&PrefixREXW != 0)
	}
	n := len(a.element)
	r := aggregate(a, b, i.Imm>>2&3)
	switch i.Imm >> 4 & 3 {
	case 1:
		r ^= 1<<n - 1
	case 3:
		r ^= 1<<b.length - 1
	}
	f := flagIf(r != 0, FlagCF) | flagIf(b.length < n, FlagZF) | flagIf(a.length < n, FlagSF) | flagIf(r&1 != 0, FlagOF)
	c.setFlags(FlagsStatus, f)
	if i.Op == OpPCMPESTRI || i.Op == OpPCMPISTRI {
		at := bits.TrailingZeros64(r | 1<<n)
		if i.Imm&0x40 != 0 && r != 0 {
			at = bits.Len64(r) - 1
		}
		c.GPR[RCX] = uint64(at)
		return true
	}
	c.FPU.XMM[0] = xmm{r, 0}
	if i.Imm&0x40 != 0 {
		c.FPU.XMM[0] = spread(r, 16/n)
	}
	return true
}

// stringOperand is one string: all elements of the register, and how many are valid.
type stringOperand struct {
	element []int
	length  int
}

// newStringOperand takes a register apart as the low bits of the control byte say: words
// or bytes, signed or not. It ends before the first zero.
func newStringOperand(v xmm, imm uint64) stringOperand {
	size := 8
	if imm&1 != 0 {
		size = 16
	}
	t := stringOperand{length: 128 / size}
	for n := range 128 / size {
		e := int(v[n*size/64] >> (n * size % 64) & (1<<size - 1))
		if e == 0 && t.length > n {
			t.length = n
		}
		if imm&2 != 0 && e>>(size-1) != 0 {
			e -= 1 << size
		}
		t.element = append(t.element, e)
	}
	return t
}

// setLength takes the length from a register: its magnitude, saturated.
func (t *stringOperand) setLength(v uint64, wide bool) {
	n := int64(int32(v))
	if wide {
		n = int64(v)
	}
	t.length = len(t.element)
	if n > -int64(t.length) && n < int64(t.length) {
		t.length = int(max(n, -n))
	}
}

// aggregate compares and returns a bit for each element of b (IntRes1).
func aggregate(a, b stringOperand, how uint64) (r uint64) {
	n := len(b.element)
	for j := range n {
		hit := false
		switch how {
		case 0: // equal any
			for i := 0; i < a.length && j < b.length; i++ {
				hit = hit || a.element[i] == b.element[j]
			}
		case 1: // ranges: pairs of bounds
			for i := 0; i+1 < a.length && j < b.length; i += 2 {
				hit = hit || a.element[i] <= b.element[j] && b.element[j] <= a.element[i+1]
			}
		case 2: // equal each; beyond both ends is equal
			hit = j >= a.length && j >= b.length || j < a.length && j < b.length && a.element[j] == b.element[j]
		case 3: // equal ordered: a begins in b at j
			hit = true
			for i := 0; i < a.length && i+j < n; i++ {
				hit = hit && i+j < b.length && a.element[i] == b.element[i+j]
			}
		}
		r |= uint64(b2i(hit)) << j
	}
	return r
}
