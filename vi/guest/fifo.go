package guest

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// The FIFO interface of event channels, which the command line's fifo=1 asks for;
// one page of event words is more than the kernel needs.

// fifo is the guest's half of the interface; only processor 0 takes events.
var fifo struct {
	control *abi.EvtchnFIFOControlBlock // nil: the two-level interface
	words   *[pageSize / 4]uint32
	heads   [abi.EvtchnFIFOMaxQueues]uint32 // 0: at the queue's end, the next head is in the control block
}

// initFIFO switches to the FIFO interface.
func initFIFO() {
	c, w := allocZero(), allocZero()
	if c == 0 || w == 0 {
		Die("no memory for event channels", 0)
	}
	fifo.words = (*[pageSize / 4]uint32)(ptr(kva(w)))
	for i := range fifo.words {
		fifo.words[i] = abi.EvtchnFIFOMasked
	}
	init := abi.EvtchnInitControl{ControlGFN: p2m[c]}
	must("init_control", evtchnOp(abi.EvtchnopInitControl, unsafe.Pointer(&init)))
	fifo.control = (*abi.EvtchnFIFOControlBlock)(ptr(kva(c)))
	expand := abi.EvtchnExpandArray{ArrayGFN: p2m[w]}
	must("expand_array", evtchnOp(abi.EvtchnopExpandArray, unsafe.Pointer(&expand)))
}

// takeQueues handles the events in the queues, those of a higher priority first.
func takeQueues() {
	ready := atomic.SwapUint32(&fifo.control.Ready, 0)
	for ready != 0 {
		q := bits.TrailingZeros32(ready)
		port := fifo.heads[q&15]
		if port == 0 {
			port = atomic.LoadUint32(&fifo.control.Head[q&15])
		}
		w := &fifo.words[port&(pageSize/4-1)]
		x := atomic.LoadUint32(w)
		for !atomic.CompareAndSwapUint32(w, x, x&^(abi.EvtchnFIFOLinked|abi.EvtchnFIFOLinkMask)) {
			x = atomic.LoadUint32(w)
		}
		fifo.heads[q&15] = x & abi.EvtchnFIFOLinkMask
		if x&abi.EvtchnFIFOLinkMask == 0 {
			ready &^= 1 << q
		}
		if atomic.LoadUint32(w)&(abi.EvtchnFIFOPending|abi.EvtchnFIFOMasked) == abi.EvtchnFIFOPending {
			clearPending(port)
			event(port)
		}
		ready |= atomic.SwapUint32(&fifo.control.Ready, 0)
	}
}

// setPriority puts a port's events into another queue, beginning with the next
// event.
func setPriority(port, priority uint32) int64 {
	arg := abi.EvtchnSetPriority{Port: port, Priority: priority}
	if fifo.control == nil {
		return 0
	}
	return evtchnOp(abi.EvtchnopSetPriority, unsafe.Pointer(&arg))
}
