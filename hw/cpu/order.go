package cpu

// Processors take turns, and one may be ahead of another by a turn. Memory does
// not show that, but clocks would: software compares the time-stamp counters of
// processors, and devices would see time go backwards. So a processor executes
// an instruction that reads the time only when no other processor is behind it.

// early tells whether an operation has to wait for processors that are behind,
// and if so ends the turn; the instruction has not been executed.
func (c *CPU) early(op Op) bool {
	if c.Others == 0 || c.Clock <= c.Others {
		return false
	}
	if ordered(op) {
		c.EndTurn = true
		return true
	}
	return false
}

// Waits tells whether the instruction at RIP would wait here, found without a trace. Code
// that is not at hand is read by a function, which returns how many bytes there are.
func (c *CPU) Waits(read func(va uint64, code []byte) int) bool {
	if c.Others == 0 || c.Clock <= c.Others {
		return false
	}
	if i := c.upcoming(); i != nil {
		return ordered(i.Op)
	}
	va := c.RIP
	if !c.mode64() {
		va = (va + c.Seg[CS].Base) & 0xffffffff
	}
	var code [MaxLen]byte
	var i Inst
	n := read(va, code[:])
	return decode(code[:n], c.mode(), &i) == DecodeOK && ordered(i.Op)
}

// ordered tells whether an operation looks at the time.
func ordered(op Op) bool {
	switch op {
	case OpRDTSC, OpRDTSCP, OpIN, OpOUT:
		return true
	}
	return false
}
