package inspect

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// checkHeap: every block in the free lists is free in the frame table and of
// the list's order, every free block is in a list, and the count is right.
func (w *world) checkHeap() {
	var h heapInfo
	if len(w.frames) == 0 || !w.read(w.heap, w.heapAt, "main.heap", &h) {
		return
	}
	listed := map[uint64]bool{}
	n := uint64(0)
	for order, head := range h.Head {
		prev := uint64(0)
		for f, place := head, fmt.Sprintf("main.heap.head[%d]", order); f != 0; {
			if f >= uint64(len(w.frames)) {
				w.wrong(Pointers, place, num(f), "below %d", len(w.frames))
				break
			}
			if listed[f] {
				w.wrong(Heap, place, fmt.Sprintf("frame %d, which is in a list already", f), "the next free block or 0")
				break
			}
			listed[f] = true
			p := &w.frames[f]
			if p.Count != w.free || p.Typ != w.head|uint64(order) {
				w.wrong(Heap, fmt.Sprintf("frame %d, which is in the free list of order %d,", f, order), fmt.Sprintf("count %#x type %#x", p.Count, p.Typ), "free and the head of such a block")
			}
			if p.Prev != prev {
				w.wrong(Heap, fmt.Sprintf("frame %d prev", f), num(p.Prev), "%d", prev)
			}
			n += 1 << order
			prev, f, place = f, p.Next, fmt.Sprintf("frame %d next", f)
		}
	}
	if n != h.Nfree {
		w.wrong(Heap, "main.heap.nfree", num(h.Nfree), "%d, as the lists have", n)
	}
	w.checkFree(listed)
}

// checkFree looks for free frames that are in no listed block.
func (w *world) checkFree(listed map[uint64]bool) {
	for f := uint64(0); f < uint64(len(w.frames)); f++ {
		p := &w.frames[f]
		if p.Count&w.free == 0 {
			continue
		}
		size := uint64(1)
		if order := p.Typ & w.order; p.Typ&w.head != 0 && order <= w.maxOrder {
			size = 1 << order
		}
		if !listed[f] {
			w.wrong(Heap, fmt.Sprintf("frame %d", f), "free, but in no list", "in the free list of its order")
			size = 1
		}
		for end := min(f+size, uint64(len(w.frames))); f+1 < end; f++ {
			if q := &w.frames[f+1]; q.Count != w.free || q.Typ != 0 || listed[f+1] {
				w.wrong(Heap, fmt.Sprintf("frame %d, which lies in a free block,", f+1), fmt.Sprintf("count %#x type %#x", q.Count, q.Typ), "free and no head of a block")
			}
		}
	}
}

// callName names a hypercall by the function that the VMM's table has for its
// number.
func (w *world) callName(nr uint64) string {
	return HypercallName(w.view, w.m.Memory, nr)
}

// HypercallName names a hypercall by its handler, as in "MMUUpdate".
func HypercallName(v *View, mem Memory, nr uint64) string {
	for _, mem := range []Memory{mem, Initial(v.image)} {
		table, ok := v.image.Addr("main.hypercalls")
		if !ok || nr >= 64 {
			break
		}
		var b [8]byte
		if mem(table+8*nr, b[:]) != nil || mem(binary.LittleEndian.Uint64(b[:]), b[:]) != nil {
			continue
		}
		if f, ok := v.image.Func(binary.LittleEndian.Uint64(b[:])); ok {
			name := strings.TrimSuffix(f.Name, "·f")
			return "hypercall " + strings.TrimPrefix(strings.TrimPrefix(name, "main."), "hyper")
		}
	}
	return fmt.Sprintf("hypercall %#x unknown to it", nr)
}

// Failure is the VMM's record of the failure that it detected last.
func (c *Checker) Failure(m *Machine) RecoveryFailure {
	var p persistInfo
	if c.layout.persist.read(m.Memory, c.layout.persistAt, &p) != nil {
		return RecoveryFailure{}
	}
	return p.Failure
}
