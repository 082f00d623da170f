package main

import "resvirt/vi/abi"

// tables makes a page table of a page of the arena, in the steps that kernels
// take, but with other levels and entries: fill, write-protect, pin, and
// sometimes use as root.
func (r dice) tables() {
	at := arena + r.page()*pageSize
	for i := range uint64(512) {
		store(at+i*8, 0)
	}
	for range r.n(20) {
		store(at+r.n(512)*8, r.entry())
	}
	f := frameOf(at)
	hypercall(abi.HypercallUpdateVAMapping, at, f<<12|0x65, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
	if r.one(4) {
		r.likeRoot(at)
	}
	level := r.n(4)
	if hypercall(abi.HypercallMMUExtOp, r.words(abi.MMUExtPinL1+level, f, 0), 1, 0, abi.DomidSelf, 0) != 0 {
		return
	}
	switch r.n(5) {
	case 0:
		if level == 3 {
			hypercall(abi.HypercallMMUExtOp, r.words(abi.MMUExtNewBaseptr+10*r.n(2), f, 0), 1, 0, abi.DomidSelf, 0)
		}
	case 1: // write to it as to memory: the hypervisor emulates
		r.write(at+r.n(512)*8, r.entry())
	case 2: // unpin it twice
		for range 2 {
			hypercall(abi.HypercallMMUExtOp, r.words(abi.MMUExtUnpin, f, 0), 1, 0, abi.DomidSelf, 0)
		}
	case 3: // link it into one of our tables
		hypercall(abi.HypercallMMUUpdate, r.words(r.slot(), f<<12|0x67), 1, 0, abi.DomidSelf, 0)
	}
	if r.one(2) {
		hypercall(abi.HypercallMMUExtOp, r.words(abi.MMUExtUnpin, f, 0), 1, 0, abi.DomidSelf, 0)
	}
}

// likeRoot gives a page the entries of our own root.
func (r dice) likeRoot(at uint64) {
	hypercall(abi.HypercallUpdateVAMapping, at, frameOf(at)<<12|0x67, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
	for i := range uint64(512) {
		store(at+i*8, load(start.PTBase+i*8))
	}
	hypercall(abi.HypercallUpdateVAMapping, at, frameOf(at)<<12|0x65, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
}

// write is a store of one of the kinds that the hypervisor emulates.
func (r dice) write(at, val uint64) {
	switch r.n(4) {
	case 0:
		store(at, val)
	case 1:
		exchange(at, val)
	case 2:
		compareSwap(at, val)
	default:
		bitSet(at, val)
	}
}

// touch reads or writes memory: of the arena, of our page tables, anywhere.
func (r dice) touch() {
	at := r.value()
	switch r.n(4) {
	case 0:
		at = r.va()
	case 1:
		at = start.PTBase + r.n(start.NrPTFrames)*pageSize + r.n(512)*8
	}
	if r.one(3) {
		load(at)
		return
	}
	if r.one(4) {
		at++
	}
	r.write(at, r.entry())
}
