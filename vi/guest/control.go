package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// What the control domain needs of the kernel in addition: the toolstack's
// hypercalls, events for which it waits, and a window in which it maps frames
// of other domains.

// Domctl issues a domctl. What is no result must come back as it was.
func Domctl(op *abi.Domctl) int64 {
	op.Version = abi.DomctlVersion
	was := *op
	r := hypercall(abi.HypercallDomctl, addr(unsafe.Pointer(op)), 0, 0, 0)
	results := uintptr(0)
	if op.Cmd == abi.DomctlGetInfo {
		results = unsafe.Sizeof(abi.DomctlDomainInfo{}) / 8
	}
	same := op.Cmd == was.Cmd && op.Version == was.Version && op.Domain == was.Domain
	for i := int(results); i < len(op.U); i++ {
		same = same && op.U[i] == was.U[i]
	}
	if !same {
		report("argument of domctl", uint64(op.Cmd))
	}
	return r
}

// Sysctl issues a sysctl.
func Sysctl(op *abi.Sysctl) int64 {
	op.Version = abi.SysctlVersion
	return hypercall(abi.HypercallSysctl, addr(unsafe.Pointer(op)), 0, 0, 0)
}

// Populate gives a domain memory: a machine frame for each number in pfns,
// which is replaced by the machine frame's number. It returns how many it got.
func Populate(domain uint16, pfns []uint64) int64 {
	r := abi.MemoryReservation{ExtentStart: addr(unsafe.Pointer(&pfns[0])), NrExtents: uint64(len(pfns)), Domid: domain}
	return memoryOp(abi.XenmemPopulatePhysmap, &r)
}

// PinRoot has a frame of a domain validated as its L4 table.
func PinRoot(domain uint16, frame uint64) int64 {
	op := abi.MMUExtOp{Cmd: abi.MMUExtPinL4, Arg1: frame}
	return hypercall(abi.HypercallMMUExtOp, addr(unsafe.Pointer(&op)), 1, 0, uint64(domain))
}

// AllocUnbound makes an event channel in another domain that this domain may
// bind, and returns its port there.
func AllocUnbound(domain uint16) (uint32, int64) {
	a := abi.EvtchnAllocUnbound{Dom: domain, RemoteDom: abi.DomidSelf}
	rc := evtchnOp(abi.EvtchnopAllocUnbound, unsafe.Pointer(&a))
	return a.Port, rc
}

// BindInterdomain joins a new port to another domain's, and listens to it.
func BindInterdomain(domain uint16, port uint32) (uint32, int64) {
	b := abi.EvtchnBindInterdomain{RemoteDom: domain, RemotePort: port}
	rc := evtchnOp(abi.EvtchnopBindInterdomain, unsafe.Pointer(&b))
	if rc == 0 {
		bindPort(b.LocalPort, portControl)
	}
	return b.LocalPort, rc
}

// BindVirq binds a virtual interrupt, and listens to it.
func BindVirq(virq uint32) int64 {
	b := abi.EvtchnBindVirq{Virq: virq}
	rc := evtchnOp(abi.EvtchnopBindVirq, unsafe.Pointer(&b))
	if rc == 0 {
		bindPort(b.Port, portControl)
	}
	return rc
}

// Notify sends on a port.
func Notify(port uint32) {
	arg := abi.EvtchnPort{Port: port}
	must("send", evtchnOp(abi.EvtchnopSend, unsafe.Pointer(&arg)))
}

// ClosePort closes a port.
func ClosePort(port uint32) {
	maskPort(port)
	ports[port] = portNone
	arg := abi.EvtchnPort{Port: port}
	must("close", evtchnOp(abi.EvtchnopClose, unsafe.Pointer(&arg)))
}

// WaitEvent waits until there has been an event since the last call. Events are
// masked in between, so that none is missed.
func WaitEvent() { idle() }

// WriteConsole writes to the hypervisor's console, as it is.
func WriteConsole(p []byte) {
	hypercall(abi.HypercallConsoleIO, abi.ConsoleIOWrite, uint64(len(p)), addr(unsafe.Pointer(&p[0])), 0)
}

// CommandLine is the kernel's command line.
func CommandLine() []byte { return cmdline }

// Option is the number of a "name=number" word of the command line, 0 if there
// is none; name ends in '='.
func Option(name string) uint64 { return option(name) }

// Module is the file that was loaded beside the kernel.
func Module() []byte { return unsafe.Slice((*byte)(ptr(initrd.start)), initrd.size) }

// ForeignPages is how many frames the window holds.
const ForeignPages = 512

// foreignTable is the L1 table of the window, above that of the blocks.
var foreignTable uint32

func foreignBase() uint64 { return windowBase() + l1Span }

// InitForeign makes the window. It must be called once, before MapForeign.
func InitForeign() {
	foreignTable = allocZero()
	hookKernel(int(foreignBase()>>21&511), foreignTable)
	sealedReadOnly++ // foreignTable is read-only from now on
	sealedTables = tablesSum()
}

// foreignUpdates are the requests of a MapForeign.
var foreignUpdates [64]abi.MMUUpdate

// MapForeign maps up to 64 frames of a domain into the window from a slot on, in
// the place of what was mapped there, and returns the address. Without frames it
// unmaps n.
func MapForeign(domain uint16, slot int, frames []uint64, n int) uint64 {
	flags := uint64(pteKernel)
	if len(frames) == 0 {
		domain, flags = abi.DomidSelf, 0
	} else {
		n = len(frames)
	}
	for i := range n {
		u := &foreignUpdates[i]
		u.Ptr, u.Val = pteMachine(foreignTable, slot+i), flags
		if flags != 0 {
			u.Val |= frames[i] << 12
		}
	}
	must("foreign mapping", hypercall(abi.HypercallMMUUpdate, addr(unsafe.Pointer(&foreignUpdates)), uint64(n), 0, uint64(domain)))
	must("flush", mmuext1(abi.MMUExtTLBFlushLocal, 0, 0))
	return foreignBase() + uint64(slot)*pageSize
}

// MapGranted maps the console of a domain by its grant into the window, in place of
// what is mapped there, and returns a handle. A kernel that grants none leaves
// everything as it is.
func MapGranted(domain uint16, slot int) (handle uint32, ok bool) {
	at := foreignBase() + uint64(slot)*pageSize
	op := abi.GnttabMapGrantRef{HostAddr: at, Flags: abi.GNTMAPHost, Ref: refConsole, Dom: domain}
	must("map_grant_ref", grantOp(abi.GnttabopMapGrantRef, unsafe.Pointer(&op)))
	return op.Handle, op.Status == abi.GNTSTOkay
}

// UnmapGranted is the inverse of MapGranted.
func UnmapGranted(slot int, handle uint32) {
	op := abi.GnttabUnmapGrantRef{HostAddr: foreignBase() + uint64(slot)*pageSize, Handle: handle}
	must("unmap_grant_ref", grantOp(abi.GnttabopUnmapGrantRef, unsafe.Pointer(&op)))
	must("status of unmap_grant_ref", int64(op.Status))
}

// CopyBytes copies between kernel addresses.
func CopyBytes(dst, src, n uint64) { copyBytes(dst, src, n) }

// Addr and Ptr convert between addresses and pointers.
func Addr(p unsafe.Pointer) uint64 { return addr(p) }

// Ptr is the inverse of Addr.
func Ptr(a uint64) unsafe.Pointer { return ptr(a) }

// Must ends the kernel when a hypercall that cannot fail has failed.
func Must(what string, rc int64) { must(what, rc) }
