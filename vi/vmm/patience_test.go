package main

import (
	"sync/atomic"
	"testing"
)

// A CPU that waits for another one, which prints with its interrupts off, does not
// count as hanging: each such wait tells the watchdog of the other CPU's progress.
func TestWaitsForPrintingCPUs(t *testing.T) {
	l := &spinlock{}
	waits := []struct {
		name  string
		wait  func()
		begun func() // what the other CPU does at first
		end   func() // ... at last
	}{
		{"rendezvous, the boot CPU", rendezvous, nil, func() { atomic.AddUint32(&clock.arrived, 1) }},
		{"rendezvous, another", func() { onCPU(1, rendezvous) }, nil, func() { atomic.StoreUint32(&clock.left, 2) }},
		{"a call", func() { late(func() { callOn(1<<1, func() {}, true) }) }, nil, func() { clearBits(&call.todo, 1<<1) }},
		{"a call behind another", func() { call.lk.v = 2; callOn(1<<1, func() {}, true) }, nil, func() { call.lk.v = 0 }},
		{"a flush", func() { late(func() { flushMask(1<<1, flushAll) }) }, nil, func() { clearBits(&flushRequest.todo, 1<<1) }},
		{"a flush behind another", func() { flushRequest.lk.v = 2; flushMask(1<<1, flushAll) }, nil, func() { flushRequest.lk.v = 0 }},
		{"the end of a timer's handler", killed.wait, nil, killed.end},
		{"holding the others until all wait", holdOthers, nil, func() {
			atomic.StoreUint32(&checker.stopped, 1)
			atomic.StoreUint32(&checker.frozen, 1)
		}},
		{"... with interrupts off", holdOthers, func() { atomic.StoreUint32(&checker.stopped, 1) },
			func() { atomic.StoreUint32(&checker.frozen, 1) }},
		{"letting the others go", func() {
			atomic.StoreUint32(&checker.stopped, 1)
			letOthersGo()
		}, nil, func() { atomic.StoreUint32(&checker.stopped, 0) }},
		{"being held", held, nil, func() {
			atomic.StoreUint32(&checker.freeze, 1)
			atomic.StoreUint32(&checker.release, 1)
		}},
		{"... with interrupts off", held, func() { atomic.StoreUint32(&checker.freeze, 1) },
			func() { atomic.StoreUint32(&checker.release, 1) }},
		{"a lock", func() { l.v = 2; l.lockPatiently() }, nil, func() { l.v = 0 }},
	}
	for _, w := range waits {
		t.Run(w.name, func(t *testing.T) {
			world(t, 2)
			t.Cleanup(func() { testRelax = nil })
			atomic.StoreUint32(&clock.arrived, 0)
			atomic.StoreUint32(&clock.left, 0)
			before, turns := ticks(), 0
			testRelax = func() {
				atomic.AddUint32(&conring.prod, 1)
				if turns++; turns == 1 && w.begun != nil {
					w.begun()
				}
				if turns >= 10 {
					w.end()
				}
			}
			w.wait()
			if turns < 10 {
				t.Fatalf("it waited %d times", turns)
			}
			if n := ticks() - before; n < 8 {
				t.Errorf("progress was noted %d times while another CPU printed", n)
			}
		})
	}
}

// killed is a timer that is stopped while its handler runs on another CPU.
var killed = struct{ wait, end func() }{
	wait: func() {
		t := &timer{cpu: 1}
		cpuByID(1).core.timers.running = t
		t.kill()
	},
	end: func() { cpuByID(1).core.timers.running = nil },
}

// held waits while another CPU does a self check.
func held() {
	atomic.StoreUint32(&checker.freeze, 0)
	atomic.StoreUint32(&checker.release, 0)
	stopSoft()
}

// late calls fn while CPU 1 has another number: so it takes interrupts without
// clearing its bit in the request.
func late(fn func()) {
	c := cpuByID(1)
	c.ID = 2
	fn()
	c.ID = 1
}

// onCPU calls fn as another CPU.
func onCPU(id uint32, fn func()) {
	me := testCPU
	testCPU = cpuByID(id)
	fn()
	testCPU = me
}

// ticks is the progress of all CPUs.
func ticks() (n uint64) {
	for i := range nrCPUs() {
		n += uint64(cpuByID(i).core.watchdogTicks)
	}
	return n
}

// A vCPU that puts thousands of ports into their queues after a recovery, or prints a
// full ring, tells the watchdog of its progress.
func TestLongWorkTellsOfProgress(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	g, _ := onFIFO(t, 1, 1)
	last := lastPort(g, 0)
	before := ticks()
	g.d.relink()
	if n := ticks() - before; n < uint64(last/evtchnPerBucket) {
		t.Errorf("%d ports were looked through, progress noted %d times", last, n)
	}
	g.stop(free)

	world(t, 1)
	free = heap.nfree
	d, _, m := onGuest(t, 1)
	port := serveConsole(d, m[4+3])
	ring := d.consoleRing()
	ring.OutProd = uint32(len(ring.Out))
	before = ticks()
	must(t, "send", sendEvent(d, port))
	if n := ticks() - before; ring.OutCons != ring.OutProd || n < uint64(len(ring.Out)/lineMax) {
		t.Errorf("%d bytes printed, progress noted %d times", ring.OutCons, n)
	}
	testCPU.core.softirq = 0
	ended(t, free, d)
}
