package machine

import "resvirt/hw/cpu"

// Engine executes one processor. All engines must take a processor through the
// same states at the same clocks; only their speed differs.
type Engine interface {
	// Name is for records and messages.
	Name() string
	// Run executes c until a bound of b holds, or c.EndTurn or c.Break is set, c.Stop.Kind
	// is not StopNone, or c.Activity is not Running. Before each instruction, in
	// this order: bounds Clock and Retired; delivery of one pending interrupt,
	// after which it starts over; bound Ring0; Ring3 and Watch.
	//
	// c.Clock, c.Retired and c.RIP must be exact whenever c.Bus is called.
	Run(c *cpu.CPU, b *Budget) Why
}

// Budget bounds Engine.Run. The bounds are absolute values of c's counters.
type Budget struct {
	Clock   int64    // return once c.Clock >= Clock
	Retired uint64   // return once c.Retired >= Retired
	Ring0   uint64   // return WhyRing0 before an instruction at privilege level 0 once c.Retired0 >= Ring0
	Watch   []uint64 // return WhyWatch before an instruction at one of these addresses (RIP)
	Ring3   bool     // return WhyWatch before an instruction at privilege level 3
}

// stops tells whether the host wants to stop before the next instruction.
func (b *Budget) stops(c *cpu.CPU) bool {
	for _, pc := range b.Watch {
		if pc == c.RIP {
			return true
		}
	}
	return b.Ring3 && c.CPL == 3
}

// Why says why an engine returned.
type Why uint8

const (
	WhyBound Why = iota // Clock, Retired, EndTurn, Break, Stop or Activity
	WhyRing0
	WhyWatch
	WhyBreak // of no engine: before an instruction at an address of StopBefore
)

// Plain is the reference engine: decode, execute, repeat.
type Plain struct{}

// Name returns "plain".
func (Plain) Name() string { return "plain" }

// Run implements Engine.
func (Plain) Run(c *cpu.CPU, b *Budget) Why {
	for c.Clock < b.Clock && c.Retired < b.Retired {
		if !c.DeliverPending() {
			if c.CPL == 0 && c.Retired0 >= b.Ring0 {
				return WhyRing0
			}
			if b.stops(c) {
				return WhyWatch
			}
			step(c)
		}
		if c.EndTurn || c.Break || c.Stop.Kind != cpu.StopNone || c.Activity != cpu.Running {
			break
		}
	}
	return WhyBound
}

// step executes one instruction and tells whether it retired.
func step(c *cpu.CPU) bool {
	before := c.Retired
	c.Step()
	return c.Retired != before
}

// Fast executes decoded blocks.
type Fast struct{}

// Name returns "fast".
func (Fast) Name() string { return "fast" }

// Run implements Engine.
func (Fast) Run(c *cpu.CPU, b *Budget) Why {
	bound := cpu.Bound{Clock: b.Clock, Watch: b.Watch}
	for c.Clock < b.Clock && c.Retired < b.Retired {
		if !c.DeliverPending() {
			bound.Count = b.Retired - c.Retired
			if c.CPL == 0 {
				if c.Retired0 >= b.Ring0 {
					return WhyRing0
				}
				bound.Count = min(bound.Count, b.Ring0-c.Retired0)
			}
			if b.stops(c) {
				return WhyWatch
			}
			c.ExecuteBlocks(&bound)
		}
		if c.EndTurn || c.Break || c.Stop.Kind != cpu.StopNone || c.Activity != cpu.Running {
			break
		}
	}
	return WhyBound
}
