package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Pages of others in a process: granted ones, and frames of domains that the toolstack
// maps. Their ranges are never filled on demand, never shared with a child, and gone when
// the process ends; the kernel counts no uses of them.

// addForeign makes a range for n bytes, next to another one where it can: then they are
// one range.
func addForeign(n uint64, prot uint8) (uint64, int64) {
	l := &current.space.vmas
	at, ok := l.gap(userMap, n)
	if !ok {
		return 0, -abi.ENOMEM
	}
	for i := range l.v[:l.n] {
		if v := &l.v[i]; v.foreign && v.prot == prot && v.end == at {
			v.end += n
			return at, 0
		}
	}
	return at, l.add(vma{start: at, end: at + n, prot: prot, foreign: true})
}

// foreignEntry is where the entry of a page of such a range is: table and index. The table
// is made where there is none; 0 if it cannot be.
func foreignEntry(va uint64) (t uint32, i int) {
	s := &current.space
	v := s.vmas.find(va)
	if v == nil || !v.foreign {
		return 0, 0
	}
	if t, i = s.lookup(va); t == 0 {
		t = s.addTable(va)
	}
	return t, i
}

// foreignFlags are the flags of an entry for a page of others.
func foreignFlags(va uint64) uint64 {
	if v := current.space.vmas.find(va); v != nil {
		return v.flags()
	}
	return 0
}

// releaseForeign takes the pages of others in [start, end) out of the current process.
func releaseForeign(start, end uint64) {
	s := &current.space
	for i := 0; i < s.vmas.n; i++ {
		v := s.vmas.v[i]
		if !v.foreign || v.start >= end || start >= v.end {
			continue
		}
		for va := max(v.start, start); va < min(v.end, end); va += pageSize {
			releasePage(va)
		}
		if start <= v.start && v.end <= end {
			s.vmas.n--
			s.vmas.v[i] = s.vmas.v[s.vmas.n]
			i--
		}
	}
}

// releasePage takes one page out.
func releasePage(va uint64) {
	if unmapGranted(va) {
		return
	}
	if t, i := current.space.lookup(va); t != 0 && tableAt(t)[i] != 0 {
		must("unmapping of a foreign frame", updateVA(va, 0, abi.UVMFInvlpg))
	}
}

// grantMaps are the grants that processes have asked to map, and have mapped.
var grantMaps [128]struct {
	used   bool
	mapped bool
	open   uint16 // the file that it was asked through
	domain uint16
	ref    uint32
	pid    uint32 // of the process that has it mapped
	va     uint64
	handle uint32
}

// unmapGranted takes a granted page out of the current process; false if there is none.
func unmapGranted(va uint64) bool {
	for i := range grantMaps {
		g := &grantMaps[i]
		if !g.mapped || g.pid != current.pid || g.va != va {
			continue
		}
		t, n := current.space.lookup(va)
		op := abi.GnttabUnmapGrantRef{HostAddr: pteMachine(t, n), Handle: g.handle}
		must("unmap_grant_ref", grantOp(abi.GnttabopUnmapGrantRef, unsafe.Pointer(&op)))
		must("status of unmap_grant_ref", int64(op.Status))
		g.mapped = false
		return true
	}
	return false
}
