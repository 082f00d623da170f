package main

import (
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// Addresses of the guest that onGuest makes.
const (
	pageVA = 0x10000 // of page i: pageVA + i<<12; the odd ones are writable
	rootVA = 0x40000 // its page tables, L4 first, read-only
)

// onGuest makes a domain whose vCPU is current, with pages at pageVA and its
// own page tables at rootVA.
func onGuest(t *testing.T, id uint16) (*Domain, *VCPU, []mfn) {
	t.Helper()
	d := createDomain(id, 64)
	v := d.addVCPU(0)
	var tables, pages []mfn
	for range 4 {
		tables = append(tables, allocDomainPage(d))
	}
	for i := range 3 {
		tableAt(tables[i])[0] = entryTo(tables[i+1], pteW|pteU)
	}
	l1 := tableAt(tables[3])
	for i := range 16 {
		pages = append(pages, allocDomainPage(d))
		l1[pageVA>>12+i] = entryTo(pages[i], pteU|uint64(i&1)*pteW)
	}
	for i, m := range tables {
		l1[rootVA>>12+i] = entryTo(m, pteU)
	}
	if pin(tables[0], d, ptL4) != 0 || getPageAndType(tables[0], d, ptL4) != 0 {
		t.Fatal("page tables are not valid")
	}
	v.arch.guestTable = tables[0]
	v.arch.flags = inKernelMode
	v.initOK = true
	d.assist = vmAssists
	enter(v)
	return d, v, append(tables, pages...)
}

// enter makes a vCPU current.
func enter(v *VCPU) {
	testCPU.core.curr = v
	writeCR3(v.cr3())
}

// put writes a value into a guest's page and returns its address.
func put[T any](page int, offset uint64, val T) uint64 {
	at := uint64(pageVA+page<<12) + offset
	m := frameOfVA(current(), at)
	*(*T)(unsafe.Add(frameAddr(m), at&pageMask)) = val
	return at
}

// got reads a value at an address of the guest.
func got[T any](at uint64) T {
	return *(*T)(unsafe.Add(frameAddr(frameOfVA(current(), at)), at&pageMask))
}

// insnBytes puts an instruction into the guest and returns registers whose RIP is there.
func insnBytes(b ...byte) *regs {
	at := put(0, 0x100, [15]byte{})
	copy((*[15]byte)(unsafe.Add(frameAddr(frameOfVA(current(), at)), 0x100))[:], b)
	r := guestRegs()
	*r = regs{RIP: at, CS: abi.FlatKernelCS, SS: abi.FlatKernelSS, RFLAGS: flagIF | 2}
	return r
}

// ended destroys domains and fails the test if they leave anything behind.
func ended(t *testing.T, free uint64, list ...*Domain) {
	t.Helper()
	enter(testCPU.core.idle)
	for _, d := range list {
		killDomain(d, false)
	}
	sound(t)
	if heap.nfree != free || domains.head != nil {
		t.Errorf("%d frames free, before %d; domains %v", heap.nfree, free, domains.head)
	}
}
