package cpu

import "math/bits"

// sseCrypto executes AES-NI (FIPS 197), PCLMULQDQ, and the comparisons of strings.
func (c *CPU) sseCrypto(i *Inst) bool {
	switch i.Op {
	case OpPCLMULQDQ, OpAESIMC, OpAESENC, OpAESENCLAST, OpAESDEC, OpAESDECLAST, OpAESKEYGENASSIST:
	default:
		return c.compareStrings(i)
	}
	b, ok := c.xmmRM(i, true)
	if !ok {
		return true
	}
	a := &c.FPU.XMM[i.Reg]
	switch i.Op {
	case OpPCLMULQDQ:
		*a = carryless(a[i.Imm&1], b[i.Imm>>4&1])
	case OpAESKEYGENASSIST:
		*a = keyAssist(b, uint32(i.Imm&0xff))
	case OpAESIMC:
		*a = mixColumns(b, [4]uint8{14, 11, 13, 9})
	default:
		r := aesRound(*a, i.Op == OpAESENC || i.Op == OpAESENCLAST)
		if i.Op == OpAESENC {
			r = mixColumns(r, [4]uint8{2, 3, 1, 1})
		} else if i.Op == OpAESDEC {
			r = mixColumns(r, [4]uint8{14, 11, 13, 9})
		}
		*a = xmm{r[0] ^ b[0], r[1] ^ b[1]}
	}
	return true
}

// The state is 16 bytes, column by column.
func stateByte(v xmm, k int) uint8 { return uint8(v[k>>3&1] >> (8 * (k & 7))) }

// aesRound is ShiftRows and SubBytes, or their inverses.
func aesRound(v xmm, encrypt bool) (r xmm) {
	for k := range 16 {
		row, from := k&3, k+4*(k&3)
		box := &aesBox
		if !encrypt {
			from, box = k-4*row, &aesInverse
		}
		r[k/8] |= uint64(box[stateByte(v, from&15)]) << (8 * (k % 8))
	}
	return r
}

// mixColumns multiplies each column by the circulant matrix that begins with m.
func mixColumns(v xmm, m [4]uint8) (r xmm) {
	for k := range 16 {
		sum := uint8(0)
		for n, f := range m {
			sum ^= multiplyAES(f, stateByte(v, k&^3|(k+n)&3))
		}
		r[k/8] |= uint64(sum) << (8 * (k % 8))
	}
	return r
}

func keyAssist(v xmm, rcon uint32) xmm {
	sub := func(w uint32) (r uint32) {
		for k := 0; k < 32; k += 8 {
			r |= uint32(aesBox[uint8(w>>k)]) << k
		}
		return r
	}
	rotated := func(w uint32) uint32 { return bits.RotateLeft32(w, -8) ^ rcon }
	x1, x3 := sub(uint32(v[0]>>32)), sub(uint32(v[1]>>32))
	return xmm{uint64(x1) | uint64(rotated(x1))<<32, uint64(x3) | uint64(rotated(x3))<<32}
}

// multiplyAES multiplies in GF(2^8) modulo x^8+x^4+x^3+x+1 (FIPS 197, 4.2).
func multiplyAES(a, b uint8) (r uint8) {
	for ; a != 0; a >>= 1 {
		if a&1 != 0 {
			r ^= b
		}
		b = b<<1 ^ b>>7*0x1b
	}
	return r
}

// aesBox is the substitution of FIPS 197, 5.1.1, and aesInverse its inverse.
var aesBox, aesInverse = buildAES()

func buildAES() (box, inverse [256]uint8) {
	for x := range 256 {
		v := uint8(0)
		for y := range 256 { // the reciprocal of x, 0 for 0
			if multiplyAES(uint8(x), uint8(y)) == 1 {
				v = uint8(y)
			}
		}
		s := v ^ bits.RotateLeft8(v, 1) ^ bits.RotateLeft8(v, 2) ^ bits.RotateLeft8(v, 3) ^ bits.RotateLeft8(v, 4) ^ 0x63
		box[x], inverse[s] = s, uint8(x)
	}
	return box, inverse
}
