package main

import "sync/atomic"

// The page allocator: a buddy system over the frame table. Its lists and its
// lock are static data; what is free and in which size is also written in the
// frame table (page.count, page.typ), from which recovery rebuilds the lists.

const maxOrder = 10

// pageHead marks, in typ, the first frame of a free block; the low bits are
// its order.
const pageHead = 1 << 32

var heap struct {
	lk    spinlock
	head  [maxOrder + 1]uint32 // first free block of each order
	nfree uint64               // frames in the lists
}

// allocFrames takes 2^order frames from the heap, 0 if there are none.
func allocFrames(order uint) mfn {
	assert(!inIRQ())
	assert(order <= maxOrder)
	heap.lk.lock()
	m := heapTake(order)
	stamp := uint32(0)
	if m != 0 {
		for i := mfn(0); i < 1<<order; i++ {
			p := pageOf(m + i)
			assert(p.count == pgFree)
			stamp = max(stamp, p.stamp)
			p.count, p.typ = 0, 0
		}
	}
	heap.lk.unlock()
	if m != 0 {
		// Some processor may still hold a translation to the frame's last use.
		flushFiltered(cpusOnline(), stamp)
	}
	return m
}

// heapTake unlinks a block, splitting larger ones.
func heapTake(order uint) mfn {
	o := order
	for o <= maxOrder && heap.head[o] == 0 {
		o++
	}
	if o > maxOrder {
		return 0
	}
	m := mfn(heap.head[o])
	heapUnlink(m, o)
	for o > order {
		o--
		heapLink(m+1<<o, o)
	}
	heap.nfree -= 1 << order
	return m
}

// freeFrames gives 2^order frames back, whose last reference is gone.
func freeFrames(m mfn, order uint) {
	assert(!inIRQ())
	assert(frameOK(m) && uint64(m)+1<<order <= frames.n)
	heap.lk.lock()
	for i := mfn(0); i < 1<<order; i++ {
		p := pageOf(m + i)
		assert(p.count&pgFree == 0 && p.count&pgRefs == 0)
		p.count, p.typ, p.owner = pgFree, 0, 0
		p.stamp = atomic.LoadUint32(&flushClock)
	}
	heapInsert(m, order)
	heap.lk.unlock()
}

// heapInsert links a block, merging it with its free buddies.
func heapInsert(m mfn, order uint) {
	heap.nfree += 1 << order
	for order < maxOrder {
		buddy := m ^ 1<<order
		if uint64(buddy)+1<<order > frames.n {
			break
		}
		b := pageOf(buddy)
		if b.count != pgFree || b.typ != pageHead|uint64(order) {
			break
		}
		heapUnlink(buddy, order)
		m &^= 1 << order
		order++
	}
	heapLink(m, order)
}

func heapLink(m mfn, order uint) {
	p := pageOf(m)
	p.typ = pageHead | uint64(order)
	p.prev, p.next = 0, heap.head[order]
	if p.next != 0 {
		pageOf(mfn(p.next)).prev = uint32(m)
	}
	heap.head[order] = uint32(m)
}

func heapUnlink(m mfn, order uint) {
	p := pageOf(m)
	assert(p.typ == pageHead|uint64(order))
	if p.prev != 0 {
		assert(pageOf(mfn(p.prev)).next == uint32(m))
		pageOf(mfn(p.prev)).next = p.next
	} else {
		assert(heap.head[order] == uint32(m))
		heap.head[order] = p.next
	}
	if p.next != 0 {
		pageOf(mfn(p.next)).prev = p.prev
	}
	p.typ, p.next, p.prev = 0, 0, 0
}

// allocHeapPage takes one cleared frame for the hypervisor itself.
func allocHeapPage() mfn {
	m := allocFrames(0)
	if m == 0 {
		return 0
	}
	zeroPage(m)
	pageOf(m).count = pgHeap | pgAllocated | 1
	return m
}

// freeHeapPage gives a frame of allocHeapPage back.
func freeHeapPage(m mfn) {
	p := pageOf(m)
	assert(p.count == pgHeap|pgAllocated|1)
	p.count, p.typ, p.owner = 0, 0, 0
	freeFrames(m, 0)
}
