package main

import (
	"unsafe"

	"resvirt/vi/bare"
	"resvirt/vi/guest"
)

// Configuration space (PCI Local Bus Specification 3.0, 6.1 and 6.2), through the ports of
// mechanism #1. A domain finds only functions that are its own.
const (
	configAddress = 0xcf8
	configData    = 0xcfc

	pciVendor  = 0x00
	pciCommand = 0x04
	pciClass   = 0x08
	pciBAR     = 0x10
	pciCaps    = 0x34

	cmdMemory = 1 << 1
	cmdMaster = 1 << 2

	capMSI  = 0x05
	capMSIX = 0x11

	classNVMe     = 0x010802
	classEthernet = 0x020000
)

// Slots of the window of foreign pages: those for rings, then device memory.
const (
	ringSlots   = 0
	deviceSlots = 64
)

func configRead(devfn uint8, at uint32) uint32 {
	bare.Out32(configAddress, 1<<31|uint32(devfn)<<8|at)
	return bare.In32(configData)
}

func configWrite(devfn uint8, at, v uint32) {
	bare.Out32(configAddress, 1<<31|uint32(devfn)<<8|at)
	bare.Out32(configData, v)
}

// function is a PCI function of ours.
type function struct {
	devfn uint8
	regs  unsafe.Pointer // its first memory space
	port  uint32         // of its interrupt
}

// nextSlot is where the window has room for device memory.
var nextSlot = deviceSlots

// findFunctions starts a driver for each function that there is one for.
func findFunctions() {
	for devfn := range 256 {
		f := function{devfn: uint8(devfn)}
		if configRead(f.devfn, pciVendor)&0xffff == 0xffff {
			continue
		}
		switch configRead(f.devfn, pciClass) >> 8 {
		case classNVMe:
			startDisk(&f)
		case classEthernet:
			startNet(&f)
		}
	}
}

// open maps the function's registers, lets it reach memory, and listens to its message.
// What is missing ends with a line, and the function is left alone.
func (f *function) open() bool {
	base, size := f.space()
	table := uint64(0)
	if at := f.capability(capMSIX); at != 0 {
		where := configRead(f.devfn, at+4)
		table = f.bar(where&7) + uint64(where&^7)
		if table >= base && table < base+size {
			size = (table - base) &^ 4095 // the hypervisor keeps the table and what is behind it
		}
	} else if f.capability(capMSI) == 0 {
		return f.refuse("no messages for interrupts")
	}
	if base == 0 || size == 0 || nextSlot+int(size>>12) > guest.ForeignPages {
		return f.refuse("no registers")
	}
	f.regs = guest.MapDevice(nextSlot, base, int(size>>12))
	nextSlot += int(size >> 12)
	configWrite(f.devfn, pciCommand, configRead(f.devfn, pciCommand)&0xffff|cmdMemory|cmdMaster)
	port, rc := guest.MapMessage(f.devfn, 0, table)
	f.port = port
	return rc == 0 || f.refuse("no interrupt")
}

func (f *function) refuse(why string) bool {
	guest.Print("device ")
	guest.PrintHex(uint64(f.devfn))
	guest.Print(" cannot be used: ")
	guest.Print(why)
	guest.Print("\n")
	return false
}

// bar is the machine address in a register of memory space, 0 for none.
func (f *function) bar(i uint32) uint64 {
	low := configRead(f.devfn, pciBAR+4*i)
	switch {
	case low&1 != 0:
		return 0
	case low&6 == 4:
		return uint64(configRead(f.devfn, pciBAR+4*i+4))<<32 | uint64(low&^15)
	}
	return uint64(low &^ 15)
}

// space is where the first memory space is, and its size in whole pages.
func (f *function) space() (base, size uint64) {
	was := configRead(f.devfn, pciBAR)
	configWrite(f.devfn, pciBAR, ^uint32(0))
	mask := configRead(f.devfn, pciBAR) &^ 15
	configWrite(f.devfn, pciBAR, was)
	if was&1 != 0 || mask == 0 {
		return 0, 0
	}
	return f.bar(0), (uint64(^mask) + 1 + 4095) &^ 4095
}

// capability is where a capability is in configuration space, 0 for none (6.7).
func (f *function) capability(id uint32) uint32 {
	at := configRead(f.devfn, pciCaps) & 0xfc
	for range 48 {
		if at == 0 {
			return 0
		}
		head := configRead(f.devfn, at)
		if head&0xff == id {
			return at
		}
		at = head >> 8 & 0xfc
	}
	return 0
}
