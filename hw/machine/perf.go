package machine

import (
	"math"

	"resvirt/hw/cpu"
	"resvirt/sim"
)

// perfState is what the performance counters of a processor need besides their
// registers, which hold the values as of the last synchronisation.
type perfState struct {
	Slept   sim.Time // how much of the clock passed without unhalted cycles
	Since   sim.Time // unhalted time of the last synchronisation
	Retired uint64   // retired instructions at the last synchronisation
	Ring0   uint64
}

// Bits of PerfEvtSel (AMD APM vol. 2, 13.2.1) and the events there are, of AMD's
// BIOS and Kernel Developer's Guides: CPU_CLK_UNHALTED, and retired instructions.
const (
	perfUser         = 1 << 16
	perfOS           = 1 << 17
	perfInt          = 1 << 20
	perfEnable       = 1 << 22
	perfInvert       = 1 << 23
	perfMask         = 24 // count only cycles with so many events, 8 bits
	perfSelect       = 0xf_0000_00ff
	perfCycles       = 0x76
	perfInstructions = 0xc0

	perfModulus = 1 << 48
)

// counts tells whether a counter with this selection counts an event. There is
// never more than one event in a cycle.
func counts(sel, event uint64) bool {
	return sel&perfEnable != 0 && sel&perfSelect == event && sel&(perfUser|perfOS) != 0 && sel&perfInvert == 0 && sel>>perfMask&0xff <= 1
}

// Unhalted is the number of cycles, of the time stamp counter's length, in which
// a processor was not halted.
func (m *Machine) Unhalted(id int) uint64 {
	return uint64(m.unhalted(m.cpus[id]) / m.spec.Models.TSCPeriod)
}

func (m *Machine) unhalted(c *cpu.CPU) sim.Time {
	return sim.Time(c.Clock) - m.state.Perf[c.ID].Slept
}

// passed is what a counter with this selection has counted since the last
// synchronisation. Cycles are not told apart by privilege level: see DEVIATIONS.
func (m *Machine) passed(id int, sel uint64) (n uint64) {
	c, p, period := m.cpus[id], &m.state.Perf[id], m.spec.Models.TSCPeriod
	switch {
	case counts(sel, perfCycles):
		n = uint64(m.unhalted(c)/period - p.Since/period)
	case counts(sel, perfInstructions):
		ring0 := c.RetiredAt[0] - p.Ring0
		if sel&perfOS != 0 {
			n += ring0
		}
		if sel&perfUser != 0 {
			n += c.Retired - p.Retired - ring0
		}
	}
	return n
}

// PerfSync brings the counters up to the clock.
func (m *Machine) PerfSync(id int) {
	c, p := m.cpus[id], &m.state.Perf[id]
	for i, sel := range c.MSR.PerfEvtSel {
		c.MSR.PerfCtr[i] = (c.MSR.PerfCtr[i] + m.passed(id, sel)) % perfModulus
	}
	p.Since, p.Retired, p.Ring0 = m.unhalted(c), c.Retired, c.RetiredAt[0]
}

// PerfChanged ends the turn, because the next overflow may be nearer now.
func (m *Machine) PerfChanged(id int) { m.cpus[id].EndTurn = true }

// perfDue is the clock at which a counter of a processor overflows if it goes on
// running, and the number of instructions before which none can.
func (m *Machine) perfDue(id int) (due sim.Time, left uint64) {
	c, p := m.cpus[id], &m.state.Perf[id]
	due, left = sim.Never, math.MaxUint64
	for i, sel := range c.MSR.PerfEvtSel {
		if sel&perfInt == 0 {
			continue
		}
		rest := perfModulus - c.MSR.PerfCtr[i]%perfModulus
		if period := m.spec.Models.TSCPeriod; counts(sel, perfCycles) {
			due = min(due, (p.Since/period+sim.Time(rest))*period+p.Slept)
		}
		if counts(sel, perfInstructions) {
			left = min(left, rest-min(rest, m.passed(id, sel)))
		}
	}
	return due, left
}

// perfCheck raises the interrupt when a counter has overflowed.
func (m *Machine) perfCheck(id int) {
	if due, left := m.perfDue(id); sim.Time(m.cpus[id].Clock) >= due || left == 0 {
		m.PerfSync(id)
		m.apics[id].PerfOverflow()
	}
}

// hashPerf adds the state that affects a processor's counters. The number of
// retired instructions matters only while they are counted.
func (m *Machine) hashPerf(h *sim.Hasher, id int) {
	c, p := m.cpus[id], &m.state.Perf[id]
	h.Uint64(uint64(p.Slept))
	h.Uint64(uint64(p.Since))
	for _, sel := range c.MSR.PerfEvtSel {
		if counts(sel, perfInstructions) {
			h.Uint64(m.passed(id, sel))
		}
	}
}
