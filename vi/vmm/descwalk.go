package main

// Walks over the frame table by recovery, which must look at every descriptor
// while all VMs wait. Most frames are free. So the walk looks at several
// descriptors of free frames at a time, and goes by address instead of by frame
// number. Where the lists of free blocks are sound, it skips a block at a time.

const (
	descSize  = 32 // bytes of a page
	descGroup = 8  // descriptors looked at at a time
)

// heapDescs are the addresses of the first descriptor of a frame of the heap, and
// of the end of the frame table.
func heapDescs() (at, end uint64) {
	return frameTableBase + bootInfo.heapStart>>pageShift*descSize, frameTableBase + frames.n*descSize
}

// blocksSound says that each descriptor which is marked as the head of a free
// block is in the heap's lists, and that the whole block is free.
var blocksSound bool

// pastFree is the address of the first descriptor from one on whose frame is
// not free, or the end.
func pastFree(at, end uint64) uint64 {
	for blocksSound && at < end && (*page)(ptr(at)).count == pgFree {
		at = pastBlock(at)
	}
	for at+descGroup*descSize <= end {
		g := (*[descGroup]page)(ptr(at))
		if g[0].count != pgFree || g[1].count != pgFree || g[2].count != pgFree || g[3].count != pgFree ||
			g[4].count != pgFree || g[5].count != pgFree || g[6].count != pgFree || g[7].count != pgFree {
			break
		}
		at += descGroup * descSize
	}
	for at < end && (*page)(ptr(at)).count == pgFree {
		at += descSize
	}
	return at
}

// pastBlock is the address of the descriptor behind a free block that begins at
// this descriptor. If no block begins here, it is the next descriptor's.
func pastBlock(at uint64) uint64 {
	p := (*page)(ptr(at))
	if order := p.typ & pageOrder; p.typ&pageHead != 0 && order <= maxOrder {
		return at + descSize<<order
	}
	return at + descSize
}

// cleanFree is like pastFree, and clears all but the free mark in the
// descriptors that it passes.
func cleanFree(at, end uint64) uint64 {
	for blocksSound && at < end && (*page)(ptr(at)).count == pgFree {
		p := (*page)(ptr(at))
		at = pastBlock(at)
		p.typ, p.next, p.prev, p.owner = 0, 0, 0, 0
	}
	for at < end {
		stop := pastFree(at, min(end, at+descGroup*descSize))
		if stop == at {
			break
		}
		if stop != at+descGroup*descSize || !cleanGroup(at) {
			for q := at; q < stop; q += descSize {
				p := (*page)(ptr(q))
				p.typ, p.next, p.prev, p.owner = 0, 0, 0, 0
			}
		}
		at = stop
	}
	return at
}

// cleanGroup says whether a group of descriptors has no type, owner and links.
func cleanGroup(at uint64) bool {
	w := (*[descGroup * descSize / 8]uint64)(ptr(at))
	typ := w[1] | w[5] | w[9] | w[13] | w[17] | w[21] | w[25] | w[29]
	owner := w[2] | w[6] | w[10] | w[14] | w[18] | w[22] | w[26] | w[30]
	links := w[3] | w[7] | w[11] | w[15] | w[19] | w[23] | w[27] | w[31]
	return typ|uint64(uint32(owner))|links == 0
}
