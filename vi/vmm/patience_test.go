package main

import (
	"sync/atomic"
	"testing"
)

// Whoever waits for another CPU that prints, with its interrupts off, does not count
// as one that hangs: each such wait tells the watchdog of the other's progress.
func TestWaitsForPrintingCPUs(t *testing.T) {
	waits := []struct {
		name string
		wait func()
		end  func() // what the other CPU does at last
	}{
		{"rendezvous, the boot CPU", rendezvous, func() { atomic.AddUint32(&clock.arrived, 1) }},
		{"rendezvous, another", func() { onCPU(1, rendezvous) }, func() { atomic.StoreUint32(&clock.left, 2) }},
		{"a call", func() { late(func() { callOn(1<<1, func() {}, true) }) }, func() { clearBits(&call.todo, 1<<1) }},
		{"a flush", func() { late(func() { flushMask(1<<1, flushAll) }) }, func() { clearBits(&flushRequest.todo, 1<<1) }},
		{"the end of a timer's handler", killed.wait, killed.end},
		{"holding the others", holdOthers, func() {
			atomic.StoreUint32(&checker.stopped, 1)
			atomic.StoreUint32(&checker.frozen, atomic.LoadUint32(&checker.freeze))
		}},
		{"letting the others go", func() {
			atomic.StoreUint32(&checker.stopped, 1)
			letOthersGo()
		}, func() { atomic.StoreUint32(&checker.stopped, 0) }},
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
				if turns++; turns >= 10 {
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

// late is a function whose interrupts CPU 1 takes without clearing its bit.
func late(fn func()) {
	c := cpuByID(1)
	c.ID = 2
	fn()
	c.ID = 1
}

// onCPU is a function on another CPU.
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
