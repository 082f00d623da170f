package main

import (
	"testing"
)

// Frames of the tests' machine that its heap consists of.
const (
	heapFirst = 64
	heapEnd   = testFrames - 64
)

// recoverable is an empty machine of one CPU in which all steps are allowed.
func recoverable(t *testing.T) {
	t.Helper()
	recoverableOn(t, 1)
}

// recoverableOn is one of more CPUs.
func recoverableOn(t *testing.T, cpus uint32) {
	t.Helper()
	world(t, cpus)
	persist().policy = ^uint64(0)
	frames.n, bootInfo.heapStart = heapEnd, heapFirst<<pageShift
	heap.head, heap.nfree = [maxOrder + 1]uint64{}, 0
	rebuildHeap()
}

// newDomain makes a domain with a vCPU and an address space: a pinned L4 over
// one table of each level, whose L1 maps some pages, every second one writable.
func newDomain(t *testing.T, id uint16) (*Domain, *VCPU) {
	t.Helper()
	d := createDomain(id, 64)
	v := d.addVCPU(0)
	root := allocDomainPage(d)
	tab := tableAt(root)
	for range 3 {
		m := allocDomainPage(d)
		tab[0] = uint64(m)<<pageShift | pteP | pteW | pteU
		tab = tableAt(m)
	}
	for i := range 8 {
		tab[i] = uint64(allocDomainPage(d))<<pageShift | pteP | pteU | uint64(i&1)*pteW
	}
	if pin(root, d, ptL4) != 0 || getPageAndType(root, d, ptL4) != 0 {
		t.Fatal("page tables are not valid")
	}
	v.arch.guestTable = root
	return d, v
}
