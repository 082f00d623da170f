package iommu

import "encoding/binary"

// Fields of a device table entry (2.2.2.1), by the 64-bit word they are in.
const (
	dteValid       = 1 << 0
	dteTranslation = 1 << 1
	dteModeShift   = 9
	dteRead        = 1 << 61
	dteWrite       = 1 << 62
	dteReserved0   = 1<<63 | 0x1ff<<52 | 0x1f<<2 | 3<<7 // with what belongs to features that are not offered

	dteSuppressOne = 1 << 33
	dteSuppressAll = 1 << 34
	dteExclusion   = 1 << 39
	dteReserved1   = 1 << 42

	dteInterrupts   = 1 << 0
	dteTableLength  = 0xf << 1
	dteIgnore       = 1 << 5
	dteTableAddress = uint64(1)<<52 - 1<<6
	dteInitPass     = 1 << 56
	dteExtPass      = 1 << 57
	dteNMIPass      = 1 << 58
	dteControlShift = 60
	dteReserved2    = 1<<59 | 0xf<<52

	dteReserved3 = 1<<54 - 1

	dteBytes  = 32
	maxLevels = 6
)

// access is what a function asks for.
type access struct {
	device    uint16
	address   uint64
	write     bool
	interrupt bool
}

// flags are those by which events tell accesses apart.
func (a *access) flags() (f uint32) {
	if a.interrupt {
		f |= flagInterrupt
	}
	if a.write {
		f |= flagWrite
	}
	return f
}

// entry returns a device's table entry, from the cache if it is there. ok is false if there
// is none that could be read or used, which has been logged then.
func (u *IOMMU) entry(a *access) (e *Entry, ok bool) {
	e = &u.state.Entries[entryPlace(a.device)]
	if e.Valid && e.Device == a.device {
		return e, true
	}
	at := u.state.DeviceTable&addressBits + uint64(a.device)*dteBytes
	if uint64(a.device)*dteBytes >= (u.state.DeviceTable&tableSize+1)<<pages {
		// The specification asks software for a table that is large enough. What is beyond
		// its end is no entry.
		u.log(event{code: eventIllegalEntry, device: a.device, flags: a.flags(), address: a.address})
		return nil, false
	}
	if !u.ram(at, dteBytes) {
		u.log(event{code: eventTableError, device: a.device, flags: a.flags() | hardwareMasterAbort, address: at &^ 0xf})
		return nil, false
	}
	var b [dteBytes]byte
	u.host.ReadRAM(at, b[:])
	fresh := Entry{Valid: true, Device: a.device}
	for i := range fresh.Words {
		fresh.Words[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	if fresh.illegal() {
		u.log(event{code: eventIllegalEntry, device: a.device, flags: a.flags() | flagReserved, address: a.address})
		return nil, false
	}
	*e = fresh
	return e, true
}

// illegal tells whether an entry has reserved bits or levels of page tables that there are not.
func (e *Entry) illegal() bool {
	w := &e.Words
	switch {
	case w[2]&dteInterrupts != 0 && (w[2]&dteReserved2 != 0 || w[2]>>dteControlShift&3 == 3):
		return true
	case w[0]&dteValid == 0:
		return false
	case w[0]&dteReserved0 != 0 || w[3]&dteReserved3 != 0:
		return true
	}
	return w[0]&dteTranslation != 0 && (e.levels() > maxLevels || w[1]&dteReserved1 != 0)
}

func (e *Entry) levels() int    { return int(e.Words[0] >> dteModeShift & 7) }
func (e *Entry) domain() uint16 { return uint16(e.Words[1]) }

// fault logs a page fault, unless the entry suppresses it.
func (u *IOMMU) fault(e *Entry, a *access, flags uint32) {
	quiet := e.Words[1]&dteSuppressAll != 0 || e.Words[1]&dteSuppressOne != 0 && e.Faulted
	e.Faulted = true
	if !quiet {
		u.log(event{code: eventPageFault, device: a.device, domain: e.domain(), flags: a.flags() | flags, address: a.address})
	}
}
