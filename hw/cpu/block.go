package cpu

import (
	"sync/atomic"

	"resvirt/hw/mem"
	"resvirt/models"
	"resvirt/sim"
)

// The block engine executes 64-bit code from decoded blocks. What it does not
// know, and every access that misses the host pages, it hands to the stepper's
// own functions, so that only the short way of frequent instructions exists twice.

// uop is an instruction in the form that the dispatcher executes. Addresses are
// relative to the page, so that a block holds wherever its page is mapped.
type uop struct {
	code     uint16 // what to do, see dispatch.go; the operands depend on it
	off      uint16 // of the instruction in its page
	next     uint16 // of the instruction after it, at most the size of a page
	class    uint8  // models.Class
	dst, src uint8  // register numbers
	base     uint8  // memory operand: r[base] + r[index]<<scale + disp
	index    uint8
	scale    uint8
	disp     uint64
	imm      uint64
}

// Registers of the dispatcher besides the general ones.
const (
	rZero = 16 // always 0
	rPage = 17 // address of the page, for operands relative to RIP
)

// block is a run of instructions within a page. It goes on after conditional
// branches that are not taken.
type block struct {
	ops   []uop
	insts []Inst // the same instructions for the stepper's functions
}

// maxBlock bounds the length of a block.
const maxBlock = 24

// pageCode is the decoded code of a page, shared by all that share the page. A
// block, once there, does not change.
type pageCode struct {
	blocks [mem.PageSize]atomic.Pointer[block]
}

// noBlock stands where an instruction is not for the dispatcher: it reaches
// into the next page.
var noBlock = new(block)

// block returns the block that begins at an offset of a page.
func (p *pageCode) block(off uint64, page *mem.Page) *block {
	if b := p.blocks[off].Load(); b != nil {
		return b
	}
	b := newBlock(off, page)
	p.blocks[off].Store(b)
	return b
}

func newBlock(off uint64, page *mem.Page) *block {
	b := &block{}
	for len(b.ops) < maxBlock && off < mem.PageSize {
		var i Inst
		if decode(page[off:min(off+MaxLen, mem.PageSize)], Mode64, &i) != DecodeOK {
			break
		}
		u := lower(&i, off)
		b.ops, b.insts = append(b.ops, u), append(b.insts, i)
		if endsBlock(&i) {
			break
		}
		off += uint64(i.Len)
	}
	if len(b.ops) == 0 {
		return noBlock
	}
	return b
}

// endsBlock tells whether what follows is not reached in order, or only after
// the machine was asked what it thinks of it.
func endsBlock(i *Inst) bool {
	switch i.Op {
	case OpJMP, OpJMPIND, OpCALL, OpCALLIND, OpRET, OpINS, OpOUTS, OpPAUSE:
		return true
	}
	k := i.Op.Kind()
	return k == KindSystem || k == KindNone
}

// covers tells whether an address lies in the block, which begins at start.
func (b *block) covers(start, rip uint64) bool {
	return rip-start < uint64(b.ops[len(b.ops)-1].next-b.ops[0].off)
}

// codeSlot caches the decoded code of the page at address tag, for one access
// mode. It is there only while the page's hostEntry lets it be executed.
type codeSlot struct {
	tag  uint64
	code *pageCode
	page *mem.Page
}

func emptyCode(i uint64) (s [4]codeSlot) {
	if i == 0 {
		for m := range s {
			s[m].tag = noTag0
		}
	}
	return s
}

// Bound says when ExecuteBlocks is to stop, besides what ends a turn.
type Bound struct {
	Clock int64    // once the clock has reached it
	Count uint64   // after so many instructions, at least one
	Watch []uint64 // before an instruction at one of these addresses, unless it is the first
}

// ExecuteBlocks executes instructions of a running processor to which nothing
// is to be delivered, at least one. It returns early whenever something other
// than the instructions in a row may have to happen.
func (c *CPU) ExecuteBlocks(b *Bound) {
	if c.RFLAGS&(FlagTF|FlagRF) == 0 && !c.IntShadow && !c.alignCheck() {
		if s := c.code(c.RIP); s != nil && c.dispatch(s, b) {
			return
		}
	}
	c.longWay++
	c.ExecuteCached()
}

// LongWay is how many instructions ExecuteBlocks has left to the stepper's functions.
func (c *CPU) LongWay() uint64 { return c.longWay }

// code returns the decoded code that the processor executes at RIP, nil if it
// has to fetch in the long way first.
func (c *CPU) code(rip uint64) *codeSlot {
	if c.hostGen != c.Mem.Gen() || !c.mode64() {
		return nil
	}
	i, mode := tlbIndex(rip), c.accessMode()
	s := &c.codes[i][mode]
	if rip-s.tag < mem.PageSize {
		return s
	}
	h := &c.host[i][mode]
	if rip-h.xtag >= mem.PageSize {
		return nil
	}
	p := c.codePage(c.TLB.Entry[i].PTE & pteFrame >> 12)
	if p == nil || c.hostGen != c.Mem.Gen() {
		return nil
	}
	*s = codeSlot{h.xtag, p, h.page}
	return s
}

// codePage returns the decoded code of a page of RAM, nil if it has none now.
func (c *CPU) codePage(pfn uint64) *pageCode {
	p, _ := c.Mem.Code(pfn, newPageCode).(*pageCode)
	return p
}

func newPageCode() any { return new(pageCode) }

// What the dispatcher, which is generated, needs besides.

// executeInBlock executes one instruction of a block with all its consequences,
// and tells whether the next of the block may follow at once.
func (c *CPU) executeInBlock(u *uop, i *Inst, page uint64) bool {
	moves := c.moves
	c.longWay++
	c.execute(i)
	if c.exc.pending {
		c.deliverException()
		return false
	}
	return u.code != uLast && c.Stop.Kind == StopNone && !c.EndTurn && c.moves == moves &&
		c.hostGen == c.Mem.Gen() && c.RIP == page+uint64(u.next)
}

// count notes n retired instructions, all begun at the present privilege level.
func (c *CPU) count(n uint64) {
	c.Retired += n
	if c.CPL == 0 {
		c.Retired0 += n
	}
}

var noCosts [models.NumClasses]sim.Time

func (c *CPU) costs() *[models.NumClasses]sim.Time {
	if c.Cost == nil {
		return &noCosts
	}
	return c.Cost
}

func watchesPage(pcs []uint64, page uint64) bool {
	for _, pc := range pcs {
		if pc-page < mem.PageSize {
			return true
		}
	}
	return false
}

func watchesBlock(pcs []uint64, b *block, start uint64) bool {
	for _, pc := range pcs {
		if b.covers(start, pc) {
			return true
		}
	}
	return false
}
