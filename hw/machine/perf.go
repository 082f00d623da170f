package machine

import (
	"resvirt/hw/cpu"
	"resvirt/sim"
)

// perfState is what the performance counters of a processor need besides their
// registers, which hold the values as of Since.
type perfState struct {
	Slept sim.Time // how much of the clock passed without unhalted cycles
	Since sim.Time // unhalted time of the last synchronisation
}

// Bits of PerfEvtSel (AMD APM vol. 2, 13.2.1) and the one event there is:
// CPU_CLK_UNHALTED of AMD's BIOS and Kernel Developer's Guides.
const (
	perfUser   = 1 << 16
	perfOS     = 1 << 17
	perfInt    = 1 << 20
	perfEnable = 1 << 22
	perfSelect = 0xf_0000_00ff
	perfCycles = 0x76

	perfModulus = 1 << 48
)

// counts tells whether a counter with this selection counts. The level is not
// told apart: see DEVIATIONS.
func counts(sel uint64) bool {
	return sel&perfEnable != 0 && sel&perfSelect == perfCycles && sel&(perfUser|perfOS) != 0
}

func (m *Machine) unhalted(c *cpu.CPU) sim.Time {
	return sim.Time(c.Clock) - m.state.Perf[c.ID].Slept
}

// PerfSync brings the counters up to the clock.
func (m *Machine) PerfSync(id int) {
	c, p := m.cpus[id], &m.state.Perf[id]
	now, period := m.unhalted(c), m.spec.Models.TSCPeriod
	cycles := uint64(now/period - p.Since/period)
	p.Since = now
	for i, sel := range c.MSR.PerfEvtSel {
		if counts(sel) {
			c.MSR.PerfCtr[i] = (c.MSR.PerfCtr[i] + cycles) % perfModulus
		}
	}
}

// PerfChanged ends the turn, because the next overflow may be nearer now.
func (m *Machine) PerfChanged(id int) { m.cpus[id].EndTurn = true }

// perfDue is the clock at which a counter of a processor overflows if it goes
// on running.
func (m *Machine) perfDue(id int) sim.Time {
	c, p := m.cpus[id], &m.state.Perf[id]
	due, period := sim.Never, m.spec.Models.TSCPeriod
	for i, sel := range c.MSR.PerfEvtSel {
		if sel&perfInt != 0 && counts(sel) {
			left := sim.Time(perfModulus - c.MSR.PerfCtr[i]%perfModulus)
			due = min(due, (p.Since/period+left)*period+p.Slept)
		}
	}
	return due
}

// perfCheck raises the interrupt when a counter has overflowed.
func (m *Machine) perfCheck(id int) {
	if sim.Time(m.cpus[id].Clock) >= m.perfDue(id) {
		m.PerfSync(id)
		m.apics[id].PerfOverflow()
	}
}
