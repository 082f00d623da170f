package cpu

import (
	"unsafe"

	"resvirt/models"
)

// tally counts what a processor executes by class, for people. It is no part of
// the State. Whoever charges a class's time in the long way counts it here. Blocks
// are counted as a whole: how many of their runs ended after which instruction
// tells how often each was executed. The dispatcher looks closer at each block
// that begins while there is a tally, and so spends nothing on it otherwise.
type tally struct {
	counts [models.NumClasses]uint64

	running *block // what has begun and not ended
	left    uint64 // instructions that were allowed when it did
	quick   int64  // see quick

	exits exitTable
	all   map[uintptr]*exitCount // by exitCount.from
}

// exitCount is how often a run of a block ended after its first n instructions.
type exitCount struct {
	from  uintptr // address of the block, which is larger than n, and n
	block *block
	n     int
	runs  uint64
}

// exitTable finds a count at once, by exitSlot.
type exitTable [1 << exitBits]*exitCount

const exitBits = 13

func exitSlot(from uintptr) uint64 { return uint64(from) * 0x9e3779b97f4a7c15 >> (64 - exitBits) }

// noCount stands in empty places of the table.
var noCount = exitCount{from: ^uintptr(0)}

// end notes that whatever ran has ended while left instructions are allowed, and
// puts its count where it will be found. Two that fall on one place take turns in it.
func (t *tally) end(left uint64) {
	if t == nil || t.running == nil {
		return
	}
	if n := t.left - left; n > 0 {
		from := uintptr(unsafe.Pointer(t.running)) + uintptr(n)
		e := t.all[from]
		if e == nil {
			e = &exitCount{from: from, block: t.running, n: int(n)}
			t.all[from] = e
		}
		e.runs++
		t.exits[exitSlot(from)] = e
	}
	t.running = nil
}

// bound is the clock before which a block may begin and end: quick, or what that
// would be without a tally.
func (t *tally) bound(quick int64) int64 {
	if t == nil {
		return quick
	}
	return t.quick
}

// CountClasses begins to count.
func (c *CPU) CountClasses() {
	c.tally = &tally{all: map[uintptr]*exitCount{}}
	for i := range c.tally.exits {
		c.tally.exits[i] = &noCount
	}
}

// Classes returns the counts of instructions and of events inside them; all 0
// without CountClasses.
func (c *CPU) Classes() (counts [models.NumClasses]uint64) {
	if c.tally == nil {
		return counts
	}
	counts = c.tally.counts
	for _, e := range c.tally.all {
		for i := range e.block.rest.insts[:e.n] {
			counts[e.block.rest.insts[i].Class()] += e.runs
		}
	}
	return counts
}
