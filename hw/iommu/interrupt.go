package iommu

import "encoding/binary"

// Message types of interrupts, as in bits 8 to 10 of a message's data.
const (
	typeFixed  = 0
	typeLowest = 1
	typeNMI    = 4
	typeINIT   = 5
	typeExtINT = 7
)

// Interrupt control of a device table entry (2.2.5).
const (
	interruptsAbort = 0
	interruptsPass  = 1
)

// Fields of an entry of an interrupt remapping table (2.2.5.2).
const (
	irteEnabled  = 1 << 0
	irteQuiet    = 1 << 1
	irteLogical  = 1 << 6
	irteGuest    = 1 << 7
	irteReserved = 0xff << 24
	irteBytes    = 4
	maxTable     = 11 // the logarithm of the number of its entries
)

// Interrupt implements pci.Remapper. Messages of the IOMMU itself are not subject to it.
func (u *IOMMU) Interrupt(requester uint16, addr uint64, data uint32) (uint64, uint32, bool) {
	if !u.enabled() || requester == u.config.ID() {
		return addr, data, true
	}
	a := &access{device: requester, address: addr, write: true, interrupt: true}
	if addr>>20 != 0xfee { // an ordinary write
		a.interrupt = false
		pa, _, ok := u.Translate(requester, addr, true)
		return pa, data, ok
	}
	e, ok := u.entry(a)
	if !ok {
		return 0, 0, false
	}
	w := e.Words[2]
	if w&dteInterrupts == 0 {
		return addr, data, true
	}
	kind := data >> 8 & 7
	pass := [8]uint64{typeNMI: dteNMIPass, typeINIT: dteInitPass, typeExtINT: dteExtPass}
	control := w >> dteControlShift & 3
	switch {
	case kind != typeFixed && kind != typeLowest:
		ok = w&pass[kind] != 0
	case control == interruptsPass:
	case control == interruptsAbort:
		ok = false
	default:
		return u.remap(e, a, data)
	}
	if !ok {
		u.refuse(e, a, 0)
	}
	return addr, data, ok
}

// remap finds what an interrupt becomes in the device's table.
func (u *IOMMU) remap(e *Entry, a *access, data uint32) (uint64, uint32, bool) {
	w, index := e.Words[2], uint64(data&(1<<maxTable-1))
	if length := w & dteTableLength >> 1; length > maxTable || index >= 1<<length {
		u.refuse(e, a, 0)
		return 0, 0, false
	}
	at := w&dteTableAddress + index*irteBytes
	if !u.ram(at, irteBytes) {
		u.log(event{code: eventPageTableError, device: a.device, domain: e.domain(), flags: a.flags() | hardwareMasterAbort, address: at &^ 7})
		return 0, 0, false
	}
	var b [irteBytes]byte
	u.host.ReadRAM(at, b[:])
	irte := binary.LittleEndian.Uint32(b[:])
	kind := irte >> 2 & 7
	switch {
	case irte&irteEnabled == 0:
		if irte&irteQuiet == 0 {
			u.refuse(e, a, 0)
		}
		return 0, 0, false
	case irte&(irteReserved|irteGuest) != 0 || kind > typeLowest:
		if irte&irteQuiet == 0 {
			u.refuse(e, a, flagPresent|flagReserved)
		}
		return 0, 0, false
	}
	addr := uint64(0xfee00000) | uint64(irte>>8&0xff)<<12
	if irte&irteLogical != 0 {
		addr |= 4
	}
	return addr, irte>>16&0xff | kind<<8, true
}

// refuse logs a refused interrupt, unless the entry says that such are to be ignored.
func (u *IOMMU) refuse(e *Entry, a *access, flags uint32) {
	if e.Words[2]&dteIgnore == 0 {
		u.fault(e, a, flags)
	}
}
