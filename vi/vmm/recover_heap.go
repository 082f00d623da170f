package main

// rebuildHeap makes the lists of free blocks, which are static data, anew from
// the frame table, which knows what is free.
func rebuildHeap() {
	heap.head, heap.nfree = [maxOrder + 1]uint64{}, 0
	m, end := mfn(bootInfo.heapStart>>pageShift), mfn(frames.n)
	for m < end {
		if pageOf(m).count != pgFree {
			m++
			continue
		}
		to := m
		for to < end && pageOf(to).count == pgFree {
			p := pageOf(to)
			p.typ, p.next, p.prev, p.owner = 0, 0, 0, 0
			to++
		}
		linkRun(m, to)
		m = to
	}
}

// linkRun links free frames from m up to end in the largest blocks there are.
func linkRun(m, end mfn) {
	for m < end {
		order := uint(maxOrder)
		for m&(1<<order-1) != 0 || m+1<<order > end {
			order--
		}
		heapLink(m, order)
		heap.nfree += 1 << order
		m += 1 << order
	}
}
