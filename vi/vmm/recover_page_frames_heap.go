package main

// Part of step page_frames, and of every microreboot, whose new instance has no lists.

// rebuildHeap makes the lists of free blocks, which are static data, anew. The
// frame table says which frames are free.
func rebuildHeap() {
	heap.head, heap.nfree = [maxOrder + 1]uint64{}, 0
	at, end := heapDescs()
	for at < end {
		if (*page)(ptr(at)).count != pgFree {
			at += descSize
			continue
		}
		from := at
		at = cleanFree(at, end)
		linkRun(mfn((from-frameTableBase)/descSize), mfn((at-frameTableBase)/descSize))
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
