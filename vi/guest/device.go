package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// What a kernel needs that drives devices, or serves those of other domains: pages for
// devices, device memory, interrupts, and the pages that others granted.

// DevicePage takes a page of zeros for good, and says where it is for the kernel and for
// devices. It is false where no memory is left.
func DevicePage() (at unsafe.Pointer, machine uint64, ok bool) {
	p := allocZero()
	if p == 0 {
		return nil, 0, false
	}
	return ptr(kva(p)), p2m[p] << 12, true
}

// MapDevice maps n pages of device memory into the window of foreign pages from a slot
// on, uncached. Pages with a table of messages, which are the hypervisor's to write, are
// mapped to be read.
func MapDevice(slot int, machine uint64, n int) unsafe.Pointer {
	const uncached = 1<<3 | 1<<4 // PWT, PCD
	for i := range n {
		u := [1]abi.MMUUpdate{{Ptr: pteMachine(foreignTable, slot+i), Val: machine + uint64(i)*pageSize | pteKernel | uncached}}
		if mmuUpdate(u[:]) != 0 {
			u[0].Val &^= pteWrite
			must("device memory", mmuUpdate(u[:]))
		}
	}
	must("flush", mmuext1(abi.MMUExtTLBFlushLocal, 0, 0))
	return ptr(foreignBase() + uint64(slot)*pageSize)
}

// MapMessage maps an interrupt message of a function and listens to it. table is the
// machine address of the function's MSI-X table, 0 for MSI.
func MapMessage(devfn uint8, entry uint32, table uint64) (port uint32, rc int64) {
	m := abi.PhysdevMapPirq{Domid: abi.DomidSelf, Type: abi.MapPirqMSI, Index: -1, Pirq: -1, DevFn: int32(devfn), EntryNr: int32(entry), TableBase: table}
	if rc := hypercall(abi.HypercallPhysdevOp, abi.PhysdevopMapPirq, addr(unsafe.Pointer(&m)), 0, 0); rc != 0 {
		return 0, rc
	}
	b := abi.EvtchnBindPirq{Pirq: uint32(m.Pirq)}
	if rc := evtchnOp(abi.EvtchnopBindPirq, unsafe.Pointer(&b)); rc != 0 {
		return 0, rc
	}
	bindPort(b.Port, portControl)
	return b.Port, 0
}

// GrantOp issues n operations of one kind on grants.
func GrantOp(cmd uint64, op unsafe.Pointer, n int) int64 {
	return hypercall(abi.HypercallGrantTableOp, cmd, addr(op), uint64(n), 0)
}

// MapRing maps a page that a domain granted into the window of foreign pages.
func MapRing(domain uint16, ref uint32, slot int) (at unsafe.Pointer, handle uint32, ok bool) {
	va := foreignBase() + uint64(slot)*pageSize
	op := abi.GnttabMapGrantRef{HostAddr: va, Flags: abi.GNTMAPHost, Ref: ref, Dom: domain}
	must("map_grant_ref", GrantOp(abi.GnttabopMapGrantRef, unsafe.Pointer(&op), 1))
	return ptr(va), op.Handle, op.Status == abi.GNTSTOkay
}

// Now is the system time in nanoseconds.
func Now() uint64 { return now() }

// Pause lets a short time pass.
func Pause() { pause() }

// FrameOf is the machine frame of a kernel address in the direct map.
func FrameOf(va uint64) uint64 { return p2m[pfnOf(va)] }

// UsePorts lets this kernel execute IN and OUT; which ports answer is up to what the
// domain was let use.
func UsePorts() {
	op := abi.PhysdevSetIOPL{IOPL: 1}
	must("set_iopl", hypercall(abi.HypercallPhysdevOp, abi.PhysdevopSetIOPL, addr(unsafe.Pointer(&op)), 0, 0))
}
