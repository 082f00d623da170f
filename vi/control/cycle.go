package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/guest"
)

const (
	cycleID    = maxDomains + 1
	cyclePages = 16
)

// cycle makes a small domain, does everything with it that is done with a VM
// except running it, and destroys it. With "cycles=N" this is done N times
// before all else. If memory is lost in this, the hypervisor finds that at the
// end of the run.
func cycle() {
	createDomain(cycleID)
	domctl("max_vcpus", abi.DomctlMaxVcpus, cycleID, [4]uint64{1})
	domctl("max_mem", abi.DomctlMaxMem, cycleID, [4]uint64{cyclePages << (pageShift - 10)})
	place(cycleID, config.cpus-1)
	for pfn := range uint64(cyclePages) {
		p2m[pfn] = pfn
	}
	if n := guest.Populate(cycleID, p2m[:cyclePages]); n != cyclePages {
		guest.Die("populate_physmap", uint64(n))
	}
	// A root without anything below it is enough for a vCPU.
	at := guest.MapForeign(cycleID, 0, p2m[:4], 0)
	*(*uint64)(guest.Ptr(at)) = 0
	guest.MapForeign(0, 0, nil, 4)
	guest.Must("pin", guest.PinRoot(cycleID, p2m[0]))
	domctl("hypercall_init", abi.DomctlHypercallInit, cycleID, [4]uint64{p2m[1]})
	remote, rc := guest.AllocUnbound(cycleID)
	guest.Must("alloc_unbound", rc)
	port, rc := guest.BindInterdomain(cycleID, remote)
	guest.Must("bind_interdomain", rc)
	context = abi.VcpuGuestContext{Flags: abi.VGCFInKernel}
	context.CtrlReg[3] = abi.XenPFNToCR3(p2m[0])
	domctl("setvcpucontext", abi.DomctlSetVcpuContext, cycleID, [4]uint64{0, guest.Addr(unsafe.Pointer(&context))})
	domctl("unpausedomain", abi.DomctlUnpause, cycleID, [4]uint64{})
	domctl("pausedomain", abi.DomctlPause, cycleID, [4]uint64{})
	domctl("destroydomain", abi.DomctlDestroy, cycleID, [4]uint64{})
	guest.ClosePort(port)
}
