package cpu

import "resvirt/sim"

// lineSize is the size in bytes of the cache lines of CLFLUSH and MONITOR.
const lineSize = 64

// Monitor is the address that MONITOR watches and what MWAIT waits for. Only
// changes of the line's content are noticed. A store that does not change it
// makes no difference to a program that looks there.
type Monitor struct {
	Armed   bool
	Waiting bool // with Activity Halted: MWAIT, not HLT
	Masked  bool // interrupts end the wait even while RFLAGS.IF is clear
	Addr    uint64
	Line    [lineSize / 8]uint64 // as it was when MONITOR executed
}

// Wake ends HLT or MWAIT.
func (c *CPU) Wake() {
	c.Activity = Running
	if c.Monitor.Waiting {
		c.Monitor = Monitor{}
	}
}

// LineChanged tells whether MWAIT's wait is over because the line has changed.
func (c *CPU) LineChanged() bool {
	return c.Monitor.Waiting && c.monitored() != c.Monitor.Line
}

func (c *CPU) monitored() (line [lineSize / 8]uint64) {
	for k := range line {
		line[k] = c.Mem.Read64(c.Monitor.Addr + 8*uint64(k))
	}
	return line
}

// execMonitor executes MONITOR and MWAIT (APM vol. 3). ECX has extensions: none
// for MONITOR, and for MWAIT bit 0, that interrupts count even if masked.
func (c *CPU) execMonitor(i *Inst) {
	ext := c.GPR[RCX] & 0xffff_ffff
	switch {
	case c.CPL != 0:
		c.raise(VecUD)
	case i.Op == OpMONITOR && ext != 0, ext&^1 != 0:
		c.raiseErr(VecGP, 0)
	case i.Op == OpMONITOR:
		c.arm(i)
	case c.Monitor.Armed && c.monitored() == c.Monitor.Line:
		c.Monitor.Waiting, c.Monitor.Masked = true, ext != 0
		c.Activity, c.EndTurn = Halted, true
	default:
		c.Monitor = Monitor{}
	}
}

// arm is MONITOR: it faults as a read of a byte at DS:rAX would, and remembers the line.
func (c *CPU) arm(i *Inst) {
	va, ok := c.linear(i.Seg, c.reg(RAX, i.Addr, 0), 1, accRead)
	if !ok {
		return
	}
	pa, ok := c.translate(va, accRead, c.accessMode())
	if !ok {
		return
	}
	c.Monitor = Monitor{}
	if !c.isDevice(pa) {
		c.Monitor = Monitor{Armed: true, Addr: pa &^ (lineSize - 1)}
		c.Monitor.Line = c.monitored()
	}
}

func (m *Monitor) hash(h *sim.Hasher) {
	h.Bool(m.Armed)
	h.Bool(m.Waiting)
	h.Bool(m.Masked)
	h.Uint64(m.Addr)
	for _, x := range m.Line {
		h.Uint64(x)
	}
}
