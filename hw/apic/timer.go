package apic

import "resvirt/sim"

// tick is the time of one count: the bus period times the divider (16.4.1).
// Bits 3, 1 and 0 of the configuration select 2, 4, ... 128, 1.
func (a *APIC) tick() sim.Time {
	code := a.Divide>>1&4 | a.Divide&3
	return a.period << ((code + 1) & 7)
}

func (a *APIC) periodic() bool { return a.LVT[lvtTimer]&lvtPeriodic != 0 }

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
	a.arm()
}

// arm asks for the next expiry. A masked timer needs none: what it would show
// follows from the time.
func (a *APIC) arm() {
	at := sim.Never
	if a.Count != 0 && a.LVT[lvtTimer]&lvtMask == 0 {
		at = a.Start + sim.Time(a.Count)*a.tick()
	}
	a.wires.ArmTimer(a.cpu, at)
}

// TimerExpired is called at the time that was given to ArmTimer.
func (a *APIC) TimerExpired(at sim.Time) {
	a.Start, a.Count = at, 0
	if a.periodic() {
		a.Count = a.Initial
	}
	a.arm()
	a.fire(lvtTimer)
}
