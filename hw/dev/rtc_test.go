package dev

import (
	"testing"

	"resvirt/hw/bus"
	"resvirt/sim"
)

func newClock() (*RTC, *board) {
	b := &board{}
	return NewRTC(b, 3<<30, 2<<30), b
}

func (r *RTC) get(reg uint8) uint8 { r.Out(0, reg); return r.In(1) }

func (r *RTC) put(reg, v uint8) { r.Out(0, reg); r.Out(1, v) }

// shows checks hour, minute, second, day, month, year, century and weekday.
func (r *RTC) shows(t *testing.T, want ...uint8) {
	t.Helper()
	for i, reg := range []uint8{rtcHour, rtcMinute, rtcSecond, rtcDay, rtcMonth, rtcYear, RTCCentury, rtcWeekday}[:len(want)] {
		if got := r.get(reg); got != want[i] {
			t.Errorf("register %d is %#x, want %#x", reg, got, want[i])
		}
	}
}

// TestCalendar: it follows virtual time, in every format.
func TestCalendar(t *testing.T) {
	r, b := newClock()
	r.shows(t, 0, 0, 0, 1, 1, 0x26, 0x20, 5)
	b.now = (31*24*3600 + 13*3600 + 59*60 + 58) * sim.Second
	r.shows(t, 0x13, 0x59, 0x58, 1, 2, 0x26, 0x20, 1)
	r.put(rtcB, rtcBinary|rtc24)
	r.shows(t, 13, 59, 58, 1, 2, 26, 20)
	r.put(rtcB, 0)
	r.shows(t, 0x81, 0x59)
	r.put(rtcB, rtcBinary)
	r.shows(t, 0x81, 59)
	b.now += 10 * 3600 * sim.Second
	r.shows(t, 0x8b, 59)
	b.now += 3600 * sim.Second
	r.shows(t, 12, 59)
	if r.get(rtcD) != 0x80 || b.queue.Len() != 0 {
		t.Error("battery flat, or events")
	}
}

// TestSetCalendar: as kernels set it, with SET and with the divider in reset.
func TestSetCalendar(t *testing.T) {
	r, b := newClock()
	b.now = 1300 * sim.Millisecond
	r.put(rtcB, rtcSet|rtc24)
	b.now = 9 * sim.Second
	r.shows(t, 0, 0, 1) // it stands still
	for reg, v := range map[uint8]uint8{rtcHour: 0x23, rtcMinute: 0x59, rtcSecond: 0x59, rtcDay: 0x29, rtcMonth: 2, rtcYear: 0x28} {
		r.put(reg, v)
	}
	same(t, r, NewRTC(&board{now: b.now}, 0, 0), func(d bus.Device) { d.(*RTC).put(rtcB, rtc24) })
	b.now += 900 * sim.Millisecond
	r.shows(t, 0x23, 0x59, 0x59, 0x29, 2, 0x28)
	b.now += 100 * sim.Millisecond
	r.shows(t, 0, 0, 0, 1, 3, 0x28)

	r.put(rtcA, 0x76) // divider in reset
	b.now += 5 * sim.Second
	r.shows(t, 0, 0, 0)
	r.put(rtcA, 0x26) // the next second is half a second away
	b.now += 499 * sim.Millisecond
	r.shows(t, 0, 0, 0)
	b.now += sim.Millisecond
	r.shows(t, 0, 0, 1)
}

// TestUpdateInProgress: the bit is on before the second ends, so that software
// that waits for its end reads the new time.
func TestUpdateInProgress(t *testing.T) {
	r, b := newClock()
	for at, want := range map[sim.Time]uint8{0: 0x26, 999_700 * sim.Microsecond: 0x26, 999_800 * sim.Microsecond: 0xa6, sim.Second: 0x26} {
		if b.now = at; r.get(rtcA) != want {
			t.Errorf("register A at %v: %#x, want %#x", at, r.get(rtcA), want)
		}
	}
}

// TestClockInterrupts: periodic, update-ended and alarm; none comes again before
// register C is read.
func TestClockInterrupts(t *testing.T) {
	for _, c := range []struct {
		name   string
		enable uint8
		first  sim.Time
		flags  uint8
		n      int // in 10 seconds, when each is answered at once
	}{
		{"periodic", rtcPeriod, sim.Second / 1024, 0xc0, 10240},
		{"update", rtcUpdate, sim.Second, 0xd0, 10},
		{"alarm", rtcAlarm, 5 * sim.Second, 0xf0, 1},
	} {
		r, b := newClock()
		r.put(rtcSecondAlarm, 5)
		r.put(rtcMinuteAlarm, 0xc0)
		r.put(rtcHourAlarm, 0xff)
		r.put(rtcB, c.enable|rtc24)
		b.run(r, 8*sim.Second)
		if len(b.rises) != 1 || b.rises[0] != c.first || b.events != 1 {
			t.Fatalf("%s: %d interrupts, the first at %v, %d events", c.name, len(b.rises), b.rises, b.events)
		}
		if got := r.get(rtcC); got&c.flags != c.flags || b.line {
			t.Errorf("%s: flags %#x, line %v", c.name, got, b.line)
		}

		r, b = newClock()
		r.put(rtcSecondAlarm, 5)
		r.put(rtcMinuteAlarm, 0xc0)
		r.put(rtcHourAlarm, 0xc0)
		r.put(rtcB, c.enable|rtc24)
		n := 0
		for at := sim.Time(0); at <= 10*sim.Second; at += sim.Second / 4096 {
			if b.run(r, at); b.line {
				n++
				r.get(rtcC)
			}
		}
		if n < c.n-1 || n > c.n {
			t.Errorf("%s: %d interrupts in 10 s, want %d", c.name, n, c.n)
		}
	}
}

// TestFlagsWithoutInterrupt: register C tells of what nobody enabled.
func TestFlagsWithoutInterrupt(t *testing.T) {
	r, b := newClock()
	b.run(r, 2*sim.Second)
	if got := r.get(rtcC); got != 0x50 || r.get(rtcC) != 0 || b.events != 0 {
		t.Errorf("flags %#x, %d events", got, b.events)
	}
}

// TestAlarmSearch compares with a search second by second.
func TestAlarmSearch(t *testing.T) {
	r, b := newClock()
	rnd := sim.Stream(1, t.Name())
	field := func(n int) uint8 {
		if rnd.IntN(3) == 0 {
			return 0xc0
		}
		return uint8(rnd.IntN(n + 1)) // may be one that never matches
	}
	r.put(rtcB, rtcBinary|rtc24)
	for range 30 {
		r.Alarm = [3]uint8{field(60), field(60), field(24)}
		from := int64(rnd.IntN(200000))
		want := int64(never)
		for s := from + 1; s <= from+86400; s++ {
			b.now = sim.Time(s) * sim.Second
			c := r.calendar(b.now)
			if match(r.Alarm[0], c[0]) && match(r.Alarm[1], c[1]) && match(r.Alarm[2], c[2]) {
				want = s
				break
			}
		}
		if got := r.alarmAfter(from); got != want {
			t.Errorf("alarm %v after %d is at %d, want %d", r.Alarm, from, got, want)
		}
	}
}

func match(alarm, v uint8) bool { return alarm >= 0xc0 || alarm == v }

func TestMemoryBytes(t *testing.T) {
	r, _ := newClock()
	for reg, want := range map[uint8]uint8{0x15: 0x80, 0x16: 2, 0x17: 0xff, 0x18: 0xff, 0x30: 0xff, 0x34: 0, 0x35: 0xbf, 0x5b: 0, 0x5c: 0x80, 0x5d: 0} {
		if got := r.get(reg); got != want {
			t.Errorf("register %#x is %#x, want %#x", reg, got, want)
		}
	}
	small := NewRTC(&board{}, 32<<20, 0)
	if got := int(small.get(0x34)) | int(small.get(0x35))<<8; got != 256 {
		t.Errorf("%d units of 64 KiB above 16 MiB of 32", got)
	}
	small.put(0x40, 0x77)
	if small.get(0x40) != 0x77 || small.In(0) != 0xff {
		t.Error("battery-backed memory does not keep its content")
	}
}
