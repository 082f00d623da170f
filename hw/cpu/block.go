package cpu

import (
	"math"
	"slices"
	"sync/atomic"
	"unsafe"

	"resvirt/hw/mem"
	"resvirt/models"
	"resvirt/sim"
)

// The block engine executes 64-bit code, and 32-bit code in flat segments, from decoded
// blocks. Instructions that it does not know, and every access that misses the host pages,
// are left to the stepper's own functions. So only the fast path of frequent instructions
// exists twice.

// uop is an instruction in the form that the dispatcher executes. Addresses are
// relative to the page, so that a block is valid wherever its page is mapped.
type uop struct {
	code     uint16 // what to do, see dispatch.go; the operands depend on it
	off      uint16 // of the instruction in its page
	next     uint16 // offset of what follows, at most the size of a page
	to       uint16 // target of a branch that was fused with it
	dst, src uint8  // register numbers
	base     uint8  // memory operand: r[base] + r[index]<<scale + disp
	index    uint8
	scale    uint8
	at       uint8  // its number in the block; if it was fused, that of the branch
	pair     uint8  // 1 if a branch was fused with it
	upto     uint8  // how many instructions of the block are counted when it begins, see Tally
	spent    uint32 // cost of the block up to and including it, in picoseconds
	disp     int32
	imm      uint64
	link     unsafe.Pointer // *block that follows if it branches, nil if not looked up yet; for a branch to another page, the block of the last time
}

const (
	uopStride  = unsafe.Sizeof(uop{})
	hostStride = uint64(unsafe.Sizeof(hostSlot{}))
)

// Registers of the dispatcher besides the general ones.
const (
	rZero = 16 // always 0
	rPage = 17 // address of the page, for operands relative to RIP
)

// registers are indexed by a byte, so that no index needs a check; the first 18 are used.
type registers [256]uint64

// block is the head of a run of instructions within a page. The uops that are
// executed follow it in memory and end with uEnd, so that the begin of a block
// touches few lines of the host's cache. A block continues after conditional
// branches that are not taken. Its cost is known before it is executed, so that
// bounds are checked once for the whole block.
type block struct {
	most  int64    // cost of all instructions but the last, in picoseconds
	home  uintptr  // address of the pageCode it belongs to, which rest keeps
	count uint8    // instructions; 0 where an instruction is not for the dispatcher
	size  uint16   // bytes of instructions
	_     [12]byte // so that a block is as large as a uop, and its pointer where a uop has it
	rest  *blockRest
}

// A block lies in a slice of uops. These constants do not compile if its size, its
// alignment or the place of its pointer differ from a uop's. TestBlockIsLaidOutAsUop checks
// that it has no other pointer, which the garbage collector would not see.
const (
	_ = -(unsafe.Sizeof(block{}) ^ unsafe.Sizeof(uop{}))
	_ = -(unsafe.Alignof(block{}) ^ unsafe.Alignof(uop{}))
	_ = -(unsafe.Offsetof(block{}.rest) ^ unsafe.Offsetof(uop{}.link))
)

// blockRest is the part of a block that the fast path does not need.
type blockRest struct {
	page  *pageCode
	exact []uop   // one for each instruction
	insts []Inst  // the same instructions for the stepper's functions
	runs  *uint64 // counts how often the block was begun, or nil: see Tally
}

// newHead returns a block without instructions before uops, which end with uEnd.
func newHead(ops []uop) *block {
	run := append(make([]uop, 1, len(ops)+1), ops...)
	return (*block)(unsafe.Pointer(&run[0]))
}

// first returns the first uop of the optimized form.
func (b *block) first() *uop { return (*uop)(unsafe.Add(unsafe.Pointer(b), uopStride)) }

// maxBlock bounds the length of a block.
const maxBlock = 24

// pageCode is the decoded code of a page in one dialect, shared by all that share the page.
// A block does not change any more once it exists.
type pageCode struct {
	dialect *dialect
	tally   *Tally                   // in which its blocks count, nil if nobody counts
	narrow  atomic.Pointer[pageCode] // the same page as 32-bit code
	counted atomic.Pointer[pageCode] // the same with a tally, see countedBy
	blocks  [mem.PageSize]atomic.Pointer[block]
}

// noBlock stands for an instruction that the dispatcher cannot execute because
// it reaches into the next page. Its cost is so high that it is always checked
// more closely.
var noBlock = makeNoBlock()

func makeNoBlock() *block {
	b := newHead([]uop{{code: uEnd}})
	b.most, b.rest = math.MaxInt64/2, &blockRest{}
	return b
}

// block returns the block that begins at an offset of a page.
func (p *pageCode) block(off uint64, page *mem.Page, costs *costTable) *block {
	if b := p.blocks[off].Load(); b != nil {
		return b
	}
	b := newBlock(p.dialect, p.tally, off, page, costs)
	if b != noBlock {
		b.home, b.rest.page = uintptr(unsafe.Pointer(p)), p
	}
	p.blocks[off].Store(b)
	return b
}

func newBlock(in *dialect, t *Tally, off uint64, page *mem.Page, costs *costTable) *block {
	var exact [maxBlock]uop
	var insts [maxBlock]Inst
	var spent, most sim.Time
	n := 0
	for n < maxBlock && off < mem.PageSize {
		i := &insts[n]
		if decode(page[off:min(off+MaxLen, mem.PageSize)], in.mode, i) != DecodeOK {
			break
		}
		u := in.lower(i, off)
		most = spent
		spent += costs[i.Class()]
		u.at, u.spent = uint8(n), uint32(spent)
		exact[n] = u
		n++
		if endsBlock(i) {
			break
		}
		off += uint64(i.Len)
	}
	if n == 0 {
		return noBlock
	}
	rest := &blockRest{exact: slices.Clone(exact[:n]), insts: slices.Clone(insts[:n])}
	ops := in.optimize(rest.exact, rest.insts)
	if t != nil {
		ops, rest.runs = t.counting(ops, rest.insts)
	}
	b := newHead(ended(ops))
	b.most, b.count, b.size, b.rest = int64(most), uint8(n), exact[n-1].next-exact[0].off, rest
	return b
}

// ended appends the mark that ends a run of uops.
func ended(ops []uop) []uop {
	u := ops[len(ops)-1]
	u.code = uEnd
	return append(ops, u)
}

// before is the cost of the instructions before instruction n of the block.
func (b *block) before(n uint64) int64 {
	if n == 0 {
		return 0
	}
	return int64(b.rest.exact[n-1].spent)
}

// within returns the first of the uops that may begin while fewer than left
// instructions have been executed and less than room has been spent. There is
// at least one, and none are fused. They are valid until the next call.
func (b *block) within(left uint64, room int64, c *CPU) *uop {
	if uint64(b.count) <= left && b.most < room {
		if c.tally != nil {
			*b.rest.runs++
		}
		return b.first()
	}
	exact := b.rest.exact
	n := 1
	for n < len(exact) && uint64(n) < left && int64(exact[n-1].spent) < room {
		n++
	}
	c.part = ended(c.tally.part(append(c.part[:0], exact[:n]...), b.rest.insts))
	return &c.part[0]
}

// endsBlock tells whether the next instruction is not the one that follows in
// memory, or may be executed only after the machine has looked at the state.
func endsBlock(i *Inst) bool {
	switch i.Op {
	case OpJMP, OpJMPIND, OpCALL, OpCALLIND, OpRET, OpINS, OpOUTS, OpPAUSE:
		return true
	case OpCLI, OpSTI, OpPUSHF, OpPOPF, OpCLTS, OpSWAPGS, OpRDTSC, OpMOVFROMCR, OpINVLPG:
		return false // executeInBlock looks at the state
	}
	k := i.Op.Kind()
	return k == KindSystem || k == KindNone
}

// covers tells whether an address lies in the block, which begins at start.
func (b *block) covers(start, rip uint64) bool {
	return rip-start < uint64(b.size)
}

// codeSlot caches the decoded code of the page at address tag, for one access
// mode. It exists only while the page's hostEntry allows execution.
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

// quick is a clock: before it, blocks of a page may be executed without a closer
// look. If something in the page is watched, or blocks are counted, there is no
// such time.
func (c *CPU) quick(b *Bound, page uint64) int64 {
	if c.tally != nil {
		c.tally.quick = b.quick(page)
		return math.MinInt64
	}
	return b.quick(page)
}

func (b *Bound) quick(page uint64) int64 {
	for _, pc := range b.Watch {
		if pc-page < mem.PageSize {
			return math.MinInt64
		}
	}
	return b.Clock
}

// lookCloser returns the first of the uops of a block at rip that may be
// executed, nil if none may.
func (c *CPU) lookCloser(b *block, bound *Bound, left uint64, clock int64, rip uint64) *uop {
	if left == 0 || clock >= bound.Clock || b.count == 0 || watchesBlock(bound.Watch, b, rip) {
		return nil
	}
	return b.within(left, bound.Clock-clock, c)
}

// ExecuteBlocks executes instructions of a running processor to which nothing
// is to be delivered, at least one. It returns early whenever something other
// than the instructions in a row may have to happen.
func (c *CPU) ExecuteBlocks(b *Bound) {
	if c.RFLAGS&(FlagTF|FlagRF) == 0 && !c.IntShadow && !c.alignCheck() {
		if s := c.fetched(); s != nil {
			did := false
			if s.code.dialect == &dialect64 {
				did = c.dispatch64(s, b)
			} else {
				did = c.dispatch32(s, b)
			}
			if did {
				return
			}
		}
	}
	c.longWay++
	c.ExecuteCached()
}

// LongWay is the number of instructions that ExecuteBlocks has left to the stepper's
// functions.
func (c *CPU) LongWay() uint64 { return c.longWay }

// RepIterations is how many iterations of repeated string instructions the
// processor has executed since it was made.
func (c *CPU) RepIterations() uint64 { return c.repIterations }

// code returns the decoded code that the processor executes at RIP, nil if it
// has to fetch in the long way first.
func (c *CPU) code(rip uint64) *codeSlot {
	if c.hostGen != c.Mem.Gen() { // only code of a dialect is executed from host pages
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
	pfn := h.xtag >> 12
	if c.CR0&CR0PG != 0 {
		pfn = c.TLB.lookup(rip, c.pcid()).PTE & pteAddr >> 12
	}
	p := c.codePage(pfn)
	if p == nil || c.hostGen != c.Mem.Gen() {
		return nil
	}
	*s = codeSlot{h.xtag, p, h.page}
	return s
}

// codePage returns the decoded code of a page of RAM, nil if it has none now.
func (c *CPU) codePage(pfn uint64) *pageCode {
	p, _ := c.Mem.Code(pfn, newPageCode).(*pageCode)
	if p != nil && !c.mode64() {
		p = p.in32()
	}
	return p.countedBy(c.tally)
}

// Functions that the generated dispatcher calls.

// executeInBlock executes one instruction of a block with all its consequences,
// and tells whether the one after it may follow at once.
func (c *CPU) executeInBlock(u *uop, i *Inst) bool {
	moves, next, flags := c.moves, c.RIP+uint64(i.Len), c.RFLAGS
	c.longWay++
	c.atOnce = true
	c.shadowed = false
	c.execute(i)
	c.atOnce = false
	if c.exc.pending {
		c.deliverException()
		return false
	}
	return u.code != uLast && c.Stop.Kind == StopNone && !c.EndTurn && !c.Break && c.moves == moves &&
		c.hostGen == c.Mem.Gen() && c.RIP == next && !c.IntShadow && (c.RFLAGS^flags)&(FlagTF|FlagIF|FlagAC) == 0
}

// sseOn tells whether SSE instructions of 16-byte registers may execute.
func (c *CPU) sseOn() bool { return c.CR0&(CR0EM|CR0TS) == 0 && c.CR4&CR4OSFXSR != 0 }

// interruptible tells whether something would be delivered if IF were set.
func (c *CPU) interruptible() bool {
	_, ok := c.Bus.Interrupt(c.ID)
	return ok || c.NMIPending
}

// count notes n retired instructions, all begun at the present privilege level.
func (c *CPU) count(n uint64) {
	c.Retired += n
	c.RetiredAt[c.CPL&3] += n
}

// costTable has a price for each class.
type costTable = [models.NumClasses]sim.Time

var noCosts costTable

func (c *CPU) costs() *costTable {
	if c.Cost == nil {
		return &noCosts
	}
	return c.Cost
}

func watchesBlock(pcs []uint64, b *block, start uint64) bool {
	for _, pc := range pcs {
		if b.covers(start, pc) {
			return true
		}
	}
	return false
}
