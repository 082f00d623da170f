package dev

import (
	"math"
	"time"

	"resvirt/sim"
)

// calendarRegs is how many registers hold the calendar: seconds, minutes, hours,
// day of the week, day, month, year, century.
const calendarRegs = 8

// calendarReg is the place of a register in the calendar, -1 if it does not
// belong to it.
func calendarReg(reg uint8) int {
	for i, r := range [calendarRegs]uint8{rtcSecond, rtcMinute, rtcHour, rtcWeekday, rtcDay, rtcMonth, rtcYear, RTCCentury} {
		if r == reg {
			return i
		}
	}
	return -1
}

// calendar is what the registers show at a time: the held values while the
// calendar is stopped.
func (r *RTC) calendar(now sim.Time) [calendarRegs]uint8 {
	if !r.running() {
		return r.Held
	}
	t := time.Unix(r.Second+r.seconds(now), 0).UTC()
	fields := [calendarRegs]int{t.Second(), t.Minute(), t.Hour(), int(t.Weekday()) + 1, t.Day(), int(t.Month()), t.Year() % 100, t.Year() / 100}
	var regs [calendarRegs]uint8
	for i, v := range fields {
		regs[i] = r.encode(v)
	}
	regs[2] = r.hour(t.Hour())
	return regs
}

// setCalendar makes the calendar begin with the held values; the seconds' phase stays.
func (r *RTC) setCalendar(now sim.Time) {
	v := r.Held
	year := r.decode(v[7])*100 + r.decode(v[6])
	t := time.Date(year, time.Month(r.decode(v[5])), r.decode(v[4]), r.decodeHour(v[2]), r.decode(v[1]), r.decode(v[0]), 0, time.UTC)
	r.Second = t.Unix() - r.seconds(now)
}

// encode is a number in the format that register B selects, decode the reverse.
func (r *RTC) encode(n int) uint8 {
	if r.B&rtcBinary != 0 {
		return uint8(n)
	}
	return uint8(n/10<<4 | n%10)
}

func (r *RTC) decode(v uint8) int {
	if r.B&rtcBinary != 0 {
		return int(v)
	}
	return int(v>>4)*10 + int(v&15)
}

const afternoon = 0x80

// hour is an hour in the format of 24 or 12 hours.
func (r *RTC) hour(n int) uint8 {
	if r.B&rtc24 != 0 {
		return r.encode(n)
	}
	v := r.encode((n+11)%12 + 1)
	if n >= 12 {
		v |= afternoon
	}
	return v
}

func (r *RTC) decodeHour(v uint8) int {
	if r.B&rtc24 != 0 {
		return r.decode(v)
	}
	n := r.decode(v&^afternoon) % 12
	if v&afternoon != 0 {
		n += 12
	}
	return n
}

const never = math.MaxInt64

// alarmAfter is the first second after from, as they count since Began, that
// matches the alarm; never if none does. Registers from C0h on match everything.
func (r *RTC) alarmAfter(from int64) int64 {
	const day = 24 * 3600
	s, m, h := r.alarmField(r.Alarm[0], r.decode), r.alarmField(r.Alarm[1], r.decode), r.alarmField(r.Alarm[2], r.decodeHour)
	for at := from + 1; at <= from+day; {
		of := ((r.Second+at)%day + day) % day // second of the day
		switch {
		case h >= 0 && of/3600 != h:
			at += 3600 - of%3600
		case m >= 0 && of/60%60 != m:
			at += 60 - of%60
		case s >= 0 && of%60 != s:
			at++
		default:
			return at
		}
	}
	return never
}

// alarmField is the value that an alarm register asks for, -1 for any.
func (r *RTC) alarmField(reg uint8, decode func(uint8) int) int64 {
	if reg >= 0xc0 {
		return -1
	}
	return int64(decode(reg))
}
