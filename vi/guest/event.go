package guest

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// Uses of an event channel port.
const (
	portNone = iota
	portTimer
	portIPI   // to this vCPU, of the probe
	portReply // from the worker
	portPair  // an interdomain channel to ourselves, of the probe
	portDevice

	portControl // of the control domain, which checks everything after each event
	portProcess // of a process, by a file
	portStore   // of a process's connection to XenStore
)

var (
	ports    [256]uint8 // use by port; the kernel needs few
	received [16]uint64 // events by use
)

func maskPort(port uint32) {
	if fifo.control != nil {
		atomic.OrUint32(&fifo.words[port&(pageSize/4-1)], abi.EvtchnFIFOMasked)
		return
	}
	atomic.OrUint64(&shared.EvtchnMask[port/64], 1<<(port%64))
}

// clearPending makes a port not pending.
func clearPending(port uint32) {
	if fifo.control != nil {
		atomic.AndUint32(&fifo.words[port&(pageSize/4-1)], ^uint32(abi.EvtchnFIFOPending))
		return
	}
	atomic.AndUint64(&shared.EvtchnPending[port/64], ^(uint64(1) << (port % 64)))
}

// bindPort notes what a port is for and lets its events through.
func bindPort(port uint32, use uint8) {
	if port >= uint32(len(ports)) {
		Die("event channel port", uint64(port))
	}
	ports[port] = use
	// Unmask it by hypercall: an event that came while the port was masked has
	// raised no upcall.
	arg := abi.EvtchnPort{Port: port}
	must("unmask", evtchnOp(abi.EvtchnopUnmask, unsafe.Pointer(&arg)))
}

// initEvents registers the entry points and binds the timer.
func initEvents() {
	for i := range shared.EvtchnMask {
		shared.EvtchnMask[i] = ^uint64(0)
	}
	must("set_callbacks", hypercall(abi.HypercallSetCallbacks, entries[entryEvent], entries[entryFailsafe], entries[entrySyscall], 0))
	// set_callbacks leaves events unmasked at a system call's entry.
	cb := abi.CallbackRegister{Type: abi.CallbackTypeSyscall, Flags: abi.CallbackMaskEvents, Address: entries[entrySyscall]}
	must("callback_op", hypercall(abi.HypercallCallbackOp, abi.CallbackOpRegister, addr(unsafe.Pointer(&cb)), 0, 0))
	vcpuOp(abi.VcpuopStopPeriodicTimer, 0, nil)
	if option("fifo=") != 0 {
		initFIFO()
	}
	virq := abi.EvtchnBindVirq{Virq: abi.VirqTimer}
	must("bind_virq", evtchnOp(abi.EvtchnopBindVirq, unsafe.Pointer(&virq)))
	bindPort(virq.Port, portTimer)
}

// upcall handles the pending events of this vCPU (xen.h: clear the pending
// flag before looking).
func upcall() {
	info := &shared.VcpuInfo[this().vcpu]
	for info.EvtchnUpcallPending != 0 {
		info.EvtchnUpcallPending = 0
		if fifo.control != nil {
			takeQueues()
			continue
		}
		sel := atomic.SwapUint64(&info.EvtchnPendingSel, 0)
		for sel != 0 {
			w := bits.TrailingZeros64(sel)
			sel &= sel - 1
			ready := atomic.LoadUint64(&shared.EvtchnPending[w]) &^ atomic.LoadUint64(&shared.EvtchnMask[w])
			for ready != 0 {
				b := bits.TrailingZeros64(ready)
				ready &= ready - 1
				port := uint32(w*64 + b)
				clearPending(port)
				event(port)
			}
		}
	}
}

func event(port uint32) {
	if port >= uint32(len(ports)) {
		return
	}
	use := ports[port]
	received[use]++
	switch use {
	case portTimer:
		tick()
	case portIPI, portReply, portPair:
		wakeup(unsafe.Pointer(&received))
	case portDevice:
		deviceEvent()
	case portProcess:
		maskPort(port)
		processEvent(port)
	case portStore:
		wakeup(unsafe.Pointer(&fileKinds))
	}
}
