package pvio

// MaxPath is the longest path that Path builds. XenStore allows more (3072), but nothing
// here needs it.
const MaxPath = 255

// Path builds a path or a value of XenStore without memory of its own to ask for. What
// does not fit is left out, and Bad says so.
type Path struct {
	n   int
	Bad bool
	buf [MaxPath + 1]byte
}

// Bytes is what was built.
func (p *Path) Bytes() []byte { return p.buf[:p.n] }

// Reset empties the path and begins it with text.
func (p *Path) Reset(text string) *Path {
	p.n, p.Bad = 0, false
	return p.Text(text)
}

// Begin empties the path and begins it with bytes.
func (p *Path) Begin(b []byte) *Path {
	p.n, p.Bad = 0, false
	return p.Add(b)
}

// Text adds text.
func (p *Path) Text(s string) *Path {
	for i := 0; i < len(s); i++ {
		p.put(s[i])
	}
	return p
}

// Add adds bytes.
func (p *Path) Add(b []byte) *Path {
	for _, c := range b {
		p.put(c)
	}
	return p
}

// Number adds a number in decimal.
func (p *Path) Number(v uint64) *Path {
	var digits [20]byte
	n := len(digits)
	for {
		n--
		digits[n] = byte('0' + v%10)
		if v /= 10; v == 0 {
			return p.Add(digits[n:])
		}
	}
}

// Zero adds a zero byte.
func (p *Path) Zero() *Path {
	p.put(0)
	return p
}

// Cut takes the path back to a length that Len gave.
func (p *Path) Cut(n int) { p.n = n }

// Len is the number of bytes so far.
func (p *Path) Len() int { return p.n }

func (p *Path) put(c byte) {
	if p.n == MaxPath {
		p.Bad = true
		return
	}
	p.buf[p.n] = c
	p.n++
}

// Number reads a decimal number; false for anything else, and for more than 64 bits.
func Number(b []byte) (v uint64, ok bool) {
	for _, c := range b {
		d := uint64(c - '0')
		if c < '0' || c > '9' || v > (^uint64(0)-d)/10 {
			return 0, false
		}
		v = v*10 + d
	}
	return v, len(b) > 0
}

// Next cuts the first of names that end in zero bytes, as directories come.
func Next(list []byte) (name, rest []byte) {
	for i, c := range list {
		if c == 0 {
			return list[:i], list[i+1:]
		}
	}
	return list, nil
}
