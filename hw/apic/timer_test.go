package apic

import (
	"testing"

	"resvirt/sim"
)

// TestDividers: 16.4.1, the codes of the divide configuration register.
func TestDividers(t *testing.T) {
	for code, want := range map[uint32]sim.Time{0: 2, 1: 4, 2: 8, 3: 16, 8: 32, 9: 64, 10: 128, 11: 1} {
		a, _ := on(0)
		a.Write(0, regDivide, code)
		if got := a.tick(); got != want*sim.Nanosecond {
			t.Errorf("divider code %d counts every %v, want %d ns", code, got, want)
		}
	}
}

func TestOneShot(t *testing.T) {
	a, b := on(0)
	a.Write(0, regDivide, 0xb)
	a.Write(0, regLVT, 0xf9)
	now := 100 * sim.Nanosecond
	a.Write(now, regInitial, 50)
	if b.timer != 150*sim.Nanosecond {
		t.Fatalf("armed for %v", b.timer)
	}
	if got := a.Read(now+20*sim.Nanosecond+999, regCurrent); got != 30 {
		t.Errorf("current count %d after 20.999 ns", got)
	}
	a.TimerExpired(b.timer)
	if v, ok := a.Pending(); !ok || v != 0xf9 || b.timer != sim.Never {
		t.Errorf("after expiry: vector %#x, armed for %v", v, b.timer)
	}
	if a.Read(now*3, regCurrent) != 0 || a.Read(now*3, regInitial) != 50 {
		t.Error("an expired one-shot timer still counts")
	}
	a.Write(now*4, regInitial, 7)
	a.Write(now*4, regInitial, 0)
	if b.timer != sim.Never {
		t.Error("a count of zero does not stop the timer")
	}
}

func TestPeriodic(t *testing.T) {
	a, b := on(0)
	a.Write(0, regDivide, 0xb)
	a.Write(0, regLVT, 0xf9|lvtPeriodic)
	a.Write(0, regInitial, 40)
	for i := sim.Time(1); i <= 3; i++ {
		if b.timer != i*40*sim.Nanosecond {
			t.Fatalf("period %d ends at %v", i, b.timer)
		}
		a.TimerExpired(b.timer)
	}
	// Masked, it goes on counting and needs no event.
	a.Write(125*sim.Nanosecond, regLVT, 0xf9|lvtPeriodic|lvtMask)
	if b.timer != sim.Never {
		t.Errorf("a masked timer is armed for %v", b.timer)
	}
	for now, want := range map[sim.Time]uint32{130: 30, 159: 1, 160: 40, 161: 39, 240: 40, 1000: 40, 1001: 39} {
		if got := a.Read(now*sim.Nanosecond, regCurrent); got != want {
			t.Errorf("count at %d ns is %d, want %d", now, got, want)
		}
	}
	a.Write(1010*sim.Nanosecond, regLVT, 0xf9|lvtPeriodic)
	if b.timer != 1040*sim.Nanosecond {
		t.Errorf("unmasked, it is armed for %v", b.timer)
	}
}

// TestMaskedOneShot: an expiry while masked is lost.
func TestMaskedOneShot(t *testing.T) {
	a, b := on(0)
	a.Write(0, regInitial, 10)
	a.Write(sim.Microsecond, regLVT, 0x55)
	if _, ok := a.Pending(); ok || b.timer != sim.Never {
		t.Error("an expiry that was masked comes late")
	}
}

// TestDividerChange keeps the count and changes its pace.
func TestDividerChange(t *testing.T) {
	a, b := on(0)
	a.Write(0, regDivide, 0xb)
	a.Write(0, regLVT, 0x55)
	a.Write(0, regInitial, 100)
	a.Write(60*sim.Nanosecond, regDivide, 1)
	if b.timer != (60+40*4)*sim.Nanosecond {
		t.Errorf("armed for %v", b.timer)
	}
}

// What the host sees of a timer is what it is armed for and what reading it gives.
func TestTimerView(t *testing.T) {
	a, b := on(0)
	a.Write(0, regDivide, 0xb)
	a.Write(0, regLVT, 0xf9|lvtPeriodic)
	a.Write(0, regInitial, 40)
	now := 13 * sim.Nanosecond
	if got, want := a.TimerAt(now), (Timer{"periodic", a.Read(now, regCurrent), 40, 1, b.timer}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if e := a.Entries()[0]; e != (Entry{"timer", 0xf9, 0, false}) {
		t.Errorf("%+v", e)
	}
	a.Write(now, regLVT, 0xf9|lvtMask)
	if got := a.TimerAt(now); got.Mode != "one-shot" || got.Expires != sim.Never || got.Expires != b.timer || !a.Entries()[0].Masked {
		t.Errorf("masked: %+v, armed for %v", got, b.timer)
	}
}
