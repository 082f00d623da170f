package guest

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// consoleRing is the console ring that the control domain serves, nil if there is
// none; then lines go to the hypervisor's own console.
var consoleRing *abi.ConsoleRing

// ringPort tells the control domain that there is output, and this kernel that
// there is room again. It stays masked, because the kernel only polls it.
var ringPort uint32

func initRing(si *abi.StartInfo) {
	if si.ConsoleEvtchn != 0 {
		consoleRing = (*abi.ConsoleRing)(ptr(kva(m2p(si.ConsoleMFN))))
		ringPort = si.ConsoleEvtchn
	}
}

// ringWrite puts bytes into the ring and waits as long as it is full.
func ringWrite(p []byte) {
	for _, b := range p {
		at := consoleRing.OutProd
		for at-atomic.LoadUint32(&consoleRing.OutCons) >= uint32(len(consoleRing.Out)) {
			ringWait()
		}
		consoleRing.Out[at%uint32(len(consoleRing.Out))] = b
		atomic.StoreUint32(&consoleRing.OutProd, at+1)
	}
	ringSend()
}

// ringSend tells the other end that there is something to do.
func ringSend() {
	arg := abi.EvtchnPort{Port: ringPort}
	must("console event", evtchnOp(abi.EvtchnopSend, unsafe.Pointer(&arg)))
}

// ringPatience is how long to wait for an event before looking again, ns.
const ringPatience = 200000

// ringWait waits until the other end has taken bytes, at most for ringPatience.
func ringWait() {
	ringSend()
	port := ringPort
	clearPending(port)
	if consoleRing.OutProd-atomic.LoadUint32(&consoleRing.OutCons) < uint32(len(consoleRing.Out)) {
		return
	}
	poll := abi.SchedPoll{Ports: addr(unsafe.Pointer(&port)), NrPorts: 1, Timeout: now() + ringPatience}
	must("poll", schedOp(abi.SchedopPoll, unsafe.Pointer(&poll)))
}
