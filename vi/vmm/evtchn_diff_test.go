package main

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"resvirt/vi/abi"
)

// eventGuest is a guest that uses one of the two interfaces. Its channels have
// numbers of their own, because the numbers of ports depend on the interface.
type eventGuest struct {
	d    *Domain
	fifo *fifoGuest // nil: two-level
	port []uint32   // by name, 0 = closed
	name map[uint32]int
}

const diffVCPUs = 2

func (g *eventGuest) open(r *rand.Rand) bool {
	var port, far uint32
	var rc int64
	vcpu := r.Uint32N(diffVCPUs)
	switch r.IntN(3) {
	case 0:
		port, rc = bindIPI(g.d, vcpu)
	case 1:
		port, rc = bindVIRQ(g.d, 1+r.Uint32N(20), vcpu)
	case 2:
		if port, rc = allocUnbound(g.d, g.d.id); rc == 0 {
			far, rc = bindInterdomain(g.d, g.d, port)
		}
	}
	if rc != 0 {
		return false
	}
	for _, p := range []uint32{port, far} {
		if p != 0 {
			g.name[p] = len(g.port)
			g.port = append(g.port, p)
			unmask(g.d, p)
		}
	}
	return true
}

func (g *eventGuest) mask(port uint32) {
	if g.fifo != nil {
		g.fifo.mask(port)
	} else {
		setBits(&g.d.shared.EvtchnMask[port/64], 1<<(port%64))
	}
}

// take handles an upcall of a vCPU and returns the names of its events.
func (g *eventGuest) take(vcpu uint32) []int {
	var ports []uint32
	if g.fifo != nil {
		ports = g.fifo.take(vcpu)
	} else if info := g.d.vcpu[vcpu].info; info.EvtchnUpcallPending != 0 {
		info.EvtchnUpcallPending = 0
		sel := info.EvtchnPendingSel
		info.EvtchnPendingSel = 0
		for ; sel != 0; sel &= sel - 1 {
			w := bits.TrailingZeros64(sel)
			for x := g.d.shared.EvtchnPending[w] &^ g.d.shared.EvtchnMask[w]; x != 0; x &= x - 1 {
				port := uint32(w*64 + bits.TrailingZeros64(x))
				if e := g.d.port(port); e.vcpu == vcpu {
					clearPending2L(g.d.shared, port)
					ports = append(ports, port)
				}
			}
		}
	}
	var names []int
	for _, p := range ports {
		names = append(names, g.name[p])
	}
	slices.Sort(names)
	return names
}

// step does the same with each guest; it returns the events that vCPUs took.
func (g *eventGuest) step(r *rand.Rand) []int {
	if len(g.port) == 0 || len(g.port) < 60 && r.IntN(10) == 0 {
		if !g.open(r) {
			return []int{-1}
		}
		return nil
	}
	k := r.IntN(len(g.port))
	port := g.port[k]
	op, arg := r.IntN(12), r.Uint32N(16)
	switch {
	case op == 0:
		return g.take(arg % diffVCPUs)
	case port == 0:
	case op == 1:
		g.mask(port)
	case op == 2:
		unmask(g.d, port)
	case op == 3 && arg < 4:
		rc := closePort(g.d, port)
		delete(g.name, port)
		g.port[k] = 0
		return []int{int(rc)}
	case op == 4:
		if g.fifo != nil {
			setPriority(g.d, port, arg)
		}
	case op == 5 && !g.d.isPending(port): // else the event stays with the vCPU for which it was raised
		return []int{int(bindVcpu(g.d, port, arg%diffVCPUs))}
	case op == 6:
		s := abi.SchedPoll{Ports: put(1, 0x900, port), NrPorts: 1, Timeout: 1}
		v := current()
		rc := poll(v, put(1, 0x910, s))
		waits := v.pollPort != 0
		v.pollPort, v.pause, testCPU.core.softirq = 0, 0, 0
		clearBits(&g.d.pollMask, ^uint64(0))
		v.pollTimer.stop()
		if waits {
			rc = 1
		}
		return []int{int(rc)}
	default:
		if e := g.d.port(port); e.state == abi.EvtchnstatVirq {
			sendVIRQ(g.d.vcpu[e.vcpu], uint32(e.virq))
		} else {
			return []int{int(sendEvent(g.d, port))}
		}
	}
	return nil
}

// TestInterfacesAgree does the same at random with a guest of each interface: each
// vCPU takes the same events at the same time, and every call has the same result.
func TestInterfacesAgree(t *testing.T) {
	for seed := range uint64(60) {
		var results [2][][]int
		for k := range results {
			world(t, 1)
			free := heap.nfree
			g := &eventGuest{name: map[uint32]int{}}
			if k == 1 {
				g.fifo, _ = onFIFO(t, 1, diffVCPUs)
				g.d = g.fifo.d
			} else {
				g.d, _, _ = onGuest(t, 1)
				g.d.addVCPU(0)
			}
			for i := range diffVCPUs {
				g.d.vcpu[i].info.EvtchnUpcallMask = 1 // so that poll looks at ports alone
			}
			r := rand.New(rand.NewPCG(seed, 7))
			for range 2000 {
				results[k] = append(results[k], g.step(r))
			}
			for i := range uint32(diffVCPUs) {
				results[k] = append(results[k], g.take(i))
			}
			testCPU.core.softirq = 0
			counted(t, g.d)
			g.d.shutDown(0)
			ended(t, free, g.d)
		}
		for i := range results[0] {
			if !slices.Equal(results[0][i], results[1][i]) {
				t.Fatalf("seed %d, step %d: two-level %v, FIFO %v", seed, i, results[0][i], results[1][i])
			}
		}
	}
}
