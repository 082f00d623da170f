package main

import (
	"testing"

	"resvirt/vi/abi"
)

// TestDomainsLeaveNothing makes and ends a thousand domains with vCPU, page
// tables and event channels; in the end every frame must be free again.
func TestDomainsLeaveNothing(t *testing.T) {
	world(t, 2)
	free := heap.nfree
	for i := range 1000 {
		testCPU = cpuByID(uint32(i % 2))
		if !tryDomain() {
			t.Fatalf("cycle %d failed", i)
		}
	}
	sound(t)
	if heap.nfree != free || domains.head != nil {
		t.Errorf("%d frames free, before %d; domains %v", heap.nfree, free, domains.head)
	}
}

// pagesOf gives a new domain some frames.
func pagesOf(t *testing.T, id uint16, n int) (*Domain, []mfn) {
	t.Helper()
	d := createDomain(id, uint64(n))
	if d == nil || d.addVCPU(0) == nil {
		t.Fatal("no domain")
	}
	var list []mfn
	for range n {
		m := allocDomainPage(d)
		if m == 0 {
			t.Fatal("no page")
		}
		list = append(list, m)
	}
	if allocDomainPage(d) != 0 {
		t.Error("a domain got more than its maximum")
	}
	return d, list
}

// entryTo is a guest's page-table entry.
func entryTo(m mfn, flags uint64) uint64 { return uint64(m)<<pageShift | pteP | flags }

// TestPageTypes: a page table is never writable by its guest, and frames of
// others are never mapped (the rules of Xen's page_info).
func TestPageTypes(t *testing.T) {
	world(t, 1)
	d, p := pagesOf(t, 1, 8)
	other, q := pagesOf(t, 2, 1)
	l1, l2, data := p[0], p[1], p[2]
	tableAt(l1)[0] = entryTo(data, pteW|pteU)
	tableAt(l2)[0] = entryTo(l1, pteW|pteU)
	if rc := pin(l2, d, ptL2); rc != 0 {
		t.Fatalf("a good table is refused: %d", rc)
	}
	for _, c := range []struct {
		name string
		do   func() int64
		want int64
	}{
		{"the L1 table as writable", func() int64 { return getPageAndType(l1, d, ptWritable) }, -abi.EINVAL},
		{"the L1 table as L2", func() int64 { return pin(l1, d, ptL2) }, -abi.EINVAL},
		{"a data page as table", func() int64 { return pin(data, d, ptL1) }, -abi.EINVAL},
		{"pinning twice", func() int64 { return pin(l2, d, ptL2) }, -abi.EINVAL},
		{"a frame of another domain", func() int64 { return getPageAndType(q[0], d, ptWritable) }, -abi.EINVAL},
		{"a frame that does not exist", func() int64 { return getPageAndType(testFrames+1, d, ptWritable) }, -abi.EINVAL},
		{"mapping a table writable", func() int64 {
			return mmuUpdate(d, d, uint64(l1)<<pageShift|8, entryTo(l2, pteW|pteU))
		}, -abi.EINVAL},
		{"mapping a table read-only", func() int64 {
			return mmuUpdate(d, d, uint64(l1)<<pageShift|8, entryTo(l2, pteU))
		}, 0},
		{"a foreign frame in a table", func() int64 {
			return mmuUpdate(d, d, uint64(l1)<<pageShift|16, entryTo(q[0], pteU))
		}, -abi.EINVAL},
		{"a large page", func() int64 {
			return mmuUpdate(d, d, uint64(l2)<<pageShift|8, entryTo(data, ptePS|pteU))
		}, -abi.EINVAL},
		{"unpinning", func() int64 { return unpin(l2, d) }, 0},
		{"the L1 table as writable, once nothing uses it", func() int64 { return getPageAndType(l1, d, ptWritable) }, 0},
	} {
		if rc := c.do(); rc != c.want {
			t.Errorf("%s: %d, want %d", c.name, rc, c.want)
		}
		sound(t)
	}
	putPageAndType(pageOf(l1))
	killDomain(d, false)
	killDomain(other, false)
	sound(t)
}

// TestEvents binds, sends, masks and closes channels of two domains.
func TestEvents(t *testing.T) {
	world(t, 1)
	a, _ := pagesOf(t, 1, 1)
	b, _ := pagesOf(t, 2, 1)
	port, rc := allocUnbound(a, b.id)
	if rc != 0 {
		t.Fatal(rc)
	}
	if _, rc := bindInterdomain(a, a, port); rc != -abi.EINVAL {
		t.Errorf("a port for another domain was bound: %d", rc)
	}
	far, rc := bindInterdomain(b, a, port)
	if rc != 0 {
		t.Fatal(rc)
	}
	pending := func(d *Domain, p uint32) bool { return d.shared.EvtchnPending[p/64]>>(p%64)&1 != 0 }
	if !pending(b, far) {
		t.Error("binding raises the new port, so that no event is lost")
	}
	if sendEvent(b, far) != 0 || !pending(a, port) {
		t.Error("an event did not arrive")
	}
	if a.vcpu[0].info.EvtchnUpcallPending != 0 {
		t.Error("a masked port asks for an upcall")
	}
	if unmask(a, port) != 0 || a.vcpu[0].info.EvtchnUpcallPending == 0 {
		t.Error("unmasking a pending port asks for no upcall")
	}
	if _, rc := bindVIRQ(a, abi.VirqTimer, 0); rc != 0 {
		t.Error(rc)
	}
	if _, rc := bindVIRQ(a, abi.VirqTimer, 0); rc != -abi.EEXIST {
		t.Errorf("a VIRQ was bound twice: %d", rc)
	}
	if sendEvent(a, maxPorts+5) != -abi.EINVAL || sendEvent(a, abi.NumEvtchn2L+5) != -abi.EINVAL || closePort(a, 0) != -abi.EINVAL {
		t.Error("a port that is none")
	}
	if closePort(a, port) != 0 || sendEvent(b, far) != 0 {
		t.Error("after the other end closed, events are lost in silence")
	}
	killDomain(a, false)
	killDomain(b, false)
	sound(t)
}

// TestInvariantsFindWhatIsBroken plants one inconsistency after the other.
func TestInvariantsFindWhatIsBroken(t *testing.T) {
	world(t, 2)
	d, p := pagesOf(t, 1, 4)
	v, k := d.vcpu[0], &cpuByID(0).core
	sound(t)
	for _, c := range []struct {
		name   string
		want   uint64
		plant  func()
		remove func()
	}{
		{"the heap's count", checkHeap, func() { heap.nfree++ }, func() { heap.nfree-- }},
		{"a free block that is in use", checkHeap,
			func() { pageOf(largestBlock()).count = 1 }, func() { pageOf(largestBlock()).count = pgFree }},
		{"a frame's owner", checkPages, func() { pageOf(p[0]).owner++ }, func() { pageOf(p[0]).owner-- }},
		{"a type in use and not validated", checkPages, func() { pageOf(p[1]).typ = ptL1 | 1 }, func() { pageOf(p[1]).typ = 0 }},
		{"the domain's count", checkPages, func() { d.totPages++ }, func() { d.totPages-- }},
		{"a vCPU that runs nowhere", checkVCPUs, func() { v.isRunning = 1 }, func() { v.isRunning = 0 }},
		{"a vCPU queued nowhere", checkVCPUs, func() { v.queued = true }, func() { v.queued = false }},
		{"the CPU's record", checkQueues, func() { k.curr = v }, func() { k.curr = k.idle }},
		{"a tick that is not set", checkTimers, func() { k.sched.tick.stop() }, func() { k.sched.tick.set(now() + 1) }},
		{"a timer's place", checkTimers, func() { k.timers.heap[1].pos = 7 }, func() { k.timers.heap[1].pos = 1 }},
		{"a lock in a domain", checkLocks, func() { d.pageLock.v = 1 }, func() { d.pageLock.v = 0 }},
		{"a static lock", checkLocks, func() { flushRequest.lk.v = 2 }, func() { flushRequest.lk.v = 0 }},
		{"an interrupt in service", checkInterrupts, func() { k.irqCount = 1 }, func() { k.irqCount = 0 }},
	} {
		c.plant()
		if bad := checkAll(); bad&c.want == 0 {
			t.Errorf("%s: found %#x, want %#x", c.name, bad, c.want)
		}
		c.remove()
		if bad := checkAll(); bad != 0 {
			t.Fatalf("%s removed: %#x is left", c.name, bad)
		}
	}
}

// largestBlock is the first of the largest free blocks.
func largestBlock() mfn {
	for order := maxOrder; ; order-- {
		if m := heap.head[order]; m != 0 {
			return mfn(m)
		}
	}
}

// turn does what schedule does, but for the change of registers, lets the chosen
// vCPU run for a tick and returns it.
func turn(t *testing.T) *VCPU {
	k := &testCPU.core
	k.sched.lk.lock()
	prev := k.curr
	next := k.sched.choose(prev, k.idle)
	if prev != next {
		if prev.runnable() {
			prev.setState(abi.RunstateRunnable, now())
		} else {
			prev.setState(abi.RunstateBlocked, now())
		}
		next.setState(abi.RunstateRunning, now())
		prev.isRunning, next.isRunning = 0, 1
		next.sliceStart = now()
	}
	k.curr, k.sched.curr = next, next
	k.sched.lk.unlock()
	sound(t)
	testTSC += 20000
	schedTick(&k.sched.tick)
	return next
}

// TestSchedulerShares wakes vCPUs of several domains on one CPU: each gets its
// turn, and the queue holds exactly those that wait.
func TestSchedulerShares(t *testing.T) {
	r := world(t, 1)
	var list []*VCPU
	for id := range uint16(4) {
		d, _ := pagesOf(t, id+1, 1)
		v := d.vcpu[0]
		v.pause = 0
		v.wake()
		list = append(list, v)
	}
	turns := map[*VCPU]int{}
	for range 4000 {
		turns[turn(t)]++
		v := list[r.IntN(len(list))]
		switch {
		case v.pause != 0:
			v.unblock()
		case r.IntN(4) == 0:
			v.pause = pauseBlocked
			v.sleepNoSync()
		}
	}
	for i, v := range list {
		if turns[v] < 400 {
			t.Errorf("vCPU %d had %d of 4000 turns", i, turns[v])
		}
	}
}

// TestSchedulerWeights: busy vCPUs on one CPU run in proportion to the weights
// of their domains, and a paused domain does not run at all.
func TestSchedulerWeights(t *testing.T) {
	world(t, 1)
	weights := []uint32{128, 256, 512, 256}
	var list []*Domain
	for i, w := range weights {
		d, _ := pagesOf(t, uint16(i+1), 1)
		d.weight = w
		d.vcpu[0].pause = 0
		d.vcpu[0].wake()
		list = append(list, d)
	}
	// The last one is paused from the start, twice, and let go once.
	list[3].setPauses(2)
	list[3].setPauses(1)
	const n = 7000
	turns := map[*Domain]int{}
	for range n {
		turns[turn(t).domain]++
	}
	for i, d := range list[:3] {
		if want := n * int(weights[i]) / (128 + 256 + 512); turns[d] < want*9/10 || turns[d] > want*11/10 {
			t.Errorf("weight %d: %d turns, want about %d", weights[i], turns[d], want)
		}
	}
	if turns[list[3]] != 0 {
		t.Errorf("a paused domain had %d turns", turns[list[3]])
	}
	list[3].setPauses(0)
	for range n {
		turns[turn(t).domain]++
	}
	if turns[list[3]] < n/8 {
		t.Errorf("after the pause %d turns", turns[list[3]])
	}
}
