package main

import (
	"resvirt/vi/back"
	"resvirt/vi/driver"
	"resvirt/vi/guest"
)

// nets are the interfaces: the uplinks of the bridge.
var nets [back.Uplinks]driver.E1000

var nnets int

// startNet starts an interface.
func startNet(f *function) {
	if nnets == len(nets) {
		f.refuse("one interface too many")
		return
	}
	if !f.open() {
		return
	}
	n := &nets[nnets]
	n.Registers, n.Kernel = driver.At(f.regs), &kernel
	if !n.Start() {
		f.refuse(n.Why)
		return
	}
	devices.Bridge.On[nnets] = true
	nnets++
}

// received is the frame that came in last.
var received back.Frame

// takeNets passes on what came in from the wire, each interface as many frames as it has
// buffers, so that others have their turn.
func takeNets() (busy bool) {
	for i := range nets[:nnets] {
		if !nets[i].Causes() {
			continue
		}
		for nets[i].Receive(&received) {
			devices.Bridge.Input(i, &received, guest.Now())
			busy = true
		}
	}
	return busy
}

// send is the bridge's way out.
func send(port int, f *back.Frame) {
	if port >= back.Uplinks {
		devices.Output(port, f)
		return
	}
	if f.Blank && !f.FinishChecksum() {
		return // nobody could
	}
	nets[port].Send(f)
}
