package dev

import (
	"testing"

	"resvirt/hw/bus"
	"resvirt/sim"
)

func TestPowerTimer(t *testing.T) {
	b := &board{}
	p := NewPM(b, func() {})
	b.now = sim.Second
	if got := p.In(PMTimer, 4); got != 3579545 {
		t.Errorf("timer after a second: %d", got)
	}
	if got := p.In(PMTimer+1, 1); got != 3579545>>8&0xff {
		t.Errorf("second byte of the timer: %#x", got)
	}
	if p.In(PMControl, 2) != 1 || p.In(PMControl, 4)>>16 != 0 {
		t.Error("not in ACPI mode")
	}
}

// TestPowerTimerInterrupt: the status bit follows bit 31, whether enabled or not.
func TestPowerTimerInterrupt(t *testing.T) {
	b := &board{}
	p := NewPM(b, func() {})
	p.Out(PMEnable, 2, 0xffff)
	if got := p.In(PMEnable, 2); got != pmEnableBits {
		t.Errorf("enable register %#x", got)
	}
	carry := pmClock.Time(1 << 31)
	b.run(p, pmClock.Time(2<<31)-1)
	if len(b.rises) != 1 || b.rises[0] != carry || p.In(PMStatus, 2) != 1 || b.events != 1 {
		t.Errorf("interrupts at %v, status %#x, %d events", b.rises, p.In(PMStatus, 2), b.events)
	}
	same(t, p, NewPM(&board{now: b.now}, func() {}), func(d bus.Device) { d.(*PM).Out(PMStatus, 1, 1) })
	if b.line {
		t.Error("clearing the status does not end the interrupt")
	}
	b.run(p, pmClock.Time(2<<31))
	if !b.line {
		t.Error("no second interrupt")
	}
	p.Out(PMEnable, 2, 0)
	if b.line || b.queue.Len() != 0 {
		t.Error("disabled, but there is an interrupt or an event")
	}
}

func TestPowerOff(t *testing.T) {
	off := 0
	p := NewPM(&board{}, func() { off++ })
	p.Out(PMControl, 2, 5<<10)
	p.Out(PMControl, 2, 1<<13|3<<10) // not a state that there is
	if off != 0 {
		t.Error("off too soon")
	}
	p.Out(PMControl, 2, 1<<13|5<<10)
	if off != 1 || p.In(PMControl, 2) != 5<<10|1 {
		t.Errorf("off %d times, control register %#x", off, p.In(PMControl, 2))
	}
	if p.Out(PMControl, 2, 1<<13); off != 2 { // as with QEMU
		t.Errorf("off %d times", off)
	}
}
