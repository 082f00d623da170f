package main

import "testing"

// sweep does as many turns of patrol as the frame table needs, and says whether
// patrol found something wrong.
func sweep() (failed bool) {
	defer func() { failed = recover() != nil }()
	testCPU.core.patrolAt = 0
	for range 2 * testFrames * patrolOther / patrolBudget {
		patrol()
	}
	return false
}

// Patrol finds nothing wrong in sound descriptors: those of domains that live,
// end or have ended, of shared pages, and after recovery.
func TestPatrolFindsNothing(t *testing.T) {
	recoverable(t)
	newDomain(t, 1)
	d, _ := newDomain(t, 2)
	look := func(when string) {
		if sweep() {
			t.Errorf("a failure %s", when)
		}
	}
	look("while domains live")
	for m := mfn(1); m < testFrames; m++ { // as if each frame of d, and each that it shares, had been mapped by another
		if !frameOK(m) {
			continue
		}
		if p := pageOf(m); p.count&(pgFree|pgAllocated) == pgAllocated && (p.owner == d.frame32() || p.count&pgHeap != 0 && p.typ != 0) {
			p.typ |= ptForeign
		}
	}
	look("while others map what a domain owns or shares")
	repair()
	look("after recovery")
	killDomain(d, false)
	look("after the end of a domain")
	if bad := checkAll(); bad != 0 {
		t.Errorf("invariants %#x", bad)
	}
}

// Patrol finds flipped bits in descriptors of each kind, and a wrong owner, and
// recovery repairs them.
func TestPatrolFindsDamage(t *testing.T) {
	var d *Domain
	var root, object, free *page
	for _, x := range []struct {
		what string
		flip func()
	}{
		{"a reserved bit of a count", func() { root.count ^= 1 << 57 }},
		{"a high bit of a count", func() { root.count ^= 1 << 40 }},
		{"more uses as a type than uses", func() { root.typ ^= 1 << 9 }},
		{"a page of a domain that is free", func() { root.count ^= pgFree }},
		{"an owner that there is not", func() { root.owner ^= 1 << 7 }},
		{"a neighbour that does not know it", func() { root.next ^= 1 << 3 }},
		{"a page of the hypervisor's in a list", func() { object.next = 70 }},
		{"a page of the hypervisor's that is typed", func() { object.typ = ptL1 }},
		{"a free frame that is used", func() { free.count ^= 1 << 3 }},
		{"a free frame that is allocated", func() { free.count ^= pgAllocated }},
		{"a free block of a size that there is not", func() { free.typ ^= 1 << 5 }},
		{"a free block without its neighbour", func() { free.next ^= 1 << 2 }},
	} {
		recoverable(t)
		var v *VCPU
		d, v = newDomain(t, 1)
		newDomain(t, 2)
		root, object, free = pageOf(v.arch.guestTable), pageOf(mfn(d.frame32())), pageOf(mfn(heap.head[0]))
		before := shapes()
		x.flip()
		if !sweep() {
			t.Errorf("%s: not found", x.what)
		}
		d.pageLock = spinlock{}
		repair()
		for m, s := range shapes() {
			if s != before[m] {
				t.Errorf("%s: frame %#x was %+v, is %+v", x.what, m, before[m], s)
			}
		}
		if sweep() {
			t.Errorf("%s: there again after recovery", x.what)
		}
	}
}

// What patrol finds again after a recovery is left as it is. Without the step
// patrol reports no failure. It corrects a stamp that lies in the future.
func TestPatrolElse(t *testing.T) {
	recoverable(t)
	_, v := newDomain(t, 1)
	p := pageOf(v.arch.guestTable)
	p.stamp = flushClock + 1<<20
	if sweep() || p.stamp != flushClock {
		t.Errorf("stamp %d at %d", p.stamp, flushClock)
	}
	p.count ^= 1 << 40
	if !sweep() || sweep() {
		t.Error("not found, or found twice")
	}
	persist().policy &^= 1 << stepPatrol
	persist().doubted = 0
	if sweep() {
		t.Error("a failure without the step")
	}
}
