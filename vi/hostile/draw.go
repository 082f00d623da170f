package main

import "resvirt/vi/abi"

// Random values of the kinds that hypercalls expect. Most name objects of this
// domain, so that calls get beyond the first check, and the VM lives for a while.

// streams are the vCPUs' states of splitmix64.
var streams [vcpus]uint64

// dice is one vCPU's source of random numbers.
type dice struct{ at *uint64 }

func (r dice) word() uint64 {
	*r.at += 0x9e3779b97f4a7c15
	z := *r.at
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// n is a random number below k.
func (r dice) n(k uint64) uint64 { return r.word() >> 11 % k }

func (r dice) one(in uint64) bool { return r.n(in) == 0 }

func (r dice) page() uint64 { return r.n(arenaPages) }

// va is an address in the arena.
func (r dice) va() uint64 { return arena + r.page()*pageSize + r.n(512)*8 }

// frame is mostly a frame of the arena, sometimes that of a page table of ours,
// or any.
func (r dice) frame() uint64 {
	switch k := r.n(40); {
	case k < 30:
		return frameOf(arena + r.page()*pageSize)
	case k < 33:
		return frameOf(start.PTBase + r.n(start.NrPTFrames)*pageSize)
	case k < 35:
		return word(start.MFNList + r.n(start.NrPages)*8)
	case k == 35:
		return start.SharedInfo >> 12
	case k < 38:
		return r.n(1 << 14)
	case k == 38:
		return deviceMemory + r.n(0x40)
	}
	return r.value() >> 12
}

// value is any number; numbers at which something begins or ends are more
// frequent.
func (r dice) value() uint64 {
	switch r.n(10) {
	case 0:
		return r.word()
	case 1:
		return r.word() >> r.n(64)
	case 2:
		return ^uint64(0) - r.n(20)
	case 3:
		return r.frame()
	case 4:
		return r.frame()<<12 | r.n(512)*8 | r.n(3)
	case 5:
		return r.edge()
	case 6:
		return start.PTBase + r.n(start.NrPTFrames)*pageSize + r.n(512)*8
	case 7, 8:
		return r.va()
	}
	return r.n(40)
}

// edge is where a part of the address space begins (xen-x86_64.h), or near it.
func (r dice) edge() uint64 {
	at := uint64(0)
	switch r.n(7) {
	case 0:
		at = 0xffff800000000000
	case 1:
		at = 0xffff830000000000
	case 2:
		at = 0xffff880000000000
	case 3:
		at = 1 << 47
	case 4:
		at = 0xffff828000000000
	case 5:
		at = 0xffff82d040000000
	}
	return at + r.n(5)*4096 - 8*r.n(3)
}

// entry is a page-table entry: mostly of the usual bits, sometimes of others.
func (r dice) entry() uint64 {
	switch r.n(8) {
	case 0:
		return r.frame()<<12 | r.n(4096) | r.n(2)<<63
	case 1:
		return 0
	case 2, 3:
		return r.frame()<<12 | 0x65 // present, user, accessed, dirty
	}
	return r.frame()<<12 | 0x67
}

// slot is the machine address of a page-table entry: mostly one that maps the
// arena, or lies in a page of it.
func (r dice) slot() uint64 {
	if r.one(2) {
		return ptes[r.page()]
	}
	return r.frame()<<12 + r.n(512)*8
}

// domid is a domain's id.
func (r dice) domid() uint64 {
	switch r.n(8) {
	case 0:
		return r.n(6)
	case 1:
		return abi.DomidFirstReserved + r.n(16)
	case 2:
		return r.value() & 0xffff
	}
	return abi.DomidSelf
}

// text fills n words of the arena with values that may pass for structures of
// any kind, and returns their address.
func (r dice) text(n uint64) uint64 {
	at := arena + r.page()*pageSize + r.n(512-n)*8
	for i := range n {
		v := r.value()
		switch r.n(5) {
		case 0:
			v = r.entry()
		case 1:
			v = r.n(20) | r.n(4)<<32
		case 2:
			v = r.va()
		case 3:
			v = r.domid() | r.n(8)<<32
		}
		store(at+i*8, v)
	}
	return at
}
