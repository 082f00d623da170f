package guest

import (
	"unsafe"
)

// While the kernel waits for an event, nobody may change the kernel's data or the
// pages of its processes. The sum of these is taken before the wait and compared
// after it. Likewise the pages of a process must not change while other processes
// run.

// closeKernel notes this sum, until openKernel.
func closeKernel() { this().closed = kernelSum() | 1 }

// openKernel is called before the kernel may change its data again.
func openKernel() {
	b := this()
	if b.closed != 0 && b.closed != kernelSum()|1 {
		report("kernel or processes while waiting", addr(unsafe.Pointer(current)))
	}
	b.closed = 0
}

// kernelSum sums what the kernel knows of memory, processes and pipes, and the
// processes' pages.
func kernelSum() (s uint64) {
	s = sumWords(addr(unsafe.Pointer(&mem.ref)), uint64(mem.total)/4) + sumWords(addr(unsafe.Pointer(&mem.free)), uint64(mem.nfree)/4)
	for i := range procs {
		if p := &procs[i]; p.state != procFree {
			s += sumWords(addr(unsafe.Pointer(p)), uint64(unsafe.Sizeof(*p))/8) + p.space.sum()
		}
	}
	for i := range pipes {
		if p := &pipes[i]; p.readers|p.writers != 0 {
			s += sumWords(addr(unsafe.Pointer(p)), uint64(unsafe.Sizeof(*p))/8)
		}
	}
	return s
}

// sum sums the pages that only processes have, and the entries that map them.
func (s *Space) sum() (total uint64) {
	if s.l2 == 0 {
		return 0
	}
	for i := range s.vmas.v[:s.vmas.n] {
		v := &s.vmas.v[i]
		for va := v.start; va < v.end; {
			t, first, n := s.run(va, v.end)
			va += uint64(n) * pageSize
			if t == 0 {
				continue
			}
			total += sumWords(kva(t)+uint64(first)*8, uint64(n))
			if v.prot&protWrite == 0 || v.foreign {
				continue // the pages are the initrd's, which has seals, or others'
			}
			for _, e := range tableAt(t)[first : first+n] {
				if e&ptePresent == 0 {
					continue
				}
				if p := ptePage(e); p >= mem.first {
					total += sumWords(kva(p), pageSize/8)
				}
			}
		}
	}
	return total
}
