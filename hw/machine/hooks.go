package machine

import (
	"encoding/binary"
	"slices"

	"resvirt/hw/cpu"
	"resvirt/sim"
)

// hooks holds what the host observes. Nothing in it affects the machine's
// state.
type hooks struct {
	trace   func(TraceEntry)
	only    []uint64 // addresses of the instructions that are traced; none: all are
	watch   []uint64
	breaks  []uint64 // of StopBefore
	stops   []uint64 // addresses at which an engine returns: those above
	events  []Event
	entries uint32 // processors whose next instruction at level 3 is to be logged, a bit each
	watched bool   // a watched instruction has retired since Run last looked
	access  access // of watched memory
	yield   bool   // the hooks have set EndTurn to get control; the turn goes on

	traced [MaxCPUs]traced
	broke  [MaxCPUs]traced // the last instructions before which a run has stopped
}

// traced is the last instruction that was traced on a processor. So an
// instruction that gives way and is begun again is traced only once.
type traced struct{ retired, pc uint64 }

func (h *hooks) tookWatched() bool {
	w := h.watched
	h.watched = false
	return w
}

// Watch replaces the watched addresses (RIP of any processor). When an
// instruction there retires, an Event is logged, and the first instruction at
// privilege level 3 of each processor after that, too.
func (m *Machine) Watch(pcs ...uint64) {
	m.hooks.watch = append([]uint64(nil), pcs...)
	m.hooks.collect()
	if len(pcs) == 0 {
		m.hooks.entries = 0
	}
}

// Events is the log since the machine was made or last restored. The caller
// must not change it.
func (m *Machine) Events() []Event { return m.hooks.events }

// Trace sets a function that is called before each instruction, or, with addresses, before
// those there, which costs little; nil for none. It may look at the machine but not
// change it.
func (m *Machine) Trace(f func(TraceEntry), only ...uint64) {
	m.hooks.trace, m.hooks.only = f, nil
	if f != nil {
		m.hooks.only = slices.Clone(only)
	}
	m.hooks.collect()
}

// StopBefore replaces the addresses (RIP of any processor) before whose instructions a Run
// with Until.Before ends. It ends there once: the next Run executes the instruction. An
// interrupt or exception that leads to it has been delivered.
func (m *Machine) StopBefore(pcs ...uint64) {
	m.hooks.breaks = slices.Clone(pcs)
	m.hooks.collect()
}

func (h *hooks) collect() { h.stops = slices.Concat(h.watch, h.only, h.breaks) }

// breaks tells whether a run ends before the next instruction of c.
func (m *Machine) breaks(c *cpu.CPU, u *Until) bool {
	h := &m.hooks
	now := traced{c.Retired + 1, c.RIP}
	if !u.Before || h.broke[c.ID] == now || !slices.Contains(h.breaks, c.RIP) || m.waits(c) {
		return false
	}
	h.broke[c.ID] = now
	return true
}

// log appends an event of the instruction that c is about to retire.
func (m *Machine) log(c *cpu.CPU, kind EventKind, value uint32) {
	e := Event{Kind: kind, CPU: c.ID, Position: m.Position(), Time: sim.Time(c.Clock), PC: c.RIP, Value: value, Scoped: m.InScope(c.ID)}
	if kind == Post {
		e.Callers = m.callersOf(c)
	}
	m.hooks.events = append(m.hooks.events, e)
	if kind != UserEntry && len(m.hooks.watch) != 0 {
		m.hooks.entries = 1<<len(m.cpus) - 1
	}
}

// runHooked is Plain with everything that the host wants to see.
func (m *Machine) runHooked(c *cpu.CPU, b *Budget, u *Until) Why {
	for c.Clock < b.Clock && c.Retired < b.Retired {
		if !c.DeliverPending() {
			if b.scoped(c) == 0 {
				return WhyScoped
			}
			if m.breaks(c, u) {
				return WhyBreak
			}
			m.stepHooked(c)
			if m.hooks.watched {
				break
			}
		}
		if c.EndTurn || c.Break || c.Stop.Kind != cpu.StopNone || c.Activity != cpu.Running {
			break
		}
	}
	return WhyBound
}

// waits tells whether the next instruction of c would only give way to a
// processor that is behind. It is traced when it is executed.
func (m *Machine) waits(c *cpu.CPU) bool {
	return c.Waits(func(va uint64, code []byte) (n int) {
		for n < len(code) && m.ReadCode(c.ID, va+uint64(n), code[n:n+1]) == nil {
			n++
		}
		return n
	})
}

// stepHooked executes one instruction and logs its events.
func (m *Machine) stepHooked(c *cpu.CPU) {
	h := &m.hooks
	wanted := h.trace != nil && (len(h.only) == 0 || slices.Contains(h.only, c.RIP))
	if now := (traced{c.Retired + 1, c.RIP}); wanted && h.traced[c.ID] != now && !m.waits(c) {
		h.traced[c.ID] = now
		h.trace(TraceEntry{CPU: c.ID, Position: m.Position(), Time: sim.Time(c.Clock), PC: c.RIP, CPL: c.CPL})
	}
	if bit := uint32(1) << c.ID; c.CPL == 3 && h.entries&bit != 0 {
		m.log(c, UserEntry, 0)
		h.entries &^= bit
	}
	if !slices.Contains(h.watch, c.RIP) {
		m.step(c)
		return
	}
	at := Event{Kind: Watched, CPU: c.ID, Position: m.Position(), Time: sim.Time(c.Clock), PC: c.RIP, Scoped: m.InScope(c.ID)}
	if m.step(c) {
		h.watched = true
		h.events = append(h.events, at)
		h.entries = 1<<len(m.cpus) - 1
	}
}

// step executes one instruction, to which nothing is delivered, and tells whether it retired.
func (m *Machine) step(c *cpu.CPU) bool {
	if _, fast := m.spec.Engine.(Fast); !fast {
		return step(c)
	}
	before := c.Retired
	c.ExecuteCached()
	return c.Retired != before
}

// callers is the number of callers that callersOf finds at most.
const callers = 4

// callersOf guesses the callers of the current function: first the word at the
// top of the stack, which is the return address in a function without a stack
// frame, then the return addresses along the chain of frame pointers. It is
// only for the host and does not affect the machine.
func (m *Machine) callersOf(c *cpu.CPU) (list [callers]uint64) {
	word := func(va uint64) uint64 {
		var b [8]byte
		if m.ReadVirt(c.ID, va, b[:]) != nil {
			return 0
		}
		return binary.LittleEndian.Uint64(b[:])
	}
	list[0] = word(c.GPR[cpu.RSP])
	bp := c.GPR[cpu.RBP]
	for i := 1; i < callers && bp != 0; i++ {
		list[i] = word(bp + 8)
		bp = word(bp)
	}
	return list
}
