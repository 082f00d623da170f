package main

import "math/bits"

// Decodes those instructions of guests, in 64-bit code, that the VMM executes
// in their place (AMD APM vol. 3, 1). Any other instruction stays the guest's
// own fault.

// insn is a decoded instruction.
type insn struct {
	code [15]byte
	size int // bytes of code that could be read
	pos  int // bytes decoded

	op     uint32 // opcode, twoByte if it follows 0F
	rex    uint8
	seg    uint8 // 0x64 or 0x65, 0 = none
	rep    bool
	short  bool  // operand size prefix
	modrm  uint8 // only if hasModRM
	isMem  bool
	addr   uint64 // of the operand in memory
	ripRel bool   // addr is relative to the end of the instruction
}

const twoByte = 0x100

// fetch reads the instruction at an address; false if there is no byte of it.
func (i *insn) fetch(rip uint64) bool {
	for i.size = 0; i.size < len(i.code); {
		// Read up to the end of a page: the next page may be absent.
		at := rip + uint64(i.size)
		n := min(uint64(len(i.code)-i.size), pageSize-at&pageMask)
		if !fromGuest(ptrOfByte(&i.code[i.size]), at, n) {
			break
		}
		i.size += int(n)
	}
	return i.size > 0
}

// next takes a byte; what lies behind the last one reads as zero, and makes
// the instruction invalid (ok).
func (i *insn) next() uint8 {
	b := uint8(0)
	if i.pos < i.size {
		b = i.code[i.pos]
	}
	i.pos++
	return b
}

// ok says whether all bytes that were decoded could be read.
func (i *insn) ok() bool { return i.pos <= i.size }

// value takes an n-byte number and extends its sign.
func (i *insn) value(n int) uint64 {
	v := uint64(0)
	for k := 0; k < n; k++ {
		v |= uint64(i.next()) << (8 * k)
	}
	shift := uint(64 - 8*n)
	return uint64(int64(v<<shift) >> shift)
}

// decode reads prefixes, opcode and, if the opcode has them, ModRM and what
// follows it. r gives the registers of the address.
func (i *insn) decode(r *regs) bool {
	for {
		switch b := i.next(); b {
		case 0x66:
			i.short = true
		case 0xf0, 0x2e, 0x36, 0x3e, 0x26:
			// LOCK, because what the VMM does is atomic anyhow; segment prefixes
			// without effect.
		case 0xf2, 0xf3:
			i.rep = true
		case 0x64, 0x65:
			i.seg = b
		case 0x67:
			return false
		default:
			if b&0xf0 == 0x40 {
				i.rex = b
				b = i.next()
			}
			i.op = uint32(b)
			if b == 0x0f {
				i.op = twoByte | uint32(i.next())
			}
			if hasModRM(i.op) {
				i.operand(r)
			}
			return i.ok()
		}
		if i.pos >= len(i.code) {
			return false
		}
	}
}

// hasModRM says whether an opcode has a ModRM byte, if it is one that is
// executed here.
func hasModRM(op uint32) bool {
	switch op {
	case 0x80, 0x81, 0x83, 0x86, 0x87, 0x88, 0x89, 0xc6, 0xc7, 0xf6, 0xf7, 0xfe, 0xff,
		twoByte | 0x01, twoByte | 0xba, twoByte | 0xab, twoByte | 0xb3, twoByte | 0xbb,
		twoByte | 0xb0, twoByte | 0xb1, twoByte | 0xc0, twoByte | 0xc1, twoByte | 0xc7,
		twoByte | 0x20, twoByte | 0x21, twoByte | 0x22, twoByte | 0x23:
		return true
	}
	return op < 0x40 && op&7 < 2 // ADD OR ADC SBB AND SUB XOR CMP to memory
}

// operand decodes ModRM, SIB and displacement (APM vol. 3, 1.4 and 1.5).
func (i *insn) operand(r *regs) {
	i.modrm = i.next()
	mod, rm := i.modrm>>6, i.modrm&7
	if mod == 3 {
		return
	}
	i.isMem = true
	disp := 0
	switch mod {
	case 1:
		disp = 1
	case 2:
		disp = 4
	}
	switch {
	case rm == 4:
		sib := i.next()
		if index := sib>>3&7 | i.rex<<2&8; index != 4 {
			i.addr = *gpr(r, index) << (sib >> 6)
		}
		if sib&7 == 5 && mod == 0 {
			disp = 4
		} else {
			i.addr += *gpr(r, sib&7|i.rex<<3&8)
		}
	case rm == 5 && mod == 0:
		disp, i.ripRel = 4, true
	default:
		i.addr = *gpr(r, rm|i.rex<<3&8)
	}
	if disp != 0 {
		i.addr += i.value(disp)
	}
}

// linear is the linear address of the operand; the whole instruction must have
// been decoded.
func (i *insn) linear(r *regs) uint64 {
	a := i.addr
	if i.ripRel {
		a += r.RIP + uint64(i.pos)
	}
	switch i.seg {
	case 0x64:
		a += readMSR(msrFSBase)
	case 0x65:
		a += readMSR(msrGSBase)
	}
	return a
}

// reg is the number of the register in ModRM's middle field.
func (i *insn) reg() uint8 { return i.modrm>>3&7 | i.rex<<1&8 }

// rm is the number of the register operand.
func (i *insn) rm() uint8 { return i.modrm&7 | i.rex<<3&8 }

// width is the operand size in bytes of an instruction whose lowest opcode bit
// tells bytes from larger operands.
func (i *insn) width() uint {
	switch {
	case i.op&1 == 0:
		return 1
	case i.rex&8 != 0:
		return 8
	case i.short:
		return 2
	}
	return 4
}

// gprWord is where in regs, in words, the register of a number lies.
var gprWord = [16]uint8{10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0}

// gpr is a general register by number.
func gpr(r *regs, n uint8) *uint64 { return &(*[20]uint64)(ptrOfRegs(r))[gprWord[n&15]%20] }

// getReg reads an operand of n bytes; without REX, 4 to 7 are AH, CH, DH, BH.
func (i *insn) getReg(r *regs, n uint8, width uint) uint64 {
	if width == 1 && i.rex == 0 && n >= 4 && n < 8 {
		return *gpr(r, n-4) >> 8 & 0xff
	}
	return *gpr(r, n) & sizeMask(width)
}

// setReg writes an operand of n bytes; a write of 4 bytes clears the upper
// half.
func (i *insn) setReg(r *regs, n uint8, width uint, v uint64) {
	switch {
	case width == 1 && i.rex == 0 && n >= 4 && n < 8:
		p := gpr(r, n-4)
		*p = *p&^0xff00 | v&0xff<<8
	case width >= 4:
		*gpr(r, n) = v & sizeMask(width)
	default:
		p := gpr(r, n)
		*p = *p&^sizeMask(width) | v&sizeMask(width)
	}
}

// sizeMask covers an operand of n bytes.
func sizeMask(n uint) uint64 { return ^uint64(0) >> (64 - 8*n) }

// Arithmetic flags.
const (
	flagCF   = 1 << 0
	flagPF   = 1 << 2
	flagAF   = 1 << 4
	flagZF   = 1 << 6
	flagSF   = 1 << 7
	flagTF   = 1 << 8
	flagOF   = 1 << 11
	flagRF   = 1 << 16
	flagsALU = flagCF | flagPF | flagAF | flagZF | flagSF | flagOF
)

// resultFlags is SF, ZF and PF of a result.
func resultFlags(v uint64, width uint) uint64 {
	f := uint64(0)
	v &= sizeMask(width)
	if v == 0 {
		f |= flagZF
	}
	if v>>(8*width-1) != 0 {
		f |= flagSF
	}
	if bits.OnesCount8(uint8(v))&1 == 0 {
		f |= flagPF
	}
	return f
}

// alu computes one of ADD OR ADC SBB AND SUB XOR CMP, 0 to 7 in opcodes, and
// its flags.
func alu(op uint8, a, b, carry uint64, width uint) (v, flags uint64) {
	mask := sizeMask(width)
	top := uint64(1) << (8*width - 1)
	a, b = a&mask, b&mask
	switch op & 7 {
	case 1:
		v = a | b
		return v, resultFlags(v, width)
	case 4:
		v = a & b
		return v, resultFlags(v, width)
	case 6:
		v = a ^ b
		return v, resultFlags(v, width)
	case 0, 2:
		if op&7 == 0 {
			carry = 0
		}
		v = (a + b + carry) & mask
		if v < a || carry != 0 && v == a {
			flags |= flagCF
		}
		if (a^v)&(b^v)&top != 0 {
			flags |= flagOF
		}
	default:
		if op&7 != 3 {
			carry = 0
		}
		v = (a - b - carry) & mask
		if a < b || carry != 0 && a == b {
			flags |= flagCF
		}
		if (a^b)&(a^v)&top != 0 {
			flags |= flagOF
		}
	}
	if (a^b^v)&0x10 != 0 {
		flags |= flagAF
	}
	return v, flags | resultFlags(v, width)
}
