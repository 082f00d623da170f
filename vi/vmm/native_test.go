package main

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Native unit tests run the logic of the VMM that touches no hardware, on the
// host. testCPU stands for the running CPU; RAM and frame table are buffers.

const testFrames = 4096

// world makes an empty machine of n CPUs with all frames free, and returns a
// source of random numbers.
func world(t *testing.T, cpus uint32) *rand.Rand {
	t.Helper()
	block := func(n, align uint64) uint64 {
		b := make([]byte, n+align)
		t.Cleanup(func() { _ = b[0] }) // keeps b alive as long as the test
		return (addrOf(unsafe.Pointer(&b[0])) + align - 1) &^ (align - 1)
	}
	directMapBase = block(testFrames*pageSize, pageSize)
	frameTableBase = block(testFrames*32, pageSize)
	bare.Image.Persist = block(pageSize, pageSize) // no step is allowed
	bare.Image.PerCPU = block(uint64(maxCPUs)*cpuBlockSize, cpuBlockSize)
	heap.head, heap.nfree, heap.lk = [maxOrder + 1]uint64{}, 0, spinlock{}
	hypercalls[abi.HypercallMulticall] = hyperMulticall
	domains.head, frames.n, onlineMask, flushClock = nil, testFrames, 0, 0
	stats = [maxCPUs][8]uint64{}
	clear(journals[:]) // they hold addresses of the last test's memory
	rootTable = 16 << pageShift
	m2pPhys = uint64(testFrames-8) << pageShift
	params = bootParams{tickNS: 10000, watchdogNS: 150000, calibNS: 100000}
	setClock(2e9, 1e9)
	testTSC = 1000
	for i := range uint32(testFrames) {
		pageOf(mfn(i)).count = pgHeap | pgAllocated | 1
	}
	for m := mfn(64); m < testFrames-64; m++ {
		pageOf(m).count = 0
		testCPU = initBlock(0, 0)
		freeFrames(m, 0)
	}
	for id := range cpus {
		testCPU = initBlock(id, id)
		coreInitCPU()
	}
	testCPU = cpuByID(0)
	t.Cleanup(func() { testCPU = nil })
	return rand.New(rand.NewPCG(uint64(cpus), 42))
}

// sound fails the test if an invariant does not hold.
func sound(t *testing.T) {
	t.Helper()
	if bad := checkAll(); bad != 0 {
		t.Fatalf("invariants violated: %#x", bad)
	}
}

// TestHeap allocates and frees blocks of random orders: no frame is given out
// twice, and in the end all are free again, in blocks as large as before.
func TestHeap(t *testing.T) {
	r := world(t, 1)
	before, lists := heap.nfree, heap.head
	type block struct {
		m     mfn
		order uint
	}
	var held []block
	owner := map[mfn]bool{}
	for range 20000 {
		if len(held) > 0 && (r.IntN(2) == 0 || heap.nfree < 100) {
			k := r.IntN(len(held))
			b := held[k]
			held = append(held[:k], held[k+1:]...)
			for i := range mfn(1) << b.order {
				delete(owner, b.m+i)
			}
			freeFrames(b.m, b.order)
			continue
		}
		order := r.UintN(6)
		m := allocFrames(order)
		if m == 0 {
			continue
		}
		if m&(1<<order-1) != 0 {
			t.Fatalf("block %#x of order %d is not aligned", m, order)
		}
		for i := range mfn(1) << order {
			if owner[m+i] {
				t.Fatalf("frame %#x given out twice", m+i)
			}
			owner[m+i] = true
		}
		held = append(held, block{m, order})
	}
	sound(t)
	for _, b := range held {
		freeFrames(b.m, b.order)
	}
	sound(t)
	if heap.nfree != before {
		t.Errorf("%d frames free, before %d", heap.nfree, before)
	}
	for order := range lists {
		if (lists[order] == 0) != (heap.head[order] == 0) {
			t.Errorf("order %d: blocks were not merged as before", order)
		}
	}
}

// TestTimers sets and stops timers at random and lets time pass: each expires
// once, in order, never early, and stopped ones never.
func TestTimers(t *testing.T) {
	r := world(t, 1)
	var list [40]timer
	fired := map[*timer]int{}
	var last int64
	expire := func(x *timer) {
		fired[x]++
		if x.expires > now() || x.expires < last {
			t.Errorf("a timer for %d expired at %d, after one for %d", x.expires, now(), last)
		}
		last = x.expires
	}
	for i := range list {
		list[i].init(expire, nil, 0)
	}
	for range 3000 {
		x := &list[r.IntN(len(list))]
		if r.IntN(3) == 0 {
			x.stop()
		} else {
			x.set(now() + 1 + r.Int64N(5000))
		}
		sound(t)
		if r.IntN(10) != 0 {
			continue
		}
		testTSC += r.Uint64N(8000)
		due := map[*timer]bool{}
		for i := range list {
			due[&list[i]] = list[i].active() && list[i].expires <= now()
		}
		clear(fired)
		last = 0
		expireTimers()
		for x, yes := range due {
			if (fired[x] == 1) != yes || fired[x] > 1 {
				t.Fatalf("a timer expired %d times, due %v", fired[x], yes)
			}
		}
	}
}

// expireTimers runs timerSoft with the CPU's own recurring timers put off.
func expireTimers() {
	k := &testCPU.core
	for _, own := range []*timer{&k.sched.tick, &k.watchdogTimer, &k.clock.timer} {
		own.set(now() + 1e9)
	}
	timerSoft()
}
