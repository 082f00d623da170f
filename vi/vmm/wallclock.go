package main

import (
	"sync/atomic"

	"resvirt/vi/bare"
)

// bootTime is the time of day at system time 0, in seconds since 1970. It is
// read from the clock chip at boot.
var bootTime uint64

// Registers of the MC146818 behind ports 70h and 71h.
const (
	rtcIndex  = 0x70
	rtcData   = 0x71
	rtcStatus = 0x0a // bit 7: an update is in progress
	rtcMode   = 0x0b // bit 2: binary, not BCD
)

func readRTC(reg uint8) uint8 {
	bare.Out8(rtcIndex, reg)
	return bare.In8(rtcData)
}

// readWallclock sets bootTime.
func readWallclock() {
	if native {
		return
	}
	for i := 0; i < 1000000 && readRTC(rtcStatus)>>7 != 0; i++ {
		bare.Pause()
	}
	binary := readRTC(rtcMode)&4 != 0
	field := func(reg uint8) uint64 {
		v := readRTC(reg)
		if !binary {
			v = v>>4*10 + v&15
		}
		return uint64(v)
	}
	bootTime = unixTime(2000+field(9), field(8), field(7), field(4), field(2), field(0))
}

// unixTime is a date of the Gregorian calendar in seconds since 1970.
func unixTime(year, month, day, hour, minute, second uint64) uint64 {
	// Count years from March on, so that the leap day is the last of its year.
	if month <= 2 {
		month += 12
		year--
	}
	days := 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - 719468
	return ((days*24+hour)*60+minute)*60 + second
}

// showWallclock writes the time of day at system time 0 into the shared info
// page; the version is odd meanwhile (xen.h).
func (d *Domain) showWallclock() {
	s := d.shared
	atomic.StoreUint32(&s.WCVersion, s.WCVersion|1)
	s.WCSec, s.WCSecHi, s.WCNsec = uint32(bootTime), uint32(bootTime>>32), 0
	atomic.StoreUint32(&s.WCVersion, s.WCVersion+1)
}
