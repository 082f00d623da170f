package main

import "sync/atomic"

// The page allocator: a buddy system over the frame table. Its lists and its
// lock are static data; what is free and in which size is also written in the
// frame table (page.count, page.typ), from which recovery rebuilds the lists.

// maxOrder is the order of the largest blocks, 32 MiB. Recovery visits every block,
// so it is faster with few large ones.
const maxOrder = 13

// pageHead marks, in typ, the first frame of a free block; the low bits are
// its order.
const (
	pageHead  = 1 << 32
	pageOrder = 0xff
)

var heap struct {
	lk    spinlock
	head  [maxOrder + 1]uint64 // first free block of each order
	nfree uint64               // frames in the lists
}

// allocFrames takes 2^order frames from the heap, 0 if there are none.
func allocFrames(order uint) mfn {
	assert(!inIRQ())
	assert(order <= maxOrder)
	heap.lk.lock()
	j := myJournal()
	m := heapTake(order)
	stamp := uint32(0)
	if m != 0 {
		for i := mfn(0); i < 1<<order; i++ {
			p := pageOf(m + i)
			assert(p.count == pgFree)
			stamp = max(stamp, p.stamp)
			j.keep(&p.count)
			p.count, p.typ = 0, 0
		}
		if order == 0 {
			j.note(nil, 0, uint64(m))
		} else {
			j.skip()
		}
	}
	j.whole()
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
	myJournal().keep(&heap.nfree)
	heap.nfree -= 1 << order
	return m
}

// freeFrames gives 2^order frames back, whose last reference is gone.
func freeFrames(m mfn, order uint) {
	assert(!inIRQ())
	assert(frameOK(m) && uint64(m)+1<<order <= frames.n)
	heap.lk.lock()
	j := myJournal()
	for i := mfn(0); i < 1<<order; i++ {
		p := pageOf(m + i)
		assert(p.count&pgFree == 0 && p.count&pgRefs == 0)
		j.keep(&p.count)
		j.keep(p.holder())
		j.keepPage(p)
		p.count, p.typ, p.owner = pgFree, 0, 0
		p.stamp = atomic.LoadUint32(&flushClock)
	}
	heapInsert(m, order)
	j.whole()
	heap.lk.unlock()
}

// heapInsert links a block, merging it with its free buddies.
func heapInsert(m mfn, order uint) {
	myJournal().keep(&heap.nfree)
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
	p, j := pageOf(m), myJournal()
	j.keepPage(p)
	j.keep(&heap.head[order])
	p.typ = pageHead | uint64(order)
	p.prev, p.next = 0, uint32(heap.head[order])
	if p.next != 0 {
		next := pageOf(mfn(p.next))
		j.keep(next.links())
		next.prev = uint32(m)
	}
	heap.head[order] = uint64(m)
}

func heapUnlink(m mfn, order uint) {
	p, j := pageOf(m), myJournal()
	assert(p.typ == pageHead|uint64(order))
	j.keepPage(p)
	if p.prev != 0 {
		prev := pageOf(mfn(p.prev))
		assert(prev.next == uint32(m))
		j.keep(prev.links())
		prev.next = p.next
	} else {
		assert(heap.head[order] == uint64(m))
		j.keep(&heap.head[order])
		heap.head[order] = uint64(p.next)
	}
	if p.next != 0 {
		next := pageOf(mfn(p.next))
		j.keep(next.links())
		next.prev = p.prev
	}
	p.typ, p.next, p.prev = 0, 0, 0
}

// allocHeapPage takes one cleared frame for the hypervisor itself.
func allocHeapPage() mfn {
	m := allocFrames(0)
	if m == 0 {
		return 0
	}
	myJournal().skip() // the journal does not know what will point to it
	zeroPage(m)
	pageOf(m).count = pgHeap | pgAllocated | 1
	return m
}

// freeHeapPage gives a frame of allocHeapPage back.
func freeHeapPage(m mfn) {
	p := pageOf(m)
	assert(p.count == pgHeap|pgAllocated|1)
	myJournal().skip() // the journal does not know what points to it
	p.count, p.typ, p.owner = 0, 0, 0
	freeFrames(m, 0)
}

// soundHeap says whether the lists of free blocks are sound: all blocks in them
// are free and of the list's order, and the number of frames is right.
func soundHeap() bool {
	n := uint64(0)
	for order := range heap.head {
		before := uint32(0)
		for m := heap.head[order]; m != 0; {
			if !frameOK(mfn(m)) || n > heap.nfree {
				return false
			}
			p := pageOf(mfn(m))
			if p.count != pgFree || p.typ != pageHead|uint64(order) || p.prev != before {
				return false
			}
			n += 1 << order
			before, m = uint32(m), uint64(p.next)
		}
	}
	return n == heap.nfree
}
