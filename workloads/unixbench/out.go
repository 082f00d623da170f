package main

import "resvirt/vi/seam"

// sum is a running checksum: FNV-1a over 64-bit words.
type sum uint64

const sumStart sum = 14695981039346656037

func (s *sum) add(v uint64) {
	*s = (*s ^ sum(v)) * 1099511628211
	*s ^= *s >> 29
}

// text is a line being put together.
type text struct {
	n   int
	buf [96]byte
}

func (t *text) str(s string) {
	t.n += copy(t.buf[t.n:], s)
}

func (t *text) hex(v uint64) {
	for s := 60; s >= 0 && t.n < len(t.buf); s -= 4 {
		t.buf[t.n] = "0123456789abcdef"[v>>uint(s)&15]
		t.n++
	}
}

func (t *text) dec(v uint64) {
	if v >= 10 {
		t.dec(v / 10)
	}
	if t.n < len(t.buf) {
		t.buf[t.n] = byte('0' + v%10)
		t.n++
	}
}

// flush writes the line in one call, so that lines of processes never mix.
func (t *text) flush() {
	if t.n == len(t.buf) {
		t.n--
	}
	t.buf[t.n] = '\n'
	write(1, t.buf[:t.n+1])
	t.n = 0
}

// failures counts the errors in this process; the exit status shows whether
// there were any.
var failures int

// must reports a system call with a wrong result, and changes the checksum.
func (s *sum) must(what string, got, want int64) {
	if got == want {
		return
	}
	failures++
	s.add(uint64(got))
	var t text
	t.str(seam.Error + " ")
	t.str(what)
	if got < 0 {
		t.str(" errno ")
		t.dec(uint64(-got))
	} else {
		t.str(" got ")
		t.dec(uint64(got))
	}
	t.flush()
}

// ok reports a system call that must not fail; it returns false if it did.
func (s *sum) ok(what string, r int64) bool {
	if r < 0 {
		s.must(what, r, 0)
		return false
	}
	return true
}
