package main

import "resvirt/vi/abi"

// depart goes to user mode, in an address space of its own, by an iret in the
// middle of a multicall. The entries behind the iret give this address space back,
// change its page tables, or set no address space.
func (r dice) depart() {
	at := arena + r.page()*pageSize
	f := frameOf(at)
	r.likeRoot(at)
	hypercall(abi.HypercallMMUExtOp, r.words(abi.MMUExtNewUserBaseptr, f, 0), 1, 0, abi.DomidSelf, 0)
	n := 3 + r.n(3)
	var list [6 * 8]uint64
	first := r.n(2)
	for i := range n {
		nr, a := r.departing(f)
		switch i {
		case first:
			nr, a = abi.HypercallIret, [5]uint64{}
		case first + 1:
			root := [4]uint64{0, frameOf(start.PTBase), frameOf(start.PTBase), r.frame()}[r.n(4)]
			nr, a = abi.HypercallMMUExtOp, [5]uint64{r.words(abi.MMUExtNewUserBaseptr, root, 0), 1, 0, abi.DomidSelf}
		}
		list[i*8] = nr
		copy(list[i*8+2:][:5], a[:])
	}
	to := arena + r.page()*pageSize
	if to == at {
		return
	}
	for i := range n * 8 {
		store(to+i*8, list[i])
	}
	c := r.toUser(me())
	c[3], c[4], c[6] = 0, spinAt, 0x202 // an endless loop, which an event ends
	if r.one(3) {
		c[4] = r.va() // whatever lies there is executed
	}
	batchOn(&c, to, n)
}

// departing is an entry of such a multicall: f is the root of user mode.
func (r dice) departing(f uint64) (uint64, [5]uint64) {
	switch r.n(6) {
	case 0, 1:
		root := [4]uint64{0, frameOf(start.PTBase), f, r.frame()}[r.n(4)]
		return abi.HypercallMMUExtOp, [5]uint64{r.words(abi.MMUExtNewBaseptr+10*r.n(2), root, 0), 1, 0, abi.DomidSelf}
	case 2:
		return abi.HypercallMMUExtOp, [5]uint64{r.words(abi.MMUExtUnpin, f, 0), 1, 0, abi.DomidSelf}
	case 3:
		return abi.HypercallMMUExtOp, [5]uint64{r.words(abi.MMUExtTLBFlushLocal, 0, 0), 1, 0, abi.DomidSelf}
	case 4:
		return abi.HypercallIret, [5]uint64{}
	}
	return abi.HypercallMMUUpdate, [5]uint64{r.words(f<<12|r.n(512)*8, r.entry()), 1, 0, abi.DomidSelf}
}
