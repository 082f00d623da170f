package dev

import "resvirt/sim"

// In reads a byte of port 70h or 71h. The index cannot be read back.
func (r *RTC) In(port uint16) uint8 {
	if port == 0 {
		return 0xff
	}
	now := r.host.Now()
	switch reg := r.Index; reg {
	case rtcSecondAlarm, rtcMinuteAlarm, rtcHourAlarm:
		return r.Alarm[reg>>1]
	case rtcA:
		if r.running() && (now-r.Began)%sim.Second >= sim.Second-beforeUpdate {
			return r.A | rtcUpdating
		}
		return r.A
	case rtcB:
		return r.B
	case rtcC:
		return r.readFlags(now)
	case rtcD:
		return 0x80 // the battery is good
	default:
		if i := calendarReg(reg); i >= 0 {
			return r.calendar(now)[i]
		}
		return r.RAM[reg]
	}
}

// readFlags reads register C, which clears it.
func (r *RTC) readFlags(now sim.Time) uint8 {
	r.sync(now)
	v := r.Flags
	if v&r.B != 0 {
		v |= rtcIRQF
	}
	r.Flags = 0
	r.update(now)
	return v
}

// Out writes a byte to port 70h or 71h. Bit 7 of the index masks NMIs, which
// nothing outside the processors sends.
func (r *RTC) Out(port uint16, v uint8) {
	if port == 0 {
		r.Index = v & 0x7f
		return
	}
	now := r.host.Now()
	r.sync(now)
	switch reg := r.Index; reg {
	case rtcSecondAlarm, rtcMinuteAlarm, rtcHourAlarm:
		r.Alarm[reg>>1] = v
	case rtcA, rtcB:
		r.control(now, reg, v)
	case rtcC, rtcD:
	default:
		i := calendarReg(reg)
		if i < 0 {
			r.RAM[reg] = v
			return
		}
		r.Held = r.calendar(now)
		r.Held[i] = v
		if r.running() {
			r.setCalendar(now)
		}
	}
	r.update(now)
}

// control writes register A or B. While they stop the calendar its registers
// hold. After the divider has been held in reset, the first update comes after
// half a second.
func (r *RTC) control(now sim.Time, reg, v uint8) {
	was := r.running()
	held := r.calendar(now)
	if reg == rtcA {
		if r.A&rtcDivider != rtcRunning && v&rtcDivider == rtcRunning {
			r.Second += r.seconds(now)
			r.Began = now - sim.Second/2
			r.Synced = now
		}
		r.A = v &^ rtcUpdating
	} else {
		r.B = v
		if v&rtcSet != 0 {
			r.B &^= rtcUpdate
		}
	}
	r.Held = held
	if !was && r.running() {
		r.setCalendar(now)
	}
}
