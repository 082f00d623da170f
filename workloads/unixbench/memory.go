package main

const pageBytes = 4096

// word is a word of memory by address.
func word(at uint64) *uint64 { return (*uint64)(ptr(at)) }

// memory maps, touches and unmaps ranges of pages and grows the heap: every
// page must come as zeros and keep what was written.
func memory(n uint64) sum {
	s := sumStart
	for done := uint64(0); done < n; {
		pages := min(4+done%5, n-done)
		at := mmap(pages * pageBytes)
		if !s.ok("mmap", at) {
			return s
		}
		s.touch(uint64(at), pages, done)
		if pages > 2 { // a hole first, then the rest
			s.must("munmap", munmap(uint64(at)+pageBytes, pageBytes), 0)
			s.must("munmap", munmap(uint64(at)+2*pageBytes, (pages-2)*pageBytes), 0)
			s.must("munmap", munmap(uint64(at), pageBytes), 0)
		} else {
			s.must("munmap", munmap(uint64(at), pages*pageBytes), 0)
		}
		done += pages
	}
	start := brk(0)
	up := (start + pageBytes - 1) &^ (pageBytes - 1)
	s.must("brk", int64(brk(up+3*pageBytes)), int64(up+3*pageBytes))
	s.touch(up, 3, n)
	s.must("brk back", int64(brk(start)), int64(start))
	return s
}

// touch checks that pages are zero, writes to them and reads them back.
func (s *sum) touch(at, pages, seed uint64) {
	for i := range pages {
		p := at + i*pageBytes
		for off := uint64(0); off < pageBytes; off += 1024 {
			if *word(p + off) != 0 {
				s.must("a page that is not zero", int64(off), -1)
			}
			*word(p + off) = seed<<32 | i<<16 | off
		}
	}
	for i := range pages {
		p := at + i*pageBytes
		for off := uint64(0); off < pageBytes; off += 1024 {
			s.add(*word(p + off))
		}
	}
}

// copyOnWrite forks with pages that both sides then change: each must see its
// own. The child's view comes back as an exit code.
func copyOnWrite(n uint64) sum {
	s := sumStart
	const pages = 6
	for k := uint64(0); k < n; k++ {
		at := mmap(pages * pageBytes)
		if !s.ok("mmap", at) {
			return s
		}
		base := uint64(at)
		for i := range uint64(pages) {
			*word(base + i*pageBytes) = k*100 + i
		}
		pid := fork()
		if pid == 0 {
			exit(cowChild(base, pages, k))
		}
		if !s.ok("fork", pid) {
			return s
		}
		for i := range uint64(pages / 2) {
			*word(base + i*pageBytes) += 1000
		}
		s.reap(pid, 21)
		for i := range uint64(pages) {
			s.add(*word(base + i*pageBytes))
		}
		s.must("munmap", munmap(base, pages*pageBytes), 0)
	}
	return s
}

// cowChild checks that the parent's values are there, changes all, and checks again.
func cowChild(base, pages, k uint64) int {
	for i := range pages {
		if *word(base + i*pageBytes) != k*100+i {
			return 75
		}
		*word(base + i*pageBytes) = i
	}
	yield()
	t := uint64(0)
	for i := range pages {
		t += *word(base + i*pageBytes)
	}
	return int(t) + 6 // 15 + 6
}
