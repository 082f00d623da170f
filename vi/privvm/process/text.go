package process

// Text is a line that is put together and then printed at once, so that lines of several
// programs do not mix. What does not fit is left out.
type Text struct {
	n   int
	buf [160]byte
}

// Str adds text.
func (t *Text) Str(s string) *Text {
	for i := 0; i < len(s); i++ {
		t.put(s[i])
	}
	return t
}

// Bytes adds bytes; those that are no printable characters become dots.
func (t *Text) Bytes(b []byte) *Text {
	for _, c := range b {
		if c < ' ' || c > '~' {
			c = '.'
		}
		t.put(c)
	}
	return t
}

// Dec adds a number in decimal.
func (t *Text) Dec(v int64) *Text {
	u := uint64(v)
	if v < 0 {
		t.put('-')
		u = -u
	}
	var d [20]byte
	n := len(d)
	for {
		n--
		d[n] = byte('0' + u%10)
		if u /= 10; u == 0 {
			return t.Bytes(d[n:])
		}
	}
}

// Line ends the line and prints it.
func (t *Text) Line() {
	t.buf[t.n] = '\n'
	Write(1, t.buf[:t.n+1])
	t.n = 0
}

func (t *Text) put(c byte) {
	if t.n < len(t.buf)-1 {
		t.buf[t.n] = c
		t.n++
	}
}
