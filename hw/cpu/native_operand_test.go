package cpu

import "encoding/binary"

// implicit puts sense into registers that an instruction uses without saying so.
func (g *nativeGen) implicit(t *nativeCase) {
	i, s := &t.inst, &t.in
	switch {
	case i.Op.Kind() == KindString || i.Op == OpMASKMOVDQU || i.Op == OpMASKMOVQ:
		s.GPR[RSI], s.GPR[RDI] = g.place(int(i.Size)), g.place(int(i.Size))
		if g.chance(50) { // CMPS and SCAS should run for a while
			for k := range s.Data {
				s.Data[k] = byte(s.GPR[RAX])
			}
			s.GPR[RAX] = s.GPR[RAX] & 0xff * 0x0101010101010101
		}
		s.GPR[RCX] = uint64(g.IntN(40))
		if i.Addr == 4 && g.chance(30) {
			for _, r := range []int{RSI, RDI, RCX} {
				s.GPR[r] |= g.Uint64() << 32 // must be ignored
			}
		}
		if mask := g.mask(i, s); mask != nil && g.chance(50) { // nothing, or little, is selected
			for k := range mask {
				if mask[k] &^= 0x80; g.chance(5) {
					mask[k] |= 0x80
				}
			}
		}
	case i.Op == OpXLAT:
		s.GPR[RBX] = g.place(256)
	case i.Op == OpLOOP || i.Op == OpLOOPE || i.Op == OpLOOPNE || i.Op == OpJCXZ:
		s.GPR[RCX] = uint64(g.IntN(3)) | uint64(g.IntN(2))<<32
	case i.Op == OpDIV || i.Op == OpIDIV:
		g.dividend(s)
	case (i.Op == OpBT || i.Op == OpBTS || i.Op == OpBTR || i.Op == OpBTC) && i.Form == FormRMReg:
		s.GPR[i.Reg&15] = uint64(int64(g.IntN(0x4000) - 0x2000))
	case i.Op == OpCMPXCHG && g.chance(50) && i.Prefix&PrefixMem == 0:
		s.GPR[RAX] = s.GPR[i.RM&15]
	case i.Op == OpLEAVE:
		s.GPR[RBP] = g.place(16)
	case i.Op == OpENTER && g.chance(80):
		s.GPR[RBP] = g.place(16)
	case i.Op == OpCALLIND || i.Op == OpJMPIND:
		s.GPR[i.RM&15] = g.target()
	}
}

// mask is where the image has the mask of MASKMOVDQU or MASKMOVQ, or nil.
func (g *nativeGen) mask(i *Inst, s *nativeState) []byte {
	switch i.Op {
	case OpMASKMOVDQU:
		return s.FX[fxXMM+16*int(i.RM&15):][:16]
	case OpMASKMOVQ:
		top := int(binary.LittleEndian.Uint16(s.FX[fxFSW:]) >> fswTop & 7)
		return s.FX[fxST+16*((int(i.RM)-top)&7):][:8]
	}
	return nil
}

// dividend makes quotients that fit as often as not.
func (g *nativeGen) dividend(s *nativeState) {
	switch g.IntN(4) {
	case 0:
		s.GPR[RDX] = 0
	case 1:
		s.GPR[RDX] = uint64(int64(s.GPR[RAX]) >> 63)
	case 2:
		s.GPR[RDX] = uint64(g.IntN(1000))
		s.GPR[RAX] &= 0xffff
	}
}

// place picks an address for an operand: mostly inside the data, aligned or
// not, sometimes across its pages, its ends, or elsewhere.
func (g *nativeGen) place(size int) uint64 {
	at := uint64(nativeData)
	switch n := g.IntN(100); {
	case n < 40:
		at += uint64(g.IntN(nativeSize/16-64)) * 16
	case n < 80:
		at += 0x40 + uint64(g.IntN(nativeSize-0x400))
	case n < 92: // across the middle
		at += 0x1000 - uint64(g.IntN(size+2))
	case n < 97: // across an end
		at += nativeSize - uint64(g.IntN(size+2))
	case n < 98:
		at -= uint64(g.IntN(size + 2))
	default:
		return []uint64{0, 8, 1 << 47, 1<<47 - 4, 0xffff_7fff_ffff_fffc, 0xffff_8000_0000_0000, ^uint64(0) - 3, 0x7000_0000}[g.IntN(8)]
	}
	return at
}

// placeOperand makes the memory operand point at a place and puts values there.
func (g *nativeGen) placeOperand(t *nativeCase, dispAt int) {
	i, s := &t.inst, &t.in
	at := g.place(max(int(i.Size), 1))
	for i.Base == RSP && at-nativeData > 2*nativeSize { // Linux needs a sane stack pointer
		at = g.place(int(i.Size))
	}
	switch i.Op {
	case OpFXSAVE, OpFXRSTOR, OpFNSAVE, OpFRSTOR:
		at = nativeData + uint64(g.IntN(0x100))*16
	}
	switch {
	case i.Base < 16:
		if i.Index < 16 && i.Index != i.Base && i.Index != RSP {
			s.GPR[i.Index] = uint64(int64(g.IntN(128) - 64))
		}
		rest := at - uint64(i.Disp)
		switch {
		case i.Index == i.Base:
			s.GPR[i.Base] = rest / (1 + 1<<i.Scale)
		case i.Index < 16:
			s.GPR[i.Base] = rest - s.GPR[i.Index]<<i.Scale
		default:
			s.GPR[i.Base] = rest
		}
	case i.Index < 16 && dispAt >= 0 && i.Base == NoReg:
		at &= 0x3fff_ffff
		s.GPR[i.Index] = (at - uint64(i.Disp)) >> i.Scale
	case dispAt >= 0:
		g.patch(t, dispAt, at)
	}
	if i.Addr == 4 && i.Base < 16 && i.Base != RSP && g.chance(30) {
		s.GPR[i.Base] |= 0x5a5a_0000_0000_0000 // must be ignored
	}
	g.fill(t, at)
}

// patch writes the displacement of an operand without base.
func (g *nativeGen) patch(t *nativeCase, dispAt int, at uint64) {
	i := &t.inst
	if i.Base == RIPReg {
		at -= t.in.RIP + uint64(i.Len)
	}
	if moffs := i.Op == OpMOV && i.Base == NoReg && t.code[dispAt-1]&0xfc == 0xa0; moffs && i.Addr == 8 {
		binary.LittleEndian.PutUint64(t.code[dispAt:], at)
	} else {
		binary.LittleEndian.PutUint32(t.code[dispAt:], uint32(at))
	}
	*i, _ = Decode(t.code, Mode64)
}

// fill puts interesting values at the operand.
func (g *nativeGen) fill(t *nativeCase, at uint64) {
	i, s := &t.inst, &t.in
	var b [16]byte
	le := binary.LittleEndian
	le.PutUint64(b[:], g.half())
	le.PutUint64(b[8:], g.half())
	switch {
	case i.Op == OpLDMXCSR:
		le.PutUint32(b[:], g.Uint32()&0xffff)
	case i.Op == OpFLDCW:
		le.PutUint16(b[:], uint16(g.Uint32())|0x3f)
	case i.Op.Kind() == KindX87 && i.Size == 10:
		mant, exp := g.extended()
		le.PutUint64(b[:], mant)
		le.PutUint16(b[8:], exp)
	case i.Op.Kind() == KindX87 && i.Size == 8:
		le.PutUint64(b[:], g.double())
	case i.Op.Kind() == KindX87 && i.Size == 4:
		le.PutUint32(b[:], g.single())
	case i.Op == OpCALLIND || i.Op == OpJMPIND:
		le.PutUint64(b[:], g.target())
	case i.Op.Kind() == KindInt:
		le.PutUint64(b[:], g.integer())
		if i.Op == OpCMPXCHG && g.chance(50) {
			le.PutUint64(b[:], s.GPR[RAX])
		}
		if i.Op == OpCMPXCHG8B && g.chance(50) {
			le.PutUint32(b[:], uint32(s.GPR[RAX]))
			le.PutUint32(b[4:], uint32(s.GPR[RDX]))
		}
	case i.Op == OpFXRSTOR:
		for k := uint64(0); k < fxSize; k++ {
			if o := at + k - nativeData; o < nativeSize {
				s.Data[o] = 0
			}
		}
		from := g.Rand
		other := nativeGen{Rand: from}
		var image nativeState
		other.floating(&image)
		if o := at - nativeData; o < nativeSize {
			copy(s.Data[o:], image.FX[:])
		}
		return
	}
	for k := range uint64(16) {
		if o := at + k - nativeData; o < nativeSize {
			s.Data[o] = b[k]
		}
	}
}
