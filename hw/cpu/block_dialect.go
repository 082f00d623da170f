package cpu

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

func newPageCode() any { return &pageCode{dialect: &dialect64} }

// in32 returns the code of p's page in the other dialect.
func (p *pageCode) in32() *pageCode {
	if c := p.narrow.Load(); c != nil {
		return c
	}
	p.narrow.CompareAndSwap(nil, &pageCode{dialect: &dialect32}) // a fork in another goroutine may have been first
	return p.narrow.Load()
}
