package main

import "resvirt/vi/abi"

// What this VM does with devices, whether it has some or not: their interrupts, their
// registers, configuration space.

// Where the machine has what it has (hw/pci): devices 4 and 5, from here on.
const (
	deviceMemory = 0xe0000000 >> 12
	devicePort   = 0xc000
)

// The network controller's first page, and registers there (82540EM manual, 13.4): what may
// interrupt, and what makes it do so.
const (
	nicMemory = 0xe0020000
	nicICS    = 0xc8
	nicIMS    = 0xd0
	nicDevfn  = 5 << 3
)

// nic drives the network controller, if this VM has it, as far as to an interrupt.
func (r dice) nic() {
	m := r.words(abi.DomidSelf|abi.MapPirqMSI<<32, (1<<32-1)<<32, nicDevfn<<32, 1, 0)
	if hypercall(abi.HypercallPhysdevOp, abi.PhysdevopMapPirq, m, 0, 0, 0) == 0 {
		hypercall(abi.HypercallEventChannelOp, abi.EvtchnopBindPirq, r.words(word(m+8)>>32), 0, 0, 0)
	}
	level := r.words(1)
	hypercall(abi.HypercallPhysdevOp, abi.PhysdevopSetIOPL, level, 0, 0, 0)
	out32(0xcf8, 1<<31|nicDevfn<<8|4)
	out32(0xcfc, 7) // ports, memory, bus master
	at := arena + r.page()*pageSize
	if hypercall(abi.HypercallUpdateVAMapping, at, nicMemory|0x67, abi.UVMFInvlpg, 0, 0) != 0 {
		return
	}
	store(at+nicIMS, 0xffff)
	for range r.n(5) {
		store(at+nicICS, r.n(1<<17))
	}
	hypercall(abi.HypercallUpdateVAMapping, at, r.entry(), abi.UVMFInvlpg, 0, 0)
}

// device is a call about interrupts of devices.
func (r dice) device() (uint64, [5]uint64) {
	pirq := [3]uint64{16 + r.n(12), r.n(70), r.value()}[r.n(3)]
	devfn := [2]uint64{(4 + r.n(3)) << 3, r.n(300)}[r.n(2)]
	switch r.n(6) {
	case 0, 1: // map
		bus := [2]uint64{0, r.n(2) << 16}[r.n(2)]
		at := r.words(r.domid()|r.n(5)<<32, 16+r.n(8)|(1<<32-1)<<32, bus|devfn<<32, r.n(9), r.n(2))
		return abi.HypercallPhysdevOp, [5]uint64{abi.PhysdevopMapPirq, at}
	case 2, 3:
		return abi.HypercallEventChannelOp, [5]uint64{abi.EvtchnopBindPirq, r.words(pirq|r.n(2)<<32, 0)}
	case 4:
		return abi.HypercallPhysdevOp, [5]uint64{abi.PhysdevopEOI, r.words(pirq)}
	}
	cmds := [7]uint64{abi.PhysdevopIRQStatusQuery, abi.PhysdevopUnmapPirq, abi.PhysdevopGetFreePirq, abi.PhysdevopPCIDeviceAdd,
		abi.PhysdevopPCIDeviceRemove, abi.PhysdevopPrepareMSIX, abi.PhysdevopReleaseMSIX}
	return abi.HypercallPhysdevOp, [5]uint64{cmds[r.n(7)], r.words(r.domid()|devfn<<24|pirq<<32, pirq)}
}
