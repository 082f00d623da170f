package main

import "sync/atomic"

// Step patrol. At each tick each CPU looks at a few descriptors of frames: like
// doubt, this step repairs nothing but detects nearer to the fault. A flipped
// bit in the frame table is not noticed until the frame is next used. That may
// be too late for a repair: a guest may have been refused something, or been
// given memory of another. So at each scheduler tick each CPU looks at a few
// descriptors of its part of the table, and in time at all of them, as memory
// controllers scrub memory for errors. If a descriptor says what none can say,
// that is a failure, and recovery counts all frames anew.

// What a CPU may spend in a tick: a free frame costs 1, others patrolOther.
const (
	patrolBudget = 40
	patrolOther  = 4
)

// refsMost is far above every true count. A flipped bit in the upper half of a
// count makes it larger than this.
const refsMost = 1 << 32

// patrol looks at this CPU's next descriptors.
func patrol() {
	if !framesPatrolled {
		return
	}
	c := this()
	first := bootInfo.heapStart >> pageShift
	part := (frames.n-first)/uint64(nrCPUs()) + 1
	at := first + uint64(c.ID)*part + c.core.patrolAt
	end := min(first+uint64(c.ID+1)*part, frames.n)
	if c.core.patrolAt >= part || at >= end {
		c.core.patrolAt = 0
		return
	}
	w := walk{clock: atomic.LoadUint32(&flushClock)}
	ok := true
	p := (*page)(nil)
	for left := patrolBudget; left > 0 && at < end && ok; at++ {
		p = pageOf(mfn(at))
		switch {
		case p.count != pgFree:
			left -= patrolOther
			ok = w.possible(p)
		case p.typ != 0:
			left -= patrolOther
			ok = p.possibleHead()
		default:
			left-- // free, and not the head of a block: there is nothing else to check
		}
	}
	w.leave()
	c.core.patrolAt = at - first - uint64(c.ID)*part
	if !ok {
		p.impossible()
	}
}

// impossible reports a failure, unless the last one was in the same page of the
// frame table: what recovery does not repair is left as it is.
func (p *page) impossible() {
	at := addrOf(ptrOfPage(p)) &^ pageMask
	if at == persist().doubted {
		return
	}
	persist().doubted = at
	myJournal().skip() // taking back what is under way would not repair it
	disbelieve(false, stepPatrol)
}

// walk is a turn of patrol. While it looks at descriptors of a domain's frames
// it holds the lock of the domain's list of pages, if that was free.
type walk struct {
	clock  uint32 // of flushes
	owner  uint32
	nobody bool    // the owner is no domain
	locked *Domain // the owner
}

// leave releases the lock.
func (w *walk) leave() {
	if w.locked != nil {
		w.locked.pageLock.unlock()
	}
	w.locked, w.owner, w.nobody = nil, 0, false
}

// enter goes on with the pages of an owner. As long as their lock is held, the
// domain has the page that is looked at, and does not end.
func (w *walk) enter(owner uint32) {
	w.leave()
	if !domains.lk.tryLock() {
		return
	}
	d := domainOfFrame(owner)
	if d != nil && d.pageLock.tryLock() {
		w.locked = d
	}
	domains.lk.unlock()
	w.owner, w.nobody = owner, d == nil
}

// possible says whether the descriptor of a frame that is not free can be one.
// Other CPUs may be changing its counts: so a descriptor that looks wrong is
// read again, and is wrong only if it has not changed.
func (w *walk) possible(p *page) bool {
	for {
		t, n := atomic.LoadUint64(&p.typ), atomic.LoadUint64(&p.count)
		if w.can(p, n, t) {
			return true
		}
		if atomic.LoadUint64(&p.typ) == t && atomic.LoadUint64(&p.count) == n {
			return false
		}
	}
}

// can says whether a count n and a type t are possible for a frame that is not
// free.
func (w *walk) can(p *page, n, t uint64) bool {
	refs, typed := n&pgRefs, t&ptCount
	switch {
	case n == pgFree || refs == 0 && n&pgFree == 0:
		return true // between two states
	case n&^(pgAllocated|pgHeap|pgRefs) != 0 || refs >= refsMost || typed > refs || t&(1<<56) != 0:
		return false
	case n&pgHeap != 0:
		return p.canBeHeap(t)
	case t&ptPinned != 0 && !isTableType(t) || t&ptTypeMask == 6<<ptTypeShift:
		return false
	}
	if now := atomic.LoadUint32(&flushClock); int32(p.stamp-w.clock) > 0 && int32(p.stamp-now) > 0 {
		p.stamp = now // the stamp lies in the future: correct it, an unneeded flush does no harm
	}
	if p.owner != w.owner {
		w.enter(p.owner)
	}
	switch {
	case p.owner != w.owner || atomic.LoadUint64(&p.count)&pgRefs == 0:
		return true // it has just been freed, or the owner could not be looked up
	case w.locked != nil:
		return p.linked(w.locked.pageList)
	}
	return !w.nobody
}

// canBeHeap is can for a page of the hypervisor's heap, which may be shared
// with a domain.
func (p *page) canBeHeap(t uint64) bool {
	if p.next|p.prev != 0 {
		return false
	}
	return t == 0 || t&^(ptCount|ptForeign) == ptWritable|ptValidated && frameOK(mfn(p.owner)) && pageOf(mfn(p.owner)).count&pgHeap != 0
}

// possibleHead says whether a descriptor can be the first of a free block.
func (p *page) possibleHead() bool {
	if !heap.lk.tryLock() {
		return true
	}
	order := p.typ &^ pageHead
	ok := p.count != pgFree || p.typ == 0 || // it has just been taken
		p.typ&pageHead != 0 && order <= maxOrder && uint64(p.frame())&(1<<order-1) == 0 && p.linked(heap.head[order])
	heap.lk.unlock()
	return ok
}

// linked says whether the frame's neighbours in the list that begins with head
// point back to it. The list's lock is held.
func (p *page) linked(head uint64) bool {
	m := uint32(p.frame())
	if p.next != 0 && (!frameOK(mfn(p.next)) || pageOf(mfn(p.next)).prev != m) {
		return false
	}
	if p.prev == 0 {
		return head == uint64(m)
	}
	return frameOK(mfn(p.prev)) && pageOf(mfn(p.prev)).next == m
}
