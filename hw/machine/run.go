package machine

import (
	"fmt"
	"math"
	"slices"

	"resvirt/hw/cpu"
	"resvirt/hw/mem"
	"resvirt/sim"
)

// Run executes until a bound is reached or the machine ends.
//
// The rule of turns: the processor with the smallest clock (ties: the lowest
// number) runs until its clock has advanced by the quantum or reaches the next
// event, or until it executes PAUSE or HLT or commands an IPI. A processor that
// is ahead of another ends its turn before it looks at the time. Events happen
// when the smallest clock has reached them, so that nothing arrives in a
// processor's past by more than one instruction.
func (m *Machine) Run(u Until) Stop {
	scoped := uint64(math.MaxUint64) // the count before which to stop
	if u.Scoped != 0 {
		scoped = m.Scoped() + u.Scoped - 1
	}
	m.beginAccesses(u)
	for {
		stop := m.slice(u, scoped)
		if stop.Reason == None {
			continue
		}
		if stop.Reason.Final() {
			m.state.Final = stop
			return stop
		}
		// Decide which processor is next, so that the host sees the one that is
		// about to execute. The decision is the same now or later.
		if end := m.schedule(); end.Reason.Final() {
			m.state.Final = end
		}
		if m.hooks.access.due() && stop.Reason != ReachedWatched && stop.Reason != ReachedScoped && stop.Reason != ReachedBefore {
			stop = Stop{Reason: ReachedAccess, CPU: stop.CPU} // the other reason still holds, as the host can see
		}
		return stop
	}
}

// slice runs one processor up to the nearest bound. Reason None means go on.
func (m *Machine) slice(u Until, scoped uint64) Stop {
	if m.state.Final.Reason != None {
		return m.state.Final
	}
	pos := m.Position()
	if u.Position != 0 && pos >= u.Position {
		return Stop{Reason: ReachedPosition, CPU: m.state.Turn.CPU}
	}
	if end := m.schedule(); end.Reason != None {
		return end
	}
	turn := &m.state.Turn
	if m.hooks.access.due() { // by an event
		return Stop{Reason: ReachedAccess, CPU: turn.CPU}
	}
	c := m.cpus[turn.CPU]
	if u.Time != 0 && sim.Time(c.Clock) >= u.Time {
		return Stop{Reason: ReachedTime, CPU: c.ID}
	}

	overflow, left := m.perfDue(c.ID)
	due := min(turn.End, m.state.Queue.Next(), overflow)
	b := &m.budget // not a local variable: the call through the interface would put it on the heap each time
	m.enter(c)
	*b = Budget{Clock: int64(due), Retired: math.MaxUint64, Levels: m.state.Scope[c.ID].Levels, Scoped: math.MaxUint64, Watch: m.hooks.stops, Ring3: m.hooks.entries>>c.ID&1 != 0}
	if u.Time != 0 {
		b.Clock = min(b.Clock, int64(u.Time))
	}
	if u.Position != 0 {
		b.Retired = c.Retired + (u.Position - pos)
	}
	if left != math.MaxUint64 {
		b.Retired = min(b.Retired, c.Retired+left)
	}
	if scoped != math.MaxUint64 {
		b.Scoped = c.RetiredIn(b.Levels) + (scoped - m.Scoped())
	}
	c.Limit, c.Others = int64(due), m.slowestBut(c)
	var why Why
	c.Break = false
	m.mem.Because(mem.Instruction)
	if m.hooks.trace != nil && len(m.hooks.only) == 0 {
		why = m.runHooked(c, b, &u)
	} else if why = m.spec.Engine.Run(c, b); why == WhyWatch {
		if m.breaks(c, &u) {
			why = WhyBreak
		} else {
			m.stepHooked(c)
		}
	}
	m.mem.Because(mem.Host)
	return m.afterSlice(c, u, why)
}

// afterSlice acts on the reason why a slice ended.
func (m *Machine) afterSlice(c *cpu.CPU, u Until, why Why) Stop {
	m.enter(c)
	turn := &m.state.Turn
	now := sim.Time(c.Clock)
	if m.hooks.yield {
		c.EndTurn, m.hooks.yield = false, false
	}
	if c.EndTurn || now >= turn.End || now >= m.state.Queue.Next() || c.Activity != cpu.Running {
		turn.Active = false
		c.EndTurn = false
	}
	switch {
	case c.Stop.Kind == cpu.StopUnsupported:
		turn.Active = true // nothing was executed
		return Stop{Reason: Unsupported, CPU: c.ID, Detail: fmt.Sprintf("%s at %#x (% x)", c.Stop.What, c.Stop.PC, c.Stop.Bytes)}
	case c.Stop.Kind == cpu.StopShutdown || c.Activity == cpu.Shutdown:
		return Stop{Reason: TripleFault, CPU: c.ID, Detail: fmt.Sprintf("%s at %#x", c.Stop.What, c.RIP)}
	case m.state.Final.Reason != None: // a device ended the machine
		return m.state.Final
	}
	m.perfCheck(c.ID)
	switch {
	case why == WhyBreak:
		return Stop{Reason: ReachedBefore, CPU: c.ID}
	case why == WhyScoped:
		return Stop{Reason: ReachedScoped, CPU: c.ID}
	case m.hooks.tookWatched() && u.Watched:
		return Stop{Reason: ReachedWatched, CPU: c.ID}
	case m.hooks.access.due():
		return Stop{Reason: ReachedAccess, CPU: c.ID}
	}
	return Stop{}
}

// idleEvents bounds the number of events that wake no processor before the
// machine counts as halted for good.
const idleEvents = 1 << 16

// schedule lets due events happen and begins a turn unless one is under way.
func (m *Machine) schedule() Stop {
	turn := &m.state.Turn
	now := sim.Time(m.cpus[turn.CPU].Clock)
	for idle := 0; !turn.Active; {
		next := m.state.Queue.Next()
		m.watchLines(now)
		c := m.earliest()
		switch {
		case c != nil && sim.Time(c.Clock) < next:
			*turn = Turn{Active: true, CPU: c.ID, End: sim.Time(c.Clock) + m.spec.Quantum}
		case next != sim.Never && (c != nil || idle < idleEvents && m.mayWake()):
			e, _ := m.state.Queue.Pop(next)
			m.happen(e)
			now = e.Time
			if c == nil {
				idle++
			}
		case m.listens():
			return Stop{Reason: Waiting, CPU: turn.CPU}
		default:
			return Stop{Reason: AllHalted, CPU: turn.CPU, Detail: "no processor runs and nothing will wake one"}
		}
		if m.state.Final.Reason != None { // an INIT of the boot processor
			return m.state.Final
		}
	}
	return Stop{}
}

// earliest is the running processor with the smallest clock, nil when none
// runs. A halted processor with a pending interrupt runs again.
func (m *Machine) earliest() (first *cpu.CPU) {
	for _, c := range m.cpus {
		if c.Activity == cpu.Halted && m.wakes(c) {
			c.Wake()
		}
		if c.Activity == cpu.Running && (first == nil || c.Clock < first.Clock) {
			first = c
		}
	}
	return first
}

// wakes tells whether something is pending that ends HLT (AMD APM vol. 3, HLT).
func (m *Machine) wakes(c *cpu.CPU) bool {
	if c.NMIPending && !c.NMIBlocked {
		return true
	}
	_, irq := m.Interrupt(c.ID)
	return irq && (c.RFLAGS&cpu.FlagIF != 0 || c.Monitor.Masked)
}

// watchLines wakes the processors whose monitored line has changed by now, that
// is, in the last turn or by the last event.
func (m *Machine) watchLines(now sim.Time) {
	for _, c := range m.cpus {
		if c.Activity == cpu.Halted && c.LineChanged() {
			c.Wake()
			m.sleptUntil(c, now)
		}
	}
}

// mayWake tells, when no processor runs, whether some pending event could still
// wake one. It is false when every halted processor has interrupts off and only
// fixed interrupts are under way.
func (m *Machine) mayWake() bool {
	if m.interruptible() {
		return true
	}
	quiet := m.devices.ioapic.Maskable() && !m.apics[0].PinNMI(0)
	for _, e := range m.state.Queue.All() {
		if e.Kind != evTimer && !fixed(e) && !(quiet && m.drivesISA(e)) {
			return true
		}
	}
	return false
}

// drivesISA tells whether an event can at most change an ISA interrupt line.
func (m *Machine) drivesISA(e sim.Event) bool {
	if e.Kind != evDevice {
		return false
	}
	line := m.devices.slots[e.A>>16].line
	return line != noLine && line < linePCI
}

// interruptible tells whether a halted processor has interrupts on, or waits for
// a store, which a device may do.
func (m *Machine) interruptible() bool {
	return slices.ContainsFunc(m.cpus, func(c *cpu.CPU) bool {
		return c.Activity == cpu.Halted && (c.RFLAGS&cpu.FlagIF != 0 || c.Monitor.Waiting)
	})
}

// listens tells whether input could wake a processor although nothing else will.
func (m *Machine) listens() bool { return m.interruptible() && m.devices.uart.Listens() }

// slowestBut is the smallest clock of the processors that run besides one, 0 if
// there are none.
func (m *Machine) slowestBut(one *cpu.CPU) (clock int64) {
	for _, c := range m.cpus {
		if c != one && c.Activity == cpu.Running && (clock == 0 || c.Clock < clock) {
			clock = c.Clock
		}
	}
	return clock
}
