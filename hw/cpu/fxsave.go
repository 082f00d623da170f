package cpu

import (
	"encoding/binary"

	"resvirt/hw/mem"
)

// The FXSAVE image (APM vol. 2, 11.5.5; figures 11-8 and 11-9). REX.W selects
// 64-bit pointers; without it they are 32-bit offsets and selectors. The error
// pointers, from FOP to MXCSR, are saved and restored only while an unmasked
// exception is pending, as by AMD's processors whose CPUID does not have
// RstrFpErrPtrs; without one, FXSAVE does not change these bytes in memory.
const (
	fxSize     = 512
	fxFSW      = 2
	fxFTW      = 4
	fxFOP      = 6
	fxFIP      = 8
	fxFCS      = 12
	fxFDP      = 16
	fxFDS      = 20
	fxMXCSR    = 24
	fxMask     = 28
	fxST       = 32
	fxXMM      = 160
	fxSTStride = 16
)

// fxReady makes the checks of both instructions: #NM with EM or TS, and a
// memory operand on a 16-byte boundary.
func (c *CPU) fxReady(i *Inst, acc access) (off uint64, ok bool) {
	if c.CR0&(CR0EM|CR0TS) != 0 {
		c.raise(VecNM)
		return 0, false
	}
	off = c.address(i)
	return off, c.aligned16(i.Seg, off, acc)
}

// fxXMMCount is how many XMM registers the image holds: those that the mode can
// name, and none before the system enabled SSE.
func (c *CPU) fxXMMCount() int {
	if c.CR4&CR4OSFXSR == 0 {
		return 0
	}
	return c.xmmCount()
}

func (c *CPU) fxsave(i *Inst) {
	off, ok := c.fxReady(i, accWrite)
	if !ok || !c.probeWrite(i.Seg, off, fxSize) {
		return
	}
	var b [fxSize]byte
	c.FPU.pack(&b, i.Prefix&PrefixREXW != 0)
	n := fxXMM + 16*c.fxXMMCount()
	head := c.FPU.headSize()
	if e, va := c.slot(i.Seg, off); va-e.wtag <= mem.PageSize-fxSize && c.hostGen == c.Mem.Gen() {
		copy(e.page[va-e.wtag:], b[:head])
		copy(e.page[va-e.wtag+fxMXCSR:], b[fxMXCSR:n])
		return
	}
	c.storeImage(i.Seg, off, &b, 0, head)
	c.storeImage(i.Seg, off, &b, fxMXCSR, n)
}

// headSize is the number of bytes before MXCSR that are stored: with or without
// the pointers.
func (f *FPU) headSize() int {
	if f.FSW&fswES == 0 {
		return fxFOP
	}
	return fxMXCSR
}

// storeImage stores a part of an image at a place that was checked to be
// writable.
func (c *CPU) storeImage(seg uint8, off uint64, b *[fxSize]byte, from, to int) {
	for size := 8; from < to; from += size {
		for size > to-from {
			size /= 2
		}
		c.storeN(seg, off+uint64(from), size, readLE(b[from:], size))
	}
}

// readLE is a number of 1, 2, 4 or 8 bytes.
func readLE(b []byte, size int) (v uint64) {
	for k := range size {
		v |= uint64(b[k]) << (8 * k)
	}
	return v
}

func (c *CPU) fxrstor(i *Inst) {
	off, ok := c.fxReady(i, accRead)
	if !ok {
		return
	}
	b, ok := c.fxLoad(i.Seg, off)
	if !ok {
		return
	}
	if binary.LittleEndian.Uint32(b[fxMXCSR:])&^mxcsrMask != 0 {
		c.raiseErr(VecGP, 0)
		return
	}
	c.FPU.unpack(&b, i.Prefix&PrefixREXW != 0, c.fxXMMCount())
}

// fxLoad loads an image.
func (c *CPU) fxLoad(seg uint8, off uint64) (b [fxSize]byte, ok bool) {
	if e, va := c.slot(seg, off); va-e.rtag <= mem.PageSize-fxSize && c.hostGen == c.Mem.Gen() {
		copy(b[:], e.page[va-e.rtag:])
		return b, true
	}
	for k := 0; k < fxSize; k += 8 {
		v, ok := c.loadN(seg, off+uint64(k), 8)
		if !ok {
			return b, false
		}
		binary.LittleEndian.PutUint64(b[k:], v)
	}
	return b, true
}

// pack writes the image. Registers lie in it relative to the top of the stack.
func (f *FPU) pack(b *[fxSize]byte, wide bool) {
	le := binary.LittleEndian
	le.PutUint16(b[0:], f.FCW)
	le.PutUint16(b[fxFSW:], f.FSW)
	b[fxFTW] = f.FTW
	le.PutUint16(b[fxFOP:], f.FOP)
	if wide {
		le.PutUint64(b[fxFIP:], f.FIP)
		le.PutUint64(b[fxFDP:], f.FDP)
	} else {
		le.PutUint32(b[fxFIP:], uint32(f.FIP))
		le.PutUint16(b[fxFCS:], f.FCS)
		le.PutUint32(b[fxFDP:], uint32(f.FDP))
		le.PutUint16(b[fxFDS:], f.FDS)
	}
	le.PutUint32(b[fxMXCSR:], f.MXCSR)
	le.PutUint32(b[fxMask:], mxcsrMask)
	for k := range 8 {
		st := f.ST[f.physical(uint8(k))]
		le.PutUint64(b[fxST+fxSTStride*k:], st.Mant)
		le.PutUint16(b[fxST+fxSTStride*k+8:], st.Exp)
	}
	for k, v := range f.XMM {
		le.PutUint64(b[fxXMM+16*k:], v[0])
		le.PutUint64(b[fxXMM+16*k+8:], v[1])
	}
}

// unpack loads the image, xmms of its XMM registers included.
func (f *FPU) unpack(b *[fxSize]byte, wide bool, xmms int) {
	le := binary.LittleEndian
	f.setControl(le.Uint16(b[0:]))
	f.FSW = le.Uint16(b[fxFSW:])
	f.summarize()
	f.FTW = b[fxFTW]
	if f.FSW&fswES != 0 {
		f.unpackPointers(b, wide)
	}
	f.MXCSR = le.Uint32(b[fxMXCSR:])
	for k := range 8 {
		at := b[fxST+fxSTStride*k:]
		f.ST[f.physical(uint8(k))] = Float80{le.Uint64(at), le.Uint16(at[8:])}
	}
	for k := range xmms {
		f.XMM[k] = xmm{le.Uint64(b[fxXMM+16*k:]), le.Uint64(b[fxXMM+16*k+8:])}
	}
}

// unpackPointers loads the error pointers. An image with 64-bit offsets has no
// selectors.
func (f *FPU) unpackPointers(b *[fxSize]byte, wide bool) {
	le := binary.LittleEndian
	f.Pointers = Pointers{FOP: le.Uint16(b[fxFOP:]) & 0x7ff, FIP: le.Uint64(b[fxFIP:]), FDP: le.Uint64(b[fxFDP:])}
	if !wide {
		f.FIP, f.FDP = f.FIP&0xffff_ffff, f.FDP&0xffff_ffff
		f.FCS, f.FDS = le.Uint16(b[fxFCS:]), le.Uint16(b[fxFDS:])
	}
}
