package machine

import (
	"math"

	"resvirt/hw/cpu"
)

// Engine executes one processor. All engines must take a processor through the
// same states at the same clocks; only their speed differs.
type Engine interface {
	// Name is for records and messages.
	Name() string
	// Run executes c until a bound of b holds, or c.EndTurn or c.Break is set, c.Stop.Kind
	// is not StopNone, or c.Activity is not Running. Before each instruction, in
	// this order: bounds Clock and Retired; delivery of one pending interrupt,
	// after which it starts over; bound Scoped; Ring3 and Watch.
	//
	// c.Clock, c.Retired and c.RIP must be exact whenever c.Bus is called.
	Run(c *cpu.CPU, b *Budget) Why
}

// Budget bounds Engine.Run. The bounds are absolute values of c's counters.
type Budget struct {
	Clock   int64    // return once c.Clock >= Clock
	Retired uint64   // return once c.Retired >= Retired
	Levels  uint8    // privilege levels of the instructions in scope, a bit each, until CR3 is loaded
	Scoped  uint64   // return WhyScoped before an instruction in scope once c.RetiredIn(Levels) >= Scoped
	Watch   []uint64 // return WhyWatch before an instruction at one of these addresses (RIP)
	Ring3   bool     // return WhyWatch before an instruction at privilege level 3
}

// scoped is how many instructions in scope may begin before the bound Scoped, if the next
// one is in scope and there is such a bound.
func (b *Budget) scoped(c *cpu.CPU) (left uint64) {
	if b.Scoped == math.MaxUint64 || b.Levels>>c.CPL&1 == 0 {
		return math.MaxUint64
	}
	if n := c.RetiredIn(b.Levels); n < b.Scoped {
		return b.Scoped - n
	}
	return 0
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
	WhyScoped
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
			if b.scoped(c) == 0 {
				return WhyScoped
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
			scoped := b.scoped(c)
			if scoped == 0 {
				return WhyScoped
			}
			bound.Count = min(b.Retired-c.Retired, scoped)
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
