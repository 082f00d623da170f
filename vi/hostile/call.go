package main

import "resvirt/vi/abi"

// call makes one hypercall. Half of them have a form that a real kernel could
// use.
func (r dice) call() {
	if r.one(2) {
		nr, a := r.meant()
		hypercall(nr, a[0], a[1], a[2], a[3], a[4])
		return
	}
	nr := r.n(abi.NumHypercalls + 2)
	if nr == abi.HypercallSelfCheck || nr == abi.HypercallIret {
		return
	}
	var a [5]uint64
	for i := range a {
		if a[i] = r.value(); r.one(2) {
			a[i] = r.text(12)
		}
	}
	switch r.n(3) {
	case 0: // a command and its argument
		a[0], a[1], a[2] = r.n(20), r.text(12), r.n(5)
	case 1: // a list and its length
		a[0], a[1], a[2], a[3] = r.text(40), r.n(12), 0, abi.DomidSelf
	}
	if nr == abi.HypercallSchedOp && a[0] == abi.SchedopShutdown && !r.one(500) {
		return
	}
	if nr == abi.HypercallSchedOp {
		r.beforeSleep()
	}
	hypercall(nr, a[0], a[1], a[2], a[3], a[4])
}

// words puts some words into the arena and returns their address.
func (r dice) words(list ...uint64) uint64 {
	at := arena + r.page()*pageSize + r.n(480)*8
	for i, v := range list {
		store(at+uint64(i)*8, v)
	}
	return at
}

// meant is a hypercall as a real kernel could make it.
func (r dice) meant() (nr uint64, a [5]uint64) {
	switch r.n(13) {
	case 12:
		return r.device()
	case 0, 1:
		n := 1 + r.n(6)
		at := arena + r.page()*pageSize
		for i := range n {
			store(at+i*16, r.slot()|r.n(3))
			store(at+i*16+8, r.entry())
		}
		return abi.HypercallMMUUpdate, [5]uint64{at, n, 0, r.domid()}
	case 2, 3:
		at := r.words(r.n(20), r.extArg(), r.extArg())
		return abi.HypercallMMUExtOp, [5]uint64{at, 1, 0, r.domid()}
	case 4:
		return abi.HypercallUpdateVAMapping, [5]uint64{arena + r.page()*pageSize, r.entry(), r.n(8)}
	case 5:
		return abi.HypercallEventChannelOp, [5]uint64{r.n(12), r.words(r.domid()|r.n(40)<<32, r.n(40), r.n(40))}
	case 6:
		return abi.HypercallMemoryOp, [5]uint64{r.memory()}
	case 7, 8:
		return abi.HypercallGrantTableOp, r.grant()
	case 9:
		return abi.HypercallMulticall, r.batch()
	case 10:
		return abi.HypercallVcpuOp, [5]uint64{r.n(14), r.n(3), r.words([3]uint64{r.frame(), r.value(), r.n(1 << 22)}[r.n(3)], r.n(4096), r.value())}
	}
	r.beforeSleep()
	return abi.HypercallSchedOp, [5]uint64{[4]uint64{abi.SchedopYield, abi.SchedopBlock, abi.SchedopPoll, abi.SchedopWatchdog}[r.n(4)], r.words([2]uint64{r.va(), r.n(4) | r.n(9)<<32}[r.n(2)], r.n(5), r.value())}
}

// extArg is an argument of mmuext_op: a frame, or an address.
func (r dice) extArg() uint64 {
	if r.one(3) {
		return r.va()
	}
	return r.frame()
}

// memory is the command of a memory_op.
func (r dice) memory() uint64 { return r.n(13) }

// grant is a grant_table_op of a few entries. Half of them are about the other
// hostile domain, which shares frames as this one does.
func (r dice) grant() [5]uint64 {
	at := arena + r.page()*pageSize
	switch r.n(7) {
	case 0, 1: // map
		store(at, r.grantPlace())
		store(at+8, r.mapFlags()|r.n(grantRefs)<<32)
		store(at+16, r.peer())
		return [5]uint64{abi.GnttabopMapGrantRef, at, 1}
	case 2: // unmap
		n := 1 + r.n(3)
		for i := range n {
			store(at+i*24, r.grantPlace())
			store(at+i*24+8, r.n(2)*r.frame()<<12)
			store(at+i*24+16, r.n(grantRefs))
		}
		return [5]uint64{abi.GnttabopUnmapGrantRef, at, n}
	case 3: // replace
		store(at, r.grantPlace())
		store(at+8, r.grantPlace())
		store(at+16, r.n(grantRefs))
		return [5]uint64{abi.GnttabopUnmapAndReplace, at, 1}
	case 4: // set up
		store(at, r.domid()|r.n(5)<<32)
		store(at+8, 0)
		store(at+16, r.va())
		return [5]uint64{abi.GnttabopSetupTable, at, 1}
	case 5: // copy
		for i := range uint64(2) {
			store(at+i*16, r.copyEnd())
			store(at+i*16+8, r.peer()|r.n(4096)<<16)
		}
		store(at+32, r.n(4097)|r.n(4)<<16)
		return [5]uint64{abi.GnttabopCopy, at, 1 + r.n(3)}
	}
	return [5]uint64{r.n(13), r.text(12), r.n(4)}
}

// grantPlace is where a granted frame is to be mapped: an address, or an entry's.
func (r dice) grantPlace() uint64 {
	if r.one(3) {
		return r.slot()
	}
	return arena + r.page()*pageSize
}

// copyEnd is a frame, or the number of a grant.
func (r dice) copyEnd() uint64 {
	if r.one(2) {
		return r.n(40)
	}
	return r.frame()
}

// batch is a multicall.
func (r dice) batch() [5]uint64 {
	n := 1 + r.n(5)
	var list [5 * 8]uint64
	for i := range n {
		nr, a := uint64(0), [5]uint64{}
		if r.one(3) {
			nr = r.n(abi.NumHypercalls)
			a = [5]uint64{r.value(), r.value(), r.value(), r.value()}
		} else {
			nr, a = r.plain()
		}
		if nr == abi.HypercallSelfCheck || nr == abi.HypercallIret && !r.one(20) {
			nr = 60
		}
		list[i*8] = nr
		copy(list[i*8+2:][:5], a[:])
	}
	at := arena + r.page()*pageSize
	for i := range n * 8 {
		store(at+i*8, list[i])
	}
	return [5]uint64{at, n}
}

// plain is a call whose arguments need no place of their own.
func (r dice) plain() (uint64, [5]uint64) {
	switch r.n(4) {
	case 0:
		return abi.HypercallUpdateVAMapping, [5]uint64{arena + r.page()*pageSize, r.entry(), r.n(8)}
	case 1:
		return abi.HypercallSchedOp, [5]uint64{abi.SchedopYield}
	case 2:
		return abi.HypercallMulticall, [5]uint64{r.va(), r.n(4)}
	}
	return abi.HypercallMMUUpdate, [5]uint64{r.va(), r.n(20), 0, abi.DomidSelf}
}
