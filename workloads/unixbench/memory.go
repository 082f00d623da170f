package main

const pageBytes = 4096

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
		if poke(p, 0) != 0 {
			s.must("a word that is not zero", int64(i), -1)
		}
		s.is("a page that is not zero", p, 0, 0)
		fill(p, pageWords, contents(p, seed), pageStep)
	}
	for i := range pages {
		p := at + i*pageBytes
		s.is("a page that has changed", p, contents(p, seed), pageStep)
		s.add(seed<<32 | i)
	}
}

// contents is the first word of a page's content; it depends on the page's
// number and on when it was written.
func contents(page, generation uint64) uint64 { return page<<24 ^ generation*0x9e3779b97f4a7c15 }

const (
	pageWords = pageBytes / 8
	pageStep  = 0x0123456789abcdef
)

// is checks the content of a whole page.
func (s *sum) is(what string, page, first, step uint64) {
	if at := wrong(page, pageWords, first, step); at != 0 {
		s.must(what, int64(at), -1)
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
			fill(base+i*pageBytes, pageWords, contents(base+i*pageBytes, k), pageStep)
		}
		pid := fork()
		if pid == 0 {
			exit(cowChild(base, pages, k))
		}
		if !s.ok("fork", pid) {
			return s
		}
		for i := range uint64(pages / 2) {
			p := base + i*pageBytes
			if poke(p, ^contents(p, k)) != contents(p, k) {
				s.must("a word that the child has changed", int64(i), -1)
			}
			fill(p, pageWords, ^contents(p, k), pageStep)
		}
		s.reap(pid, 21)
		for i := range uint64(pages) {
			p := base + i*pageBytes
			want := contents(p, k)
			if i < pages/2 {
				want = ^want
			}
			s.is("a page of the parent's", p, want, pageStep)
			s.add(want ^ p<<24)
		}
		s.must("munmap", munmap(base, pages*pageBytes), 0)
	}
	return s
}

// cowChild checks that the parent's values are there, changes all, and checks again.
func cowChild(base, pages, k uint64) int {
	for i := range pages {
		p := base + i*pageBytes
		if wrong(p, pageWords, contents(p, k), pageStep) != 0 || poke(p, i) != contents(p, k) {
			return 75
		}
		fill(p, pageWords, i, 1)
	}
	yield()
	for i := range pages {
		if wrong(base+i*pageBytes, pageWords, i, 1) != 0 {
			return 76
		}
	}
	return 21
}
