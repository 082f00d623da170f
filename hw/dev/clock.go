package dev

import "resvirt/sim"

// Clock is a clock whose period need not be a whole number of picoseconds: it
// makes Ticks ticks in every Span, beginning at power-on.
type Clock struct {
	Ticks int64
	Span  sim.Time
}

// The crystal of a PC runs at four times the NTSC colour carrier, 315/88 MHz.
// The timer chip gets a twelfth of that, the ACPI timer a quarter.
var (
	pitClock = Clock{Ticks: 105, Span: 88 * sim.Microsecond} // 1.193181818 MHz
	pmClock  = Clock{Ticks: 315, Span: 88 * sim.Microsecond} // 3.579545454 MHz
)

// At is the number of ticks up to a time.
func (c Clock) At(t sim.Time) int64 {
	return int64(t/c.Span)*c.Ticks + int64(t%c.Span)*c.Ticks/int64(c.Span)
}

// Time is when the n-th tick comes: the first time t with At(t) = n.
func (c Clock) Time(n int64) sim.Time {
	return sim.Time(n/c.Ticks)*c.Span + (sim.Time(n%c.Ticks)*c.Span+sim.Time(c.Ticks)-1)/sim.Time(c.Ticks)
}
