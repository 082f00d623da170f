package cpu

// sseMisc executes the remaining instructions: masks, single words, the control
// register and the byte-masked store.
func (c *CPU) sseMisc(i *Inst) bool {
	switch i.Op {
	case OpPMOVMSKB:
		v := c.FPU.XMM[i.RM]
		c.GPR[i.Reg] = moveMask8(v[0]) | moveMask8(v[1])<<8
	case OpMOVMSKPS:
		v := c.FPU.XMM[i.RM]
		c.GPR[i.Reg] = v[0]>>31&1 | v[0]>>63<<1 | v[1]>>31&1<<2 | v[1]>>63<<3
	case OpMOVMSKPD:
		v := c.FPU.XMM[i.RM]
		c.GPR[i.Reg] = v[0]>>63 | v[1]>>63<<1
	case OpPEXTRW:
		if i.Form == FormRMRegImm {
			return false
		}
		c.GPR[i.Reg] = c.FPU.XMM[i.RM][i.Imm>>2&1] >> (16 * (i.Imm & 3)) & 0xffff
	case OpPINSRW:
		c.insertWord(i)
	case OpLDMXCSR:
		if v, ok := c.loadN(i.Seg, c.address(i), 4); ok {
			if v&^mxcsrMask != 0 {
				c.raiseErr(VecGP, 0)
			} else {
				c.FPU.MXCSR = uint32(v)
			}
		}
	case OpSTMXCSR:
		c.storeN(i.Seg, c.address(i), 4, uint64(c.FPU.MXCSR))
	case OpMASKMOVDQU:
		c.maskedStore(i, c.FPU.XMM[i.Reg], c.FPU.XMM[i.RM], 16)
	default:
		return false
	}
	return true
}

func (c *CPU) insertWord(i *Inst) {
	v := c.GPR[i.RM]
	if i.Prefix&PrefixMem != 0 {
		var ok bool
		if v, ok = c.loadN(i.Seg, c.address(i), 2); !ok {
			return
		}
	}
	half, shift := i.Imm>>2&1, 16*(i.Imm&3)
	r := &c.FPU.XMM[i.Reg]
	r[half] = r[half]&^(0xffff<<shift) | v&0xffff<<shift
}

// maskedStore is MASKMOVDQU and MASKMOVQ: bytes of v whose mask byte has its top
// bit set go to DS:rDI. All bytes must be writable. If none is selected the
// manual leaves faults to the processor: as on Zen, MASKMOVDQU then faults only
// if the address is not canonical or outside its segment.
func (c *CPU) maskedStore(i *Inst, v, mask xmm, size int) {
	selected := moveMask8(mask[0]) | moveMask8(mask[1])<<8
	base := c.GPR[RDI]
	if i.Addr != 8 {
		base &= 1<<(8*i.Addr) - 1
	}
	if _, ok := c.linear(i.Seg, base, size, accWrite); !ok || selected == 0 && size == 16 || !c.probe(i.Seg, base, size, accWrite) {
		return
	}
	for k := range uint64(size) {
		if selected>>k&1 != 0 {
			c.storeN(i.Seg, base+k, 1, v[k/8]>>(8*(k%8))&0xff)
		}
	}
}
