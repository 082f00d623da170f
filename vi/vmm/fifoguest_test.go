package main

import (
	"sync/atomic"
	"testing"

	"resvirt/vi/abi"
)

// fifoGuest is the guest's half of the FIFO interface, as Linux has it: it keeps
// a head for each queue, and reads the control block's when it is at the queue's
// end.
type fifoGuest struct {
	t     *testing.T
	d     *Domain
	heads [maxVCPUs][fifoQueues]uint32
	words []mfn
}

// onFIFO makes a guest with vCPUs and two pages of event words. Its frames 4 to 11
// are the pages at pageVA; the control blocks are in the first odd ones.
func onFIFO(t *testing.T, id uint16, vcpus uint32) (*fifoGuest, []mfn) {
	t.Helper()
	d, _, m := onGuest(t, id)
	for d.nvcpus < vcpus {
		d.addVCPU(0)
	}
	g := &fifoGuest{t: t, d: d}
	for i := range vcpus {
		g.d.vcpu[i].info.EvtchnUpcallMask = 0
		must(t, "init_control", g.init(i, m[4+3], 256*i))
	}
	must(t, "expand_array", g.expand(m[4+5]))
	must(t, "expand_array", g.expand(m[4+7]))
	return g, m
}

func (g *fifoGuest) init(vcpu uint32, m mfn, offset uint32) int64 {
	a := abi.EvtchnInitControl{ControlGFN: uint64(m), Offset: offset, Vcpu: vcpu}
	at := put(1, 0x800, a)
	current().arch.log.start(0)
	rc := hyperEventChannelOp(abi.EvtchnopInitControl, at, 0, 0, 0)
	if rc == 0 && got[abi.EvtchnInitControl](at).LinkBits != abi.EvtchnFIFOLinkBits {
		g.t.Error("link_bits is missing")
	}
	commit()
	return rc
}

// expand masks all events of a page before it adds it.
func (g *fifoGuest) expand(m mfn) int64 {
	for i := range wordsPerPage {
		(*[wordsPerPage]uint32)(frameAddr(m))[i] = abi.EvtchnFIFOMasked
	}
	at := put(1, 0x800, abi.EvtchnExpandArray{ArrayGFN: uint64(m)})
	current().arch.log.start(0)
	rc := hyperEventChannelOp(abi.EvtchnopExpandArray, at, 0, 0, 0)
	if rc == 0 {
		g.words = append(g.words, m)
	}
	commit()
	return rc
}

func (g *fifoGuest) word(port uint32) *uint32 {
	return &(*[wordsPerPage]uint32)(frameAddr(g.words[port/wordsPerPage]))[port%wordsPerPage]
}

func (g *fifoGuest) mask(port uint32) { atomic.OrUint32(g.word(port), abi.EvtchnFIFOMasked) }

// take handles an upcall of a vCPU: it returns the events in order.
func (g *fifoGuest) take(vcpu uint32) []uint32 {
	info := g.d.vcpu[vcpu].info
	if info.EvtchnUpcallPending == 0 {
		return nil
	}
	info.EvtchnUpcallPending = 0
	c := g.d.fifo.block(vcpu)
	var events []uint32
	ready := atomic.SwapUint32(&c.Ready, 0)
	for ready != 0 {
		q := 0
		for ready>>q&1 == 0 {
			q++
		}
		port := g.heads[vcpu][q]
		if port == 0 {
			port = c.Head[q]
		}
		w := g.word(port)
		x := atomic.LoadUint32(w)
		atomic.AndUint32(w, ^uint32(abi.EvtchnFIFOLinked|abi.EvtchnFIFOLinkMask))
		g.heads[vcpu][q] = x & abi.EvtchnFIFOLinkMask
		if g.heads[vcpu][q] == 0 {
			ready &^= 1 << q
		}
		if x&(abi.EvtchnFIFOPending|abi.EvtchnFIFOMasked) == abi.EvtchnFIFOPending {
			atomic.AndUint32(w, ^uint32(abi.EvtchnFIFOPending))
			events = append(events, port)
		}
		ready |= atomic.SwapUint32(&c.Ready, 0)
		if len(events) > maxPorts {
			g.t.Fatal("a queue without an end")
		}
	}
	return events
}

// ipi opens a port that tells a vCPU, and lets its events through.
func (g *fifoGuest) ipi(vcpu uint32) uint32 {
	g.t.Helper()
	port, rc := bindIPI(g.d, vcpu)
	must(g.t, "bind_ipi", rc)
	must(g.t, "unmask", unmask(g.d, port))
	return port
}

func (g *fifoGuest) send(ports ...uint32) {
	g.t.Helper()
	for _, p := range ports {
		must(g.t, "send", sendEvent(g.d, p))
	}
}

// reset is EVTCHNOP_reset, issued again as often as it wants to be.
func (g *fifoGuest) reset() {
	g.t.Helper()
	at := put(1, 0x800, abi.EvtchnReset{Dom: abi.DomidSelf})
	rc := hyperEventChannelOp(abi.EvtchnopReset, at, 0, 0, 0)
	for rc == abi.HypercallEventChannelOp {
		current().arch.drafted = 0
		rc = hyperEventChannelOp(abi.EvtchnopReset, at, 0, 0, 0)
	}
	must(g.t, "reset", rc)
	*g = fifoGuest{t: g.t, d: g.d}
}

// stop ends the guest, which must leave nothing behind.
func (g *fifoGuest) stop(free uint64) {
	g.t.Helper()
	counted(g.t, g.d)
	g.d.shutDown(0)
	ended(g.t, free, g.d)
}
