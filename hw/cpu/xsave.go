package cpu

import "encoding/binary"

// XSAVE and its like (Intel SDM vol. 1, chapter 13; APM vol. 2, 11.5). The state
// components are x87 and SSE, so that the compacted image is laid out as the
// standard one.
const (
	xcr0X87   uint64 = 1 << 0
	xcr0SSE   uint64 = 1 << 1
	xcr0Known        = xcr0X87 | xcr0SSE

	xHeader   = 512 // offset of XSTATE_BV; XCOMP_BV follows
	xSize     = 576
	xCompact  = 1 << 63 // in XCOMP_BV
	mxcsrInit = 0x1f80
)

// xReady checks what all of them check and returns the components that EDX:EAX
// asks for and XCR0 enables.
func (c *CPU) xReady(i *Inst, acc access) (off, asked uint64, ok bool) {
	switch {
	case c.CR4&CR4OSXSAVE == 0:
		c.raise(VecUD)
		return 0, 0, false
	case c.CR0&CR0TS != 0:
		c.raise(VecNM)
		return 0, 0, false
	}
	off = c.address(i)
	va, ok := c.linear(i.Seg, off, 1, acc)
	if ok && va&63 != 0 {
		c.raiseErr(VecGP, 0)
		return 0, 0, false
	}
	asked = (c.GPR[RDX]<<32 | c.GPR[RAX]&0xffff_ffff) & c.XCR0
	return off, asked, ok && c.probe(i.Seg, off, xSize, acc)
}

// inUse returns the components that are not in their initial state.
func (f *FPU) inUse() (n uint64) {
	if f.FCW != fcwInit || f.FSW != 0 || f.FTW != 0 || f.Pointers != (Pointers{}) || f.ST != [8]Float80{} {
		n |= xcr0X87
	}
	if f.XMM != [16]xmm{} {
		n |= xcr0SSE
	}
	return n
}

// xsave executes XSAVE, XSAVEOPT and XSAVEC. The latter two leave out what is in
// its initial state; XSAVEOPT does not track what was not modified.
func (c *CPU) xsave(i *Inst) {
	off, asked, ok := c.xReady(i, accWrite)
	if !ok {
		return
	}
	used := c.FPU.inUse()
	if i.Op == OpXSAVEC && c.FPU.MXCSR != mxcsrInit {
		used |= xcr0SSE
	}
	saved := asked
	if i.Op != OpXSAVE {
		saved &= used
	}
	var b [fxSize]byte
	c.FPU.pack(&b, i.Prefix&PrefixREXW != 0)
	put := func(from, to int) { c.storeImage(i.Seg, off, &b, from, to) }
	if saved&xcr0X87 != 0 {
		put(0, c.FPU.headSize())
		put(fxST, fxXMM)
	}
	if asked&xcr0SSE != 0 && (i.Op != OpXSAVEC || saved&xcr0SSE != 0) {
		put(fxMXCSR, fxST)
	}
	if saved&xcr0SSE != 0 {
		put(fxXMM, fxXMM+16*c.xmmCount())
	}
	vector := used & asked
	if i.Op == OpXSAVEC {
		c.storeN(i.Seg, off+xHeader+8, 8, asked|xCompact)
	} else if old, ok := c.loadN(i.Seg, off+xHeader, 8); ok {
		vector |= old &^ asked
	}
	c.storeN(i.Seg, off+xHeader, 8, vector)
}

// xmmCount is how many XMM registers the mode can name.
func (c *CPU) xmmCount() int {
	if c.mode64() {
		return 16
	}
	return 8
}

// xrstor executes XRSTOR on either form of the image.
func (c *CPU) xrstor(i *Inst) {
	off, asked, ok := c.xReady(i, accRead)
	if !ok {
		return
	}
	var b [xSize]byte
	for k := 0; k < xSize; k += 8 {
		v, _ := c.loadN(i.Seg, off+uint64(k), 8)
		binary.LittleEndian.PutUint64(b[k:], v)
	}
	present := binary.LittleEndian.Uint64(b[xHeader:])
	compact := binary.LittleEndian.Uint64(b[xHeader+8:])&xCompact != 0
	mxcsr := binary.LittleEndian.Uint32(b[fxMXCSR:])
	loadsMXCSR := asked&xcr0SSE != 0 && (!compact || present&xcr0SSE != 0)
	if !c.xHeaderGood((*[64]byte)(b[xHeader:])) || loadsMXCSR && mxcsr&^mxcsrMask != 0 {
		c.raiseErr(VecGP, 0)
		return
	}
	f := &c.FPU
	from := FPU{FCW: fcwInit, MXCSR: mxcsrInit} // what absent components become
	if present&xcr0X87 != 0 {
		from.Pointers = f.Pointers // of an image without a pending exception they stay
		from.unpack((*[fxSize]byte)(b[:]), i.Prefix&PrefixREXW != 0, 0)
	}
	if asked&xcr0X87 != 0 {
		from.XMM, from.MXCSR = f.XMM, f.MXCSR
		*f = from
	}
	if asked&xcr0SSE == 0 {
		return
	}
	f.MXCSR = mxcsrInit
	if loadsMXCSR {
		f.MXCSR = mxcsr
	}
	for k := range c.xmmCount() {
		f.XMM[k] = xmm{}
		if present&xcr0SSE != 0 {
			at := b[fxXMM+16*k:]
			f.XMM[k] = xmm{binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:])}
		}
	}
}

// xHeaderGood checks the header of an image: no component that XCR0 or, in the
// compacted form, XCOMP_BV lacks, and zeros where nothing is defined.
func (c *CPU) xHeaderGood(h *[64]byte) bool {
	present, format := binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])
	zeros := h[8:24]
	if format&xCompact != 0 {
		zeros = h[16:]
		if format&^(c.XCR0|xCompact) != 0 || present&^format != 0 {
			return false
		}
	}
	for _, b := range zeros {
		if b != 0 {
			return false
		}
	}
	return present&^c.XCR0 == 0
}

// execXCR executes XGETBV and XSETBV. The only register is XCR0.
func (c *CPU) execXCR(i *Inst) {
	n := c.GPR[RCX] & 0xffff_ffff
	v := c.GPR[RDX]<<32 | c.GPR[RAX]&0xffff_ffff
	switch {
	case c.CR4&CR4OSXSAVE == 0:
		c.raise(VecUD)
	case n != 0, i.Op == OpXSETBV && (c.CPL != 0 || v&^xcr0Known != 0 || v&xcr0X87 == 0):
		c.raiseErr(VecGP, 0)
	case i.Op == OpXSETBV:
		c.XCR0 = v
	default:
		c.GPR[RAX], c.GPR[RDX] = c.XCR0&0xffff_ffff, c.XCR0>>32
	}
}
