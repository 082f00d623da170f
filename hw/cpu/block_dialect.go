package cpu

import "sync/atomic"

// dialect is a kind of code that blocks are made of. Each has a dispatcher of
// its own, so that neither pays for the other.
type dialect struct {
	mode  Mode
	word  uint8 // bytes of an address, and of what a plain PUSH, CALL and RET move
	ops   map[uopKey]uint16
	pairs map[pairKey]uint16
}

// The dialects. Code of 32 bits is executed from blocks where its segments are
// flat (see flat32): then addresses are cut to 32 bits and need no other check.
var (
	dialect64 = dialect{Mode64, 8, uopCodes, uopPairs}
	dialect32 = dialect{Mode32, 4, uopCodes32, uopPairs32}
)

// codes is the decoded code of a page in each dialect.
type codes struct {
	wide, narrow atomic.Pointer[pageCode]
}

func newCodes() any { return new(codes) }

// in returns the code in a dialect.
func (p *codes) in(d *dialect) *pageCode {
	at := &p.wide
	if d.word == 4 {
		at = &p.narrow
	}
	if c := at.Load(); c != nil {
		return c
	}
	at.CompareAndSwap(nil, &pageCode{dialect: d}) // another fork may have been first
	return at.Load()
}

// dialect is that of the present code segment, which is hostable.
func (c *CPU) dialect() *dialect {
	if c.mode64() {
		return &dialect64
	}
	return &dialect32
}
