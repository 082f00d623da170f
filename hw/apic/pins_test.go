package apic

import (
	"slices"
	"testing"

	"resvirt/sim"
)

// TestExternal: LINT0 passes an external interrupt through when its entry says
// so, or while the APIC is switched off (16.3.1, 16.4.4).
func TestExternal(t *testing.T) {
	a, _ := on(0)
	check := func(want bool, when string) {
		t.Helper()
		if a.External() != want {
			t.Errorf("%s: external interrupt %v", when, !want)
		}
	}
	a.SetPin(0, true)
	check(false, "masked")
	a.Write(0, regLVT+lvtLINT0<<4, ModeExtINT<<8)
	check(true, "unmasked")
	a.SetPin(0, false)
	check(false, "withdrawn")
	a.ExtINT = true
	check(true, "as a message")
	a.ExtINT = false
	a.SetPin(0, true)
	was := *a.base
	*a.base &^= BaseEnable
	a.BaseChanged(was)
	check(true, "switched off")
	*a.base = was
	a.BaseChanged(was &^ BaseEnable)
	check(false, "on again, after a reset")
	a.Write(0, regSVR, svrEnable|0xff)
	a.Write(0, regLVT+lvtLINT0<<4, ModeFixed<<8|0x50)
	check(false, "fixed")
}

// TestPins: LINT pins as sources of fixed interrupts and NMIs.
func TestPins(t *testing.T) {
	a, b := on(0)
	a.Write(0, regLVT+lvtLINT1<<4, ModeNMI<<8)
	a.SetPin(1, true)
	a.SetPin(1, true)
	a.SetPin(1, false)
	a.SetPin(1, true)
	if b.nmis != 2 {
		t.Errorf("%d NMIs of two edges", b.nmis)
	}
	a.Write(0, regLVT+lvtLINT0<<4, 0x50)
	a.SetPin(0, true)
	if v, ok := a.Pending(); !ok || v != 0x50 {
		t.Errorf("an edge makes %#x %v pending", v, ok)
	}
	a.Acknowledge(0x50)
	a.Write(0, regEOI, 0)
	if _, ok := a.Pending(); ok {
		t.Error("an edge counts twice")
	}
	a.Write(0, regLVT+lvtLINT0<<4, lvtLevel|0x51) // the pin is still up
	if v, ok := a.Pending(); !ok || v != 0x51 || a.Read(0, regLVT+lvtLINT0<<4) != lvtRemote|lvtLevel|0x51 {
		t.Errorf("a level makes %#x %v pending, entry %#x", v, ok, a.Read(0, regLVT+lvtLINT0<<4))
	}
	a.Acknowledge(0x51)
	if _, ok := a.Pending(); ok {
		t.Error("a level in service is pending")
	}
	a.Write(0, regEOI, 0)
	if _, ok := a.Pending(); !ok {
		t.Error("a level that lasts is not pending after its end")
	}
	a.SetPin(0, false)
	a.Acknowledge(0x51)
	a.Write(0, regEOI, 0)
	if _, ok := a.Pending(); ok || a.LVT[lvtLINT0]&lvtRemote != 0 {
		t.Error("a level that is gone is pending")
	}
}

// TestEndOfInterrupt: the end of a level-triggered interrupt is broadcast.
func TestEndOfInterrupt(t *testing.T) {
	a, b := on(0)
	a.Request(0x61, false)
	a.Request(0x72, true)
	for range 2 {
		v, _ := a.Pending()
		a.Acknowledge(v)
		a.Write(0, regEOI, 0)
	}
	if !slices.Equal(b.ended, []uint8{0x72}) {
		t.Errorf("ends broadcast of % x", b.ended)
	}
}

// TestDeadline: Intel SDM vol. 3, 11.5.4.1. The test's counter counts nanoseconds.
func TestDeadline(t *testing.T) {
	a, b := on(0)
	deadline := func() uint64 {
		v, ok := a.ReadMSR(0, DeadlineMSR)
		if !ok {
			t.Fatal("the register cannot be read")
		}
		return v
	}
	a.WriteMSR(0, DeadlineMSR, 500)
	if deadline() != 0 || b.timer != sim.Never {
		t.Error("armed in one-shot mode")
	}
	a.Write(0, regLVT, lvtDeadline|0x40)
	a.Write(0, regInitial, 77)
	if b.timer != sim.Never || a.Read(0, regInitial) != 0 || a.Read(0, regCurrent) != 0 {
		t.Error("the count works in deadline mode")
	}
	a.WriteMSR(100, DeadlineMSR, 500)
	if deadline() != 500 || b.timer != 500*sim.Nanosecond {
		t.Errorf("deadline %d, armed for %v", deadline(), b.timer)
	}
	a.TimerExpired(b.timer)
	if v, ok := a.Pending(); !ok || v != 0x40 || deadline() != 0 || b.timer != sim.Never {
		t.Errorf("after expiry: vector %#x, deadline %d, armed for %v", v, deadline(), b.timer)
	}
	a.WriteMSR(sim.Microsecond, DeadlineMSR, 10)
	if b.timer != sim.Microsecond {
		t.Errorf("a deadline that is past is armed for %v", b.timer)
	}
	a.WriteMSR(sim.Microsecond, DeadlineMSR, 0)
	if b.timer != sim.Never {
		t.Error("zero does not disarm")
	}
	a.WriteMSR(sim.Microsecond, DeadlineMSR, 2000)
	a.Write(0, regLVT, 0x40)
	if deadline() != 0 || b.timer != sim.Never {
		t.Error("leaving the mode does not disarm")
	}
}

// TestSelfIPI: the register leaves the command register alone.
func TestSelfIPI(t *testing.T) {
	a, b := on(2)
	*a.base |= BaseX2
	a.WriteMSR(0, 0x830, 1<<32|0x77)
	if !a.WriteMSR(0, 0x83f, 0x55) || a.WriteMSR(0, 0x83f, 0x155) || a.ICR != 1<<32|0x77 {
		t.Errorf("command register %#x", a.ICR)
	}
	if len(b.ipis) != 2 || b.ipis[1] != (IPI{Vector: 0x55, Shorthand: DestSelf}) {
		t.Errorf("sent %+v", b.ipis)
	}
}
