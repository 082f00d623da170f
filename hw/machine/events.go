package machine

import (
	"resvirt/hw/apic"
	"resvirt/hw/cpu"
	"resvirt/sim"
)

// Kinds of queued events. A is the processor concerned, or the device.
const (
	evTimer    uint16 = iota // the APIC timer expires
	evIPI                    // an IPI arrives; B is mode<<8 | vector, levelBit if level-triggered
	evDevice                 // an event for which a device asked; A is slot<<16 | what
	evExternal               // the 8259s' request reaches the processor
)

const levelBit = 1 << 16

// fixed tells whether e delivers an ordinary interrupt.
func fixed(e sim.Event) bool {
	mode := e.B >> 8 & 7
	return e.Kind == evIPI && (mode == apic.ModeFixed || mode == apic.ModeLowest || mode == apic.ModeExtINT) || e.Kind == evExternal
}

// wires connects the APICs with each other and with their processors.
type wires struct{ m *Machine }

// SendIPI queues the interrupt for every target. An own interrupt takes no
// time; the others arrive after the latency of the models. The sender's turn
// ends, as the rule of turns says.
func (w wires) SendIPI(from int, ipi apic.IPI) {
	m := w.m
	sender := m.cpus[from]
	sender.EndTurn = true
	b := uint64(ipi.Mode)<<8 | uint64(ipi.Vector)
	if ipi.Level {
		b |= levelBit
	}
	var match []*apic.APIC
	for i, a := range m.apics {
		if !a.Matches(from, ipi) {
			continue
		}
		if ipi.Mode == apic.ModeLowest {
			match = append(match, a)
			continue
		}
		m.queueIPI(sender, i, b)
	}
	if a := apic.Lowest(match); a != nil {
		m.queueIPI(sender, a.CPU(), b)
	}
}

func (m *Machine) queueIPI(sender *cpu.CPU, to int, b uint64) {
	at := sim.Time(sender.Clock)
	switch {
	case b>>8&7 == apic.ModeStartup:
		at += m.spec.Models.SIPILatency
	case to != sender.ID:
		at += m.spec.Models.IPILatency
	}
	m.state.Queue.Add(at, evIPI, uint32(to), b)
}

// ArmTimer moves the timer's event. The turn ends if the event is due before it would.
func (w wires) ArmTimer(id int, at sim.Time) {
	m := w.m
	m.state.Queue.Remove(evTimer, uint32(id))
	if at == sim.Never {
		return
	}
	m.state.Queue.Add(at, evTimer, uint32(id), 0)
	if m.state.Turn.Active && at < m.state.Turn.End {
		m.cpus[m.state.Turn.CPU].EndTurn = true
	}
}

// EndOfInterrupt reaches the I/O APIC at once.
func (w wires) EndOfInterrupt(_ int, vector uint8) {
	w.m.devices.ioapic.EOI(vector)
}

// Deadline is the clock at which a processor's time-stamp counter has a value.
func (w wires) Deadline(id int, now sim.Time, tsc uint64) sim.Time {
	c, period := w.m.cpus[id], w.m.spec.Models.TSCPeriod
	count := uint64(now / period)
	left := tsc - (count + c.TSCBase)
	switch {
	case int64(left) <= 0:
		return now
	case left > uint64(sim.Never/period)-count:
		return sim.Never
	}
	return sim.Time(count+left) * period
}

// RaiseNMI latches a non-maskable interrupt.
func (w wires) RaiseNMI(id int) { w.m.cpus[id].NMIPending = true }

// happen carries out an event and wakes the processor that it concerns. A
// sleeping processor's clock jumps to the event.
func (m *Machine) happen(e sim.Event) {
	if e.Kind == evDevice {
		m.deviceEvent(e)
		return
	}
	c, a := m.cpus[e.A], m.apics[e.A]
	switch e.Kind {
	case evTimer:
		a.TimerExpired(e.Time)
	case evIPI:
		m.arrive(c, a, e)
	case evExternal:
		a.SetPin(0, m.state.External)
	default:
		panic("BUG: machine: event of unknown kind in the queue")
	}
	if c.Activity == cpu.Halted && m.wakes(c) {
		c.Wake()
		m.sleptUntil(c, e.Time)
	}
}

// arrive delivers an IPI (AMD APM vol. 2, 16.5).
func (m *Machine) arrive(c *cpu.CPU, a *apic.APIC, e sim.Event) {
	switch e.B >> 8 & 7 {
	case apic.ModeFixed, apic.ModeLowest:
		a.Request(uint8(e.B), e.B&levelBit != 0)
	case apic.ModeExtINT:
		a.ExtINT = true
	case apic.ModeNMI:
		if c.Activity != cpu.WaitSIPI {
			c.NMIPending = true
		}
	case apic.ModeINIT:
		m.initCPU(c, e.Time)
	case apic.ModeStartup:
		if c.Activity != cpu.WaitSIPI {
			return
		}
		m.sleptUntil(c, e.Time)
		c.Seg[cpu.CS].Sel = uint16(e.B&0xff) << 8
		c.Seg[cpu.CS].Base = (e.B & 0xff) << 12
		c.RIP = 0
		c.Activity = cpu.Running
	}
}

// initCPU resets a processor by INIT. The boot processor fetches from the reset
// vector; without a ROM there is nothing, and the machine ends.
func (m *Machine) initCPU(c *cpu.CPU, at sim.Time) {
	if c.MSR.APICBase&apic.BaseBSP != 0 && m.spec.ROM == nil {
		m.end(Stop{Reason: Reset, CPU: c.ID, Detail: "INIT of the boot processor, which has no firmware to start"})
		return
	}
	m.sleptUntil(c, at)
	c.Init()
	m.apics[c.ID].Init()
}

// end makes the machine stop when the current instruction has retired.
func (m *Machine) end(s Stop) {
	if m.state.Final.Reason == None {
		m.state.Final = s
	}
	m.cpus[s.CPU].EndTurn = true
}

// sleptUntil advances the clock of a processor that does nothing.
func (m *Machine) sleptUntil(c *cpu.CPU, at sim.Time) {
	if gone := at - sim.Time(c.Clock); gone > 0 {
		m.state.Perf[c.ID].Slept += gone
		c.Clock = int64(at)
	}
}
