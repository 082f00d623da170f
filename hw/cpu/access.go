package cpu

import (
	"encoding/binary"
	"resvirt/hw/mem"
	"resvirt/models"
)

// Loads and stores of instructions. Each tries the host page of the address
// first; if there is none yet, or the access is not a plain one, it takes the
// long way, which also fills in the host page. If the result is false, a fault
// has been raised.

// slot returns the host entry that seg:off would use, and the linear address.
func (c *CPU) slot(seg uint8, off uint64) (*hostEntry, uint64) {
	if 1<<seg&(1<<CS|1<<FS|1<<GS) != 0 {
		if !c.mode64() { // flat says nothing about these
			return &noHost, off
		}
		off += c.Seg[seg].Base
	}
	return &c.host[tlbIndex(off)][c.accessMode()], off
}

func (c *CPU) load8(seg uint8, off uint64) (uint8, bool) {
	e, va := c.slot(seg, off)
	if d := va - e.rtag; d <= mem.PageSize-1 && c.hostGen == c.Mem.Gen() {
		return e.page[d], true
	}
	v, ok := c.loadSlow(seg, off, 1)
	return uint8(v), ok
}

func (c *CPU) load16(seg uint8, off uint64) (uint16, bool) {
	e, va := c.slot(seg, off)
	if d := va - e.rtag; d <= mem.PageSize-2 && c.hostGen == c.Mem.Gen() {
		if v := binary.LittleEndian.Uint16(e.page[d:]); d&1 == 0 || !c.alignCheck() {
			return v, true
		}
	}
	v, ok := c.loadSlow(seg, off, 2)
	return uint16(v), ok
}

func (c *CPU) load32(seg uint8, off uint64) (uint32, bool) {
	e, va := c.slot(seg, off)
	if d := va - e.rtag; d <= mem.PageSize-4 && c.hostGen == c.Mem.Gen() {
		if v := binary.LittleEndian.Uint32(e.page[d:]); d&3 == 0 || !c.alignCheck() {
			return v, true
		}
	}
	v, ok := c.loadSlow(seg, off, 4)
	return uint32(v), ok
}

func (c *CPU) load64(seg uint8, off uint64) (uint64, bool) {
	e, va := c.slot(seg, off)
	if d := va - e.rtag; d <= mem.PageSize-8 && c.hostGen == c.Mem.Gen() {
		if v := binary.LittleEndian.Uint64(e.page[d:]); d&7 == 0 || !c.alignCheck() {
			return v, true
		}
	}
	return c.loadSlow(seg, off, 8)
}

func (c *CPU) store8(seg uint8, off uint64, v uint8) bool {
	e, va := c.slot(seg, off)
	if d := va - e.wtag; d <= mem.PageSize-1 && c.hostGen == c.Mem.Gen() {
		e.page[d] = v
		return true
	}
	return c.storeSlow(seg, off, 1, uint64(v))
}

func (c *CPU) store16(seg uint8, off uint64, v uint16) bool {
	e, va := c.slot(seg, off)
	if d := va - e.wtag; d <= mem.PageSize-2 && c.hostGen == c.Mem.Gen() && (d&1 == 0 || !c.alignCheck()) {
		binary.LittleEndian.PutUint16(e.page[d:], v)
		return true
	}
	return c.storeSlow(seg, off, 2, uint64(v))
}

func (c *CPU) store32(seg uint8, off uint64, v uint32) bool {
	e, va := c.slot(seg, off)
	if d := va - e.wtag; d <= mem.PageSize-4 && c.hostGen == c.Mem.Gen() && (d&3 == 0 || !c.alignCheck()) {
		binary.LittleEndian.PutUint32(e.page[d:], v)
		return true
	}
	return c.storeSlow(seg, off, 4, uint64(v))
}

func (c *CPU) store64(seg uint8, off uint64, v uint64) bool {
	e, va := c.slot(seg, off)
	if d := va - e.wtag; d <= mem.PageSize-8 && c.hostGen == c.Mem.Gen() && (d&7 == 0 || !c.alignCheck()) {
		binary.LittleEndian.PutUint64(e.page[d:], v)
		return true
	}
	return c.storeSlow(seg, off, 8, v)
}

// loadN loads size (1, 2, 4 or 8) bytes, zero-extended.
func (c *CPU) loadN(seg uint8, off uint64, size int) (uint64, bool) {
	switch size {
	case 1:
		v, ok := c.load8(seg, off)
		return uint64(v), ok
	case 2:
		v, ok := c.load16(seg, off)
		return uint64(v), ok
	case 4:
		v, ok := c.load32(seg, off)
		return uint64(v), ok
	}
	return c.load64(seg, off)
}

// storeN stores the low size (1, 2, 4 or 8) bytes of v.
func (c *CPU) storeN(seg uint8, off uint64, size int, v uint64) bool {
	switch size {
	case 1:
		return c.store8(seg, off, uint8(v))
	case 2:
		return c.store16(seg, off, uint16(v))
	case 4:
		return c.store32(seg, off, uint32(v))
	}
	return c.store64(seg, off, v)
}

// rmwN loads size bytes that the instruction will store back. It faults as the
// store would, so that storeN at the same place cannot fault any more.
func (c *CPU) rmwN(seg uint8, off uint64, size int) (uint64, bool) {
	if !c.probeWrite(seg, off, size) {
		return 0, false
	}
	return c.loadN(seg, off, size)
}

// probeWrite raises the fault that a store would raise. It touches no device.
func (c *CPU) probeWrite(seg uint8, off uint64, size int) bool {
	e, va := c.slot(seg, off)
	if d := va - e.wtag; d <= mem.PageSize-uint64(size) && c.hostGen == c.Mem.Gen() &&
		(d&uint64(size-1) == 0 || !c.alignCheck()) {
		return true
	}
	return c.probeAligned(seg, off, size, accWrite)
}

// probeRead raises the fault that a load would raise.
func (c *CPU) probeRead(seg uint8, off uint64, size int) bool {
	return c.probeAligned(seg, off, size, accRead)
}

func (c *CPU) probeAligned(seg uint8, off uint64, size int, acc access) bool {
	if size > 1 && c.alignCheck() && !c.checkAlignment(seg, off, size, acc) {
		return false
	}
	return c.probe(seg, off, size, acc)
}

func (c *CPU) probe(seg uint8, off uint64, size int, acc access) bool {
	va, ok := c.linear(seg, off, size, acc)
	if !ok {
		return false
	}
	_, _, ok = c.span(va, size, acc, c.accessMode())
	return ok
}

// load128 loads 16 bytes. An aligned access of SSE raises #GP when it is not.
func (c *CPU) load128(seg uint8, off uint64, aligned bool) (lo, hi uint64, ok bool) {
	e, va := c.slot(seg, off)
	if d := va - e.rtag; d <= mem.PageSize-16 && c.hostGen == c.Mem.Gen() && d&15 == 0 {
		return binary.LittleEndian.Uint64(e.page[d:]), binary.LittleEndian.Uint64(e.page[d+8:]), true
	}
	if aligned && !c.aligned16(seg, off, accRead) || !c.probeAligned(seg, off, 16, accRead) {
		return 0, 0, false
	}
	if lo, ok = c.loadPlain(seg, off); ok {
		hi, ok = c.loadPlain(seg, off+8)
	}
	return lo, hi, ok
}

// store128 stores 16 bytes.
func (c *CPU) store128(seg uint8, off uint64, lo, hi uint64, aligned bool) bool {
	e, va := c.slot(seg, off)
	if d := va - e.wtag; d <= mem.PageSize-16 && c.hostGen == c.Mem.Gen() && d&15 == 0 {
		binary.LittleEndian.PutUint64(e.page[d:], lo)
		binary.LittleEndian.PutUint64(e.page[d+8:], hi)
		return true
	}
	if aligned && !c.aligned16(seg, off, accWrite) || !c.probeAligned(seg, off, 16, accWrite) {
		return false
	}
	return c.storePlain(seg, off, lo) && c.storePlain(seg, off+8, hi)
}

// aligned16 raises #GP(0) unless the linear address is a multiple of 16, which
// comes before any fault of the segment.
func (c *CPU) aligned16(seg uint8, off uint64, acc access) bool {
	if _, va := c.slot(seg, off); c.mode64() && va&15 != 0 {
		c.raiseErr(VecGP, 0)
		return false
	}
	va, ok := c.linear(seg, off, 16, acc)
	if ok && va&15 != 0 {
		c.raiseErr(VecGP, 0)
		return false
	}
	return ok
}

// alignCheck tells whether misaligned data accesses raise #AC (APM vol. 2, 3.1.1).
func (c *CPU) alignCheck() bool {
	return c.CPL == 3 && c.RFLAGS&FlagAC != 0 && c.CR0&CR0AM != 0
}

func (c *CPU) loadSlow(seg uint8, off uint64, size int) (uint64, bool) {
	if size > 1 && c.alignCheck() && !c.checkAlignment(seg, off, size, accRead) {
		return 0, false
	}
	va, ok := c.linear(seg, off, size, accRead)
	if !ok {
		return 0, false
	}
	return c.loadNoted(va, size)
}

func (c *CPU) storeSlow(seg uint8, off uint64, size int, v uint64) bool {
	if size > 1 && c.alignCheck() && !c.checkAlignment(seg, off, size, accWrite) {
		return false
	}
	va, ok := c.linear(seg, off, size, accWrite)
	return ok && c.storeNoted(va, size, v)
}

// checkAlignment raises a fault that comes before #AC, or #AC(0) if the address is
// misaligned.
func (c *CPU) checkAlignment(seg uint8, off uint64, size int, acc access) bool {
	va, ok := c.linear(seg, off, size, acc)
	if !ok || va&uint64(alignment(size)-1) == 0 {
		return ok
	}
	if _, _, ok = c.span(va, size, acc, c.accessMode()); ok {
		c.raiseErr(VecAC, 0)
	}
	return false
}

// alignment is what an operand of a size is aligned to: an extended real to 8,
// an environment to its words (APM vol. 2, 8.2.17).
func alignment(size int) int {
	if size == 10 {
		return 8
	}
	return min(size&-size, 16)
}

// loadPlain and storePlain are parts of a wider access whose alignment was checked.
func (c *CPU) loadPlain(seg uint8, off uint64) (uint64, bool) {
	va, ok := c.linear(seg, off, 8, accRead)
	if !ok {
		return 0, false
	}
	return c.loadNoted(va, 8)
}

func (c *CPU) storePlain(seg uint8, off uint64, v uint64) bool {
	va, ok := c.linear(seg, off, 8, accWrite)
	return ok && c.storeNoted(va, 8, v)
}

// loadNoted and storeNoted are accesses that the program makes: breakpoints
// watch these, but not accesses that the processor makes by itself.
func (c *CPU) loadNoted(va uint64, size int) (uint64, bool) {
	if c.armed() {
		c.noteAccess(va, size, accRead)
	}
	return c.loadVA(va, size, c.accessMode())
}

func (c *CPU) storeNoted(va uint64, size int, v uint64) bool {
	if c.armed() {
		c.noteAccess(va, size, accWrite)
	}
	return c.storeVA(va, size, v, c.accessMode())
}

// span translates size bytes at va: pa is that of the first byte, and pb that
// of the first byte in the second page if there is one.
func (c *CPU) span(va uint64, size int, acc access, mode uint8) (pa, pb uint64, ok bool) {
	if pa, ok = c.translate(va, acc, mode); !ok {
		return 0, 0, false
	}
	last := va + uint64(size) - 1
	if !c.mode64() && va>>32 == 0 {
		last &= 0xffffffff
	}
	if (va^last)>>12 != 0 {
		pb, ok = c.translate(last&^0xfff, acc, mode)
	}
	return pa, pb, ok
}

// loadVA loads size bytes at a linear address in an access mode.
func (c *CPU) loadVA(va uint64, size int, mode uint8) (uint64, bool) {
	pa, pb, ok := c.span(va, size, accRead, mode)
	if !ok {
		return 0, false
	}
	first := mem.PageSize - int(va&0xfff)
	if first < size {
		return c.loadPhys(pa, first) | c.loadPhys(pb, size-first)<<(8*first), true
	}
	if c.isDevice(pa) || c.Mem.Watched(pa>>12) {
		return c.loadPhys(pa, size), true
	}
	p := c.Mem.PageForRead(pa >> 12)
	c.keepHost(va, p, accRead, mode)
	return readPage(p, pa&0xfff, size), true
}

// storeVA stores size bytes at a linear address in an access mode. Both pages of
// a crossing store are translated before anything is written.
func (c *CPU) storeVA(va uint64, size int, v uint64, mode uint8) bool {
	pa, pb, ok := c.span(va, size, accWrite, mode)
	if !ok {
		return false
	}
	first := mem.PageSize - int(va&0xfff)
	if first < size {
		c.storePhys(pa, first, v)
		c.storePhys(pb, size-first, v>>(8*first))
		return true
	}
	if c.isDevice(pa) || c.Mem.Guarded(pa>>12) {
		c.storePhys(pa, size, v)
		return true
	}
	p := c.Mem.PageForWrite(pa >> 12)
	c.keepHost(va, p, accWrite, mode)
	writePage(p, pa&0xfff, size, v)
	return true
}

// loadPhys loads 1 to 8 bytes within a page. A device sees one access where the
// size is a power of two, otherwise bytes.
func (c *CPU) loadPhys(pa uint64, size int) (v uint64) {
	if !c.isDevice(pa) {
		c.Mem.NoteRead(pa, uint64(size), c.RIP)
		for i := range size {
			v |= uint64(c.Mem.Read8(pa+uint64(i))) << (8 * i)
		}
		return v
	}
	c.moves++
	c.charge(models.MMIO)
	if size&(size-1) == 0 {
		return c.Bus.ReadMMIO(c.ID, pa, size)
	}
	for i := range size {
		v |= c.Bus.ReadMMIO(c.ID, pa+uint64(i), 1) & 0xff << (8 * i)
	}
	return v
}

func (c *CPU) storePhys(pa uint64, size int, v uint64) {
	if !c.isDevice(pa) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v)
		c.Mem.WriteBytes(pa, b[:size])
		return
	}
	c.moves++
	c.charge(models.MMIO)
	if size&(size-1) == 0 {
		c.Bus.WriteMMIO(c.ID, pa, size, v)
		return
	}
	for i := range size {
		c.Bus.WriteMMIO(c.ID, pa+uint64(i), 1, v>>(8*i)&0xff)
	}
}

func readPage(p *mem.Page, d uint64, size int) uint64 {
	switch size {
	case 1:
		return uint64(p[d])
	case 2:
		return uint64(binary.LittleEndian.Uint16(p[d:]))
	case 4:
		return uint64(binary.LittleEndian.Uint32(p[d:]))
	}
	return binary.LittleEndian.Uint64(p[d:])
}

func writePage(p *mem.Page, d uint64, size int, v uint64) {
	switch size {
	case 1:
		p[d] = uint8(v)
	case 2:
		binary.LittleEndian.PutUint16(p[d:], uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(p[d:], uint32(v))
	default:
		binary.LittleEndian.PutUint64(p[d:], v)
	}
}
