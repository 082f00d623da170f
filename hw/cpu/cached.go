package cpu

import (
	"encoding/binary"

	"resvirt/hw/mem"
)

// A cache of decoded instructions for the fast engine. Decoding depends only on
// an instruction's bytes and the mode. So an entry is looked up by address, and
// used only if the bytes there are the same from which it was decoded. Nothing
// has to be invalidated: code may change under it, by any processor or by the
// host, and pages may be forked, restored or mapped elsewhere.

const decodedEntries = 1 << 13

// decoded is one entry. The bytes past the instruction's length are zero.
type decoded struct {
	lo, hi         uint64 // the instruction's bytes
	maskLo, maskHi uint64 // which of 16 bytes are its own; both 0: an empty entry
	mode           Mode
	inst           Inst
}

type decodeCache [decodedEntries]decoded

// ExecuteCached does what Step does when no interrupt is delivered, but with a
// cache of decoded instructions: it executes one instruction of a running
// processor. The resulting State is the same.
func (c *CPU) ExecuteCached() {
	c.IntShadow, c.shadowed = false, c.IntShadow
	if i := c.fetchCached(); i != nil {
		c.execute(i)
	}
	if c.exc.pending {
		c.deliverException()
	}
}

// fetchCached is fetch with the cache; nil stands for false. Its fast path is
// for code in a flat segment if at least 16 bytes remain in a page from which
// the processor executes already.
func (c *CPU) fetchCached() *Inst {
	if c.decoded == nil {
		c.decoded = new(decodeCache)
	}
	rip := c.RIP
	h := &c.host[tlbIndex(rip)][c.accessMode()]
	d := rip - h.xtag
	if c.hostGen == 0 {
		return c.fetchCopied()
	}
	if d > mem.PageSize-16 || c.hostGen != c.Mem.Gen() {
		if !c.fetch(&c.scratch) {
			return nil
		}
		return &c.scratch
	}
	lo, hi := binary.LittleEndian.Uint64(h.page[d:]), binary.LittleEndian.Uint64(h.page[d+8:])
	e := &c.decoded[(rip^rip>>13)&(decodedEntries-1)]
	mode := c.mode()
	if e.is(lo, hi, mode) {
		return &e.inst
	}
	if !c.fetch(&c.scratch) {
		return nil
	}
	e.keep(lo, hi, mode, &c.scratch)
	return &e.inst
}

// upcoming is the instruction at RIP if it is in a page from which the processor executes
// already, otherwise nil. No state changes.
func (c *CPU) upcoming() *Inst {
	h := &c.host[tlbIndex(c.RIP)][c.accessMode()]
	d := c.RIP - h.xtag
	if d > mem.PageSize-16 || c.hostGen == 0 || c.hostGen != c.Mem.Gen() {
		return nil
	}
	if c.decoded == nil {
		c.decoded = new(decodeCache)
	}
	lo, hi := binary.LittleEndian.Uint64(h.page[d:]), binary.LittleEndian.Uint64(h.page[d+8:])
	e := &c.decoded[(c.RIP^c.RIP>>13)&(decodedEntries-1)]
	mode := c.mode()
	if !e.is(lo, hi, mode) {
		if decode(h.page[d:d+MaxLen], mode, &c.scratch) != DecodeOK {
			return nil
		}
		e.keep(lo, hi, mode, &c.scratch)
	}
	return &e.inst
}

// fetchCopied is fetch for code without a host page, mostly in segments that
// are not flat. It gets the bytes as fetch does, but takes the decoded
// instruction from the cache.
func (c *CPU) fetchCopied() *Inst {
	var buf [16]byte
	var have int
	if !c.armed() { // breakpoints are left to fetch
		if have = c.fetchCode(c.RIP, buf[:MaxLen]); have == 0 {
			return nil
		}
	}
	lo, hi := binary.LittleEndian.Uint64(buf[:]), binary.LittleEndian.Uint64(buf[8:])
	rip, mode := c.RIP+c.Seg[CS].Base, c.mode()
	e := &c.decoded[(rip^rip>>13)&(decodedEntries-1)]
	if have != 0 && e.is(lo, hi, mode) && int(e.inst.Len) <= have {
		if c.Mem.Watching() {
			c.noteFetch(uint64(e.inst.Len))
		}
		return &e.inst
	}
	if !c.fetch(&c.scratch) { // which finds what fetchCode found
		return nil
	}
	if int(c.scratch.Len) <= have {
		e.keep(lo, hi, mode, &c.scratch)
	}
	return &c.scratch
}

// is tells whether the entry was decoded from the first of these bytes.
func (e *decoded) is(lo, hi uint64, mode Mode) bool {
	return e.maskLo != 0 && lo&e.maskLo == e.lo && hi&e.maskHi == e.hi && e.mode == mode
}

func (e *decoded) keep(lo, hi uint64, mode Mode, i *Inst) {
	e.maskLo, e.maskHi = lengthMasks(i.Len)
	e.lo, e.hi, e.mode, e.inst = lo&e.maskLo, hi&e.maskHi, mode, *i
}

// lengthMasks selects the first n of 16 bytes, n from 1 to 15.
func lengthMasks(n uint8) (lo, hi uint64) {
	if n >= 8 {
		return ^uint64(0), uint64(1)<<(8*(n-8)) - 1
	}
	return uint64(1)<<(8*n) - 1, 0
}
