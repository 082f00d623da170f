package guest

import "resvirt/vi/abi"

// Page-fault error code bits (AMD64 APM vol. 2, 8.2.15).
const (
	faultPresent = 1
	faultWrite   = 2
)

// fault makes the page of va usable for a read or a write: it fills a page on
// demand or copies a shared one. It is false when the program may not do that
// or memory has run out.
func (s *Space) fault(va uint64, write bool) bool {
	va &^= pageSize - 1
	v := s.vmas.find(va)
	if v == nil || v.foreign || write && v.prot&protWrite == 0 || v.prot == 0 {
		return false
	}
	pte := s.pte(va)
	switch {
	case pte&ptePresent == 0:
		vacant(pte)
		return s.fill(v, va, write)
	case write && pte&pteWrite == 0:
		return s.unshare(v, va, pte)
	}
	return true
}

// initrd is what the hypervisor loaded beside the kernel: the program.
var initrd struct {
	start uint64 // direct-map address, page-aligned
	size  uint64
}

// fill maps a page that was not there. If a whole page comes from the initrd,
// the initrd's page itself is mapped read-only; otherwise a new page is filled.
func (s *Space) fill(v *vma, va uint64, write bool) bool {
	n := uint64(0) // bytes of the file on this page
	if v.file && va < v.fileEnd {
		n = min(v.fileEnd-va, pageSize)
	}
	src := initrd.start + v.fileOff + va - v.start
	if n == pageSize && !write {
		return s.set(va, pteFor(pfnOf(src), v.flags()&^(pteWrite|pteDirty)))
	}
	p := mem.alloc()
	if p == 0 {
		return false
	}
	if n < pageSize {
		zeroPage(kva(p))
	}
	if n > 0 {
		copyBytes(kva(p), src, n)
	}
	return s.set(va, pteFor(p, v.flags()))
}

// unshare makes a page that is mapped read-only writable: by copying it if
// others use it.
func (s *Space) unshare(v *vma, va, pte uint64) bool {
	v.owns(pte)
	old := ptePage(pte)
	checkShared(old)
	if old >= mem.first && mem.ref[old] == 1 {
		seals[old] = 0
		return s.set(va, pte|pteWrite|pteDirty)
	}
	p := mem.alloc()
	if p == 0 {
		return false
	}
	copyBytes(kva(p), kva(old), pageSize)
	ok := s.set(va, pteFor(p, v.flags()))
	mem.drop(old)
	return ok
}

// unmap removes the pages of [start, end).
func (s *Space) unmap(start, end uint64) {
	for va := start; va < end; {
		t, first, n := s.run(va, end)
		if t != 0 {
			for i := first; i < first+n; i++ {
				at := va + uint64(i-first)*pageSize
				pte := tableAt(t)[i]
				if pte != 0 && sane(pte) {
					s.set(at, 0)
					mem.drop(ptePage(pte))
				}
			}
		}
		va += uint64(n) * pageSize
	}
}

// forkUpdates are the parent's entries that become read-only in one call.
var forkUpdates struct {
	n    int
	reqs [64]abi.MMUUpdate
}

func forkFlush() {
	if forkUpdates.n > 0 {
		must("mmu_update of fork", mmuUpdate(forkUpdates.reqs[:forkUpdates.n]))
		forkUpdates.n = 0
	}
}

// copyFrom makes s, freshly built, a copy of the parent's address space: all
// pages shared, writable ones read-only on both sides, but for those that are others'. The
// parent is active.
func (s *Space) copyFrom(parent *Space) bool {
	s.brkStart, s.brk = parent.brkStart, parent.brk
	ok := true
	for i := range parent.vmas.v[:parent.vmas.n] {
		v := &parent.vmas.v[i]
		if v.foreign {
			continue
		}
		s.vmas.add(*v)
		for va := v.start; va < v.end && ok; {
			t, first, n := parent.run(va, v.end)
			if t != 0 {
				ok = s.copyRun(v, t, first, n, va)
			}
			va += uint64(n) * pageSize
		}
	}
	forkFlush()
	must("flush after fork", mmuext1(abi.MMUExtTLBFlushLocal, 0, 0))
	return ok
}

// copyRun copies n entries of the parent's table t, which map va on.
func (s *Space) copyRun(v *vma, t uint32, first, n int, va uint64) bool {
	from := tableAt(t)
	for i := first; i < first+n; i++ {
		pte := from[i]
		if pte == 0 || !v.owns(pte) {
			continue
		}
		if pte&pteWrite != 0 {
			pte &^= pteWrite
			sealShared(ptePage(pte))
			if forkUpdates.n == len(forkUpdates.reqs) {
				forkFlush()
			}
			forkUpdates.reqs[forkUpdates.n] = abi.MMUUpdate{Ptr: pteMachine(t, i), Val: pte}
			forkUpdates.n++
		}
		if p := ptePage(pte); p >= mem.first {
			mem.share(p)
		}
		if !s.set(va+uint64(i-first)*pageSize, pte) {
			mem.drop(ptePage(pte))
			return false
		}
	}
	return true
}
