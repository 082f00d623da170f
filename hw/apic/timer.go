package apic

import "resvirt/sim"

// tick is the time of one count: the bus period times the divider (16.4.1).
// Bits 3, 1 and 0 of the configuration select 2, 4, ... 128, 1.
func (a *APIC) tick() sim.Time {
	code := a.Divide>>1&4 | a.Divide&3
	return a.period << ((code + 1) & 7)
}

// The timer's modes, bits 18 and 17 of its entry: one-shot, periodic,
// TSC deadline. The reserved fourth is taken for the third.
func (a *APIC) periodic() bool {
	return a.LVT[lvtTimer]&(lvtPeriodic|lvtDeadline) == lvtPeriodic
}

func (a *APIC) deadlineMode() bool { return a.LVT[lvtTimer]&lvtDeadline != 0 }

// current is the timer's count at a time.
func (a *APIC) current(now sim.Time) uint32 {
	gone := uint64(max(now-a.Start, 0) / a.tick())
	switch {
	case gone < uint64(a.Count):
		return a.Count - uint32(gone)
	case a.Count == 0 || !a.periodic() || a.Initial == 0:
		return 0
	}
	// The count passed zero unnoticed, because the entry is masked.
	return a.Initial - uint32((gone-uint64(a.Count))%uint64(a.Initial))
}

// rebase makes now the time from which the timer counts on, and arms it. The
// fraction of a count that has gone by is lost when force is set, as it is when
// the divider changes; otherwise Start stays on the grid of counts.
func (a *APIC) rebase(now sim.Time, count uint32, force bool) {
	if !force && a.Count != 0 {
		a.Start += (now - a.Start) / a.tick() * a.tick()
	} else {
		a.Start = now
	}
	a.Count = count
	a.arm(now)
}

// setTimer stores the timer's entry. To and from the deadline mode the timer is
// disarmed (Intel SDM vol. 3, 11.5.4.1).
func (a *APIC) setTimer(now sim.Time, v uint32) {
	count := a.current(now) // before the mode changes
	if (a.LVT[lvtTimer]^v)&lvtDeadline != 0 {
		count, a.Initial, a.Deadline = 0, 0, 0
	}
	a.LVT[lvtTimer] = v
	a.rebase(now, count, false)
}

// arm asks for the next expiry. A masked timer needs none: what it would show
// follows from the time.
func (a *APIC) arm(now sim.Time) { a.wires.ArmTimer(a.cpu, a.expiry(now)) }

// expiry is when the timer expires next.
func (a *APIC) expiry(now sim.Time) sim.Time {
	switch {
	case a.LVT[lvtTimer]&lvtMask != 0 && !a.deadlineMode():
	case a.deadlineMode() && a.Deadline != 0:
		return a.wires.Deadline(a.cpu, now, a.Deadline)
	case a.Count != 0:
		return a.Start + sim.Time(a.Count)*a.tick()
	}
	return sim.Never
}

// TimerExpired is called at the time that was given to ArmTimer.
func (a *APIC) TimerExpired(at sim.Time) {
	a.Start, a.Count, a.Deadline = at, 0, 0
	if a.periodic() {
		a.Count = a.Initial
	}
	a.arm(at)
	a.fire(lvtTimer)
}

// readDeadline and writeDeadline are IA32_TSC_DEADLINE, which is zero and stays
// so in the other modes.
func (a *APIC) readDeadline() uint64 { return a.Deadline }

func (a *APIC) writeDeadline(now sim.Time, v uint64) {
	if a.deadlineMode() {
		a.Deadline = v
		a.arm(now)
	}
}

// ClockSet is called when software has set the time-stamp counter.
func (a *APIC) ClockSet(now sim.Time) {
	if a.Deadline != 0 {
		a.arm(now)
	}
}
