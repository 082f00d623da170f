package main

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// shape is the part of a frame's descriptor that matters: not its place in a
// list.
type shape struct {
	count, typ uint64
	owner      uint32
}

func shapes() (list [heapEnd]shape) {
	for m := heapFirst; m < heapEnd; m++ {
		p := pageOf(mfn(m))
		list[m] = shape{p.count, p.typ, p.owner}
		if p.count == pgFree {
			list[m].typ = 0 // sizes of free blocks
		}
	}
	return list
}

// repair does what recovery does to frames and heap.
func repair() {
	heap.head, heap.nfree = [maxOrder + 1]uint64{}, 0
	pageFrames()
	rebuildHeap()
}

// A consistent frame table is left as it is.
func TestRepairKeepsWhatIsRight(t *testing.T) {
	recoverable(t)
	newDomain(t, 1)
	d, _ := newDomain(t, 2)
	pages, refs, free := d.totPages, d.refs, heap.nfree
	before := shapes()
	repair()
	for m, s := range shapes() {
		if s != before[m] {
			t.Errorf("frame %#x was %+v, is %+v", m, before[m], s)
		}
	}
	if d.totPages != pages || d.refs != refs || heap.nfree != free {
		t.Errorf("pages %d, references %d, free %d; were %d, %d, %d", d.totPages, d.refs, heap.nfree, pages, refs, free)
	}
	if bad := checkAll(); bad != 0 {
		t.Errorf("invariants %#x", bad)
	}
}

// Counts, validated and locked bits, lists and lost frames come back, whatever
// they were; the domain can be destroyed and everything is free again.
func TestRepairOfDamage(t *testing.T) {
	recoverable(t)
	free := heap.nfree
	d, v := newDomain(t, 1)
	before := shapes()
	r := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		m := mfn(heapFirst + r.IntN(heapEnd-heapFirst))
		p := pageOf(m)
		switch {
		case p.owner == d.frame32() && p.count&pgHeap == 0:
			p.count += uint64(r.IntN(3))
			p.typ += uint64(r.IntN(3))
			p.typ ^= uint64(r.IntN(2)) * ptValidated
			p.typ ^= uint64(r.IntN(2)) * ptLocked
			p.next, p.prev = r.Uint32N(testFrames), r.Uint32N(testFrames)
		case p.count == pgFree && r.IntN(2) == 0:
			p.count, p.typ = 0, 0 // allocated, and given to nobody
		case p.count == pgFree:
			p.count = pgHeap | pgAllocated | 1 // an object that nothing refers to
		}
	}
	d.totPages, d.pageList, d.refs, d.dying = 77, 9, 12, true
	repair()
	for m, s := range shapes() {
		if s != before[m] {
			t.Errorf("frame %#x was %+v, is %+v", m, before[m], s)
		}
	}
	if bad := checkAll(); bad != 0 {
		t.Errorf("invariants %#x", bad)
	}
	v.isRunning = 0
	if !killDomain(d, false) || heap.nfree != free || domains.head != nil {
		t.Errorf("%d frames free after the end of the domain, before it %d", heap.nfree, free)
	}
}

// With sound lists of free blocks, recovery walks from block to block, with the same
// result: it repairs counts, lost frames, and objects that were being freed.
func TestRepairFromBlockToBlock(t *testing.T) {
	recoverable(t)
	persist().mode = modeReset
	free := heap.nfree
	pair := allocFrames(1)
	d, v := newDomain(t, 1)
	freeHeapPage(frameOfAddr(unsafe.Pointer(v.arch.traps)))
	object := pair + 1
	v.arch.traps = (*[256]abi.TrapInfo)(frameAddr(object))
	pageOf(object).count = pgHeap | pgAllocated | 1
	freeFrames(pair, 0)
	before := shapes()
	for _, m := range []mfn{allocFrames(2), allocFrames(3)} {
		pageOf(m).count = pgHeap | pgAllocated | 1 // an object that nothing refers to
	}
	pageOf(v.arch.guestTable).count += 5
	pageOf(object).count = 0
	freeFrames(object, 0) // the domain still refers to it, and it is now within a block
	if heap.nfree == 0 || !soundHeap() {
		t.Fatal("the lists are not sound")
	}
	pageFrames()
	for m, s := range shapes() {
		if s != before[m] {
			t.Errorf("frame %#x was %+v, is %+v", m, before[m], s)
		}
	}
	if bad := checkAll(); bad != 0 || blocksSound {
		t.Errorf("invariants %#x, blocks still taken for sound: %v", bad, blocksSound)
	}
	if !killDomain(d, false) || heap.nfree != free {
		t.Errorf("%d frames free after the end of the domain, before it %d", heap.nfree, free)
	}
}

// Lists of free blocks that are not sound are not used for the walk.
func TestRepairOfUnsoundBlocks(t *testing.T) {
	recoverable(t)
	persist().mode = modeReset
	free := heap.nfree
	pageOf(largestBlock()).typ-- // says half of its true size
	pageFrames()
	if bad := checkAll(); bad != 0 || heap.nfree != free {
		t.Errorf("invariants %#x, %d frames free instead of %d", bad, heap.nfree, free)
	}
}

// A validation that was cut off leaves nothing behind.
func TestRepairOfHalfValidatedTable(t *testing.T) {
	recoverable(t)
	d, _ := newDomain(t, 1)
	before := shapes()
	m := allocDomainPage(d)
	if m == 0 {
		t.Fatal("no page")
	}
	p := pageOf(m)
	p.get(d)
	p.typ = ptL4 + 1 // getType's first step
	repair()
	if p.typ != 0 || p.count != pgAllocated|1 {
		t.Errorf("count %#x, type %#x", p.count, p.typ)
	}
	if rc := getPageAndType(m, d, ptWritable); rc != 0 {
		t.Errorf("the frame cannot be used: %d", rc)
	}
	for i, s := range shapes() {
		if mfn(i) != m && s != before[i] {
			t.Errorf("frame %#x was %+v, is %+v", i, before[i], s)
		}
	}
}

// A wild entry of a page table is dropped, and nothing else.
func TestRepairDropsWildEntries(t *testing.T) {
	recoverable(t)
	d, v := newDomain(t, 1)
	l1 := tableAt(walkToL1(v.arch.guestTable, 0))
	good := l1[3]
	l1[7] = uint64(testFrames+5)<<pageShift | pteP | pteW
	l1[6] = uint64(v.arch.guestTable)<<pageShift | pteP | pteW | pteU
	repair()
	if l1[7] != 0 || l1[6] != 0 || l1[3] != good {
		t.Errorf("entries %#x %#x %#x", l1[3], l1[6], l1[7])
	}
	if bad := checkDomain(d); bad&checkPages != 0 {
		t.Errorf("invariants %#x", bad)
	}
}

// The domain of a self check that was cut off goes, with its frames.
func TestRepairForgetsTestDomain(t *testing.T) {
	recoverable(t)
	newDomain(t, 1)
	free := heap.nfree
	newDomain(t, testDomain)
	repair()
	if heap.nfree != free || domains.head.next != nil {
		t.Errorf("%d frames free, before the self check %d", heap.nfree, free)
	}
}

// Runs of free frames become the blocks that a buddy system would have.
func TestRebuildHeap(t *testing.T) {
	recoverable(t)
	r := rand.New(rand.NewPCG(3, 4))
	var held []mfn
	for range 100 {
		held = append(held, allocFrames(0))
	}
	for _, m := range held {
		if r.IntN(2) == 0 {
			freeFrames(m, 0)
		} else {
			pageOf(m).count = pgAllocated | 1
		}
	}
	free := heap.nfree
	sizes := heap.head
	heap.head, heap.nfree = [maxOrder + 1]uint64{}, 0
	rebuildHeap()
	if heap.nfree != free || checkHeapLists() != 0 {
		t.Errorf("%d frames free, there are %d", heap.nfree, free)
	}
	for order := range sizes {
		if (sizes[order] == 0) != (heap.head[order] == 0) {
			t.Errorf("blocks of order %d: before %#x, after %#x", order, sizes[order], heap.head[order])
		}
	}
}

// Frames that the end of a domain has overlooked are free after recovery,
// except those that another domain has mapped.
func TestFramesOfGoneDomains(t *testing.T) {
	recoverable(t)
	d, _ := newDomain(t, 12)
	left := allocDomainPage(d)
	d.dying, d.gone = true, true // its end has overlooked everything
	dropTables(d.vcpu[0])
	pageFrames()
	if p := pageOf(left); p.count != pgFree || p.owner != 0 {
		t.Errorf("a frame of a domain that is gone: count %#x, owner %#x", p.count, p.owner)
	}
	for at := domains.head; at != nil; at = at.next {
		if at == d {
			t.Error("the domain is still in the list")
		}
	}
}

// soundPages notices impossible descriptors, so that all frames are counted.
func TestSoundPages(t *testing.T) {
	recoverable(t)
	d, _ := newDomain(t, 12)
	if !d.soundPages() {
		t.Fatal("a sound domain")
	}
	p := pageOf(mfn(d.pageList))
	good := *p
	for what, spoil := range map[string]func(){
		"no use":               func() { p.count &^= pgRefs },
		"a wild count":         func() { p.count += 0x74c00000 },
		"more types than uses": func() { p.typ = p.typ&^ptCount | p.count&pgRefs + 1 },
		"a free frame":         func() { p.count |= pgFree },
		"another's":            func() { p.owner++ },
		"a shorter list":       func() { p.next = 0 },
		"a list led astray":    func() { p.next = 1 << 30 },
	} {
		spoil()
		if d.soundPages() {
			t.Errorf("%s: taken for sound", what)
		}
		*p = good
	}
}
