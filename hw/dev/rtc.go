package dev

import (
	"resvirt/hw/bus"
	"resvirt/sim"
)

// RTCState is everything mutable of the clock.
type RTCState struct {
	Index uint8
	A, B  uint8
	Flags uint8      // of register C, as of Synced
	Alarm [3]uint8   // seconds, minutes, hours, as written
	RAM   [128]uint8 // registers that nothing else answers for

	Second int64    // of the calendar, since 1970, when virtual time was Began
	Began  sim.Time // seconds of the calendar begin at whole seconds after this time
	Held   [calendarRegs]uint8
	Synced sim.Time
}

// RTC is the clock and the battery-backed memory of a PC, a Motorola MC146818A
// at ports 70h and 71h. Its calendar begins at a fixed date and follows virtual
// time. Flags are computed from the time that has passed.
type RTC struct {
	RTCState
	host bus.Host
}

var _ bus.Device = (*RTC)(nil)

// Registers (data sheet, table "Address Map").
const (
	rtcSecond, rtcSecondAlarm = 0, 1
	rtcMinute, rtcMinuteAlarm = 2, 3
	rtcHour, rtcHourAlarm     = 4, 5
	rtcWeekday                = 6
	rtcDay                    = 7
	rtcMonth                  = 8
	rtcYear                   = 9
	rtcA, rtcB, rtcC, rtcD    = 10, 11, 12, 13
)

// RTCCentury is the register that holds the century by convention.
const RTCCentury = 0x32

// Bits of registers A, B and C.
const (
	rtcUpdating = 1 << 7 // A
	rtcDivider  = 7 << 4 // A
	rtcRunning  = 2 << 4 // A: divider for a crystal of 32768 Hz
	rtcSet      = 1 << 7 // B
	rtcBinary   = 1 << 2 // B
	rtc24       = 1 << 1 // B

	rtcIRQF   = 1 << 7 // C
	rtcPeriod = 1 << 6 // B and C
	rtcAlarm  = 1 << 5
	rtcUpdate = 1 << 4

	rtcEvent     = 0
	rtcEpoch     = 1767225600 // 1 January 2026, 00:00:00 UTC, a Thursday
	beforeUpdate = 244 * sim.Microsecond
)

// NewRTC returns a clock that a PC's firmware has set up, of a machine with so
// many bytes of RAM below and above 4 GiB, the size of RAM is in the
// battery-backed memory by convention.
func NewRTC(h bus.Host, low, high uint64) *RTC {
	r := &RTC{host: h}
	r.A, r.B = rtcRunning|6, rtc24
	r.Second = rtcEpoch
	put := func(reg int, v uint64) { r.RAM[reg], r.RAM[reg+1] = uint8(v), uint8(v>>8) }
	above := func(from, unit uint64) uint64 { return (max(low, from) - from) / unit }
	put(0x15, 640)
	put(0x17, min(above(1<<20, 1<<10), 0xffff))
	put(0x30, min(above(1<<20, 1<<10), 0xffff))
	put(0x34, min(above(16<<20, 64<<10), 0xffff))
	put(0x5b, high/(64<<10))
	r.RAM[0x5d] = uint8(high >> 32)
	return r
}

// running tells whether the calendar is updated.
func (r *RTC) running() bool { return r.A&rtcDivider == rtcRunning && r.B&rtcSet == 0 }

// second is the number of whole seconds that have passed since Began.
func (r *RTC) seconds(now sim.Time) int64 { return int64((now - r.Began) / sim.Second) }

// interval is the time between periodic interrupts, 0 if they are off (data
// sheet, table 3).
func (r *RTC) interval() sim.Time {
	rate := r.A & 15
	switch {
	case rate == 0 || r.A&rtcDivider != rtcRunning:
		return 0
	case rate < 3:
		rate += 7
	}
	return sim.Second << (rate - 1) / 32768
}

// sync sets the flags of what has happened up to now.
func (r *RTC) sync(now sim.Time) {
	if now <= r.Synced {
		return
	}
	if p := r.interval(); p != 0 && (now-r.Began)/p != (r.Synced-r.Began)/p {
		r.Flags |= rtcPeriod
	}
	if r.running() {
		from, to := r.seconds(r.Synced), r.seconds(now)
		if from != to {
			r.Flags |= rtcUpdate
		}
		if r.Flags&rtcAlarm == 0 && r.alarmAfter(from) <= to {
			r.Flags |= rtcAlarm
		}
	}
	r.Synced = now
}

// update drives the interrupt, or waits for the next reason for one.
func (r *RTC) update(now sim.Time) {
	due := r.Flags&r.B&(rtcPeriod|rtcAlarm|rtcUpdate) != 0
	r.host.Line(due)
	r.host.Cancel(rtcEvent)
	if due {
		return
	}
	next := sim.Never
	if p := r.interval(); p != 0 && r.B&rtcPeriod != 0 {
		next = r.Began + ((now-r.Began)/p+1)*p
	}
	if r.running() && r.B&rtcUpdate != 0 {
		next = min(next, r.Began+sim.Time(r.seconds(now)+1)*sim.Second)
	}
	if r.running() && r.B&rtcAlarm != 0 {
		if s := r.alarmAfter(r.seconds(now)); s != never {
			next = min(next, r.Began+sim.Time(s)*sim.Second)
		}
	}
	if next != sim.Never {
		r.host.At(next, rtcEvent, 0)
	}
}

// Event implements bus.Device.
func (r *RTC) Event(uint16, uint64) {
	now := r.host.Now()
	r.sync(now)
	r.update(now)
}

// Save implements bus.Device.
func (r *RTC) Save() any { return r.RTCState }

// Load implements bus.Device.
func (r *RTC) Load(s any) { r.RTCState = s.(RTCState) }

// Hash implements bus.Device.
func (r *RTC) Hash(h *sim.Hasher) {
	h.Bytes([]byte{r.Index, r.A, r.B, r.Flags, r.Alarm[0], r.Alarm[1], r.Alarm[2]})
	h.Bytes(r.RAM[:])
	h.Uint64(uint64(r.Second))
	h.Uint64(uint64(r.Began))
	h.Bytes(r.Held[:])
	h.Uint64(uint64(r.Synced))
}
