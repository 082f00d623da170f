package wire

import "encoding/binary"

// The requests of a Load, as the programs in workloads/ have them.

const (
	kindAsk    = 0x6b736172
	kindAnswer = 0x6e736172
	kindEnd    = 0x64656172

	serviceMagic = 0x76727372
	opGet        = 1
	opPut        = 2
	opDelete     = 3
	opEnd        = 4
	opAnswer     = 0x80
	loadKeys     = 40
	requestLen   = 96
	valueLen     = 64
)

// ask sends request n, or the end.
func (l *load) ask(n int, end bool) {
	if l.spec.Kind == Service {
		l.send(l.request(n, end))
		return
	}
	b := make([]byte, max(l.spec.Size, 17))
	l.content(n, b[16:])
	if end {
		b[16] = l.verdict()
	}
	le := binary.LittleEndian
	le.PutUint32(b, kindAsk)
	if end {
		le.PutUint32(b, kindEnd)
	}
	le.PutUint32(b[4:], uint32(n))
	le.PutUint64(b[8:], benchSum(b[16:]))
	l.send(b)
}

// verdict is what the host tells the program at the end: 1 if enough answers came, and all
// were right; else 0.
func (l *load) verdict() byte {
	if l.Result().Failed {
		return 0
	}
	return 1
}

// content is the bytes that belong to a number.
func (l *load) content(n int, b []byte) {
	for i := range b {
		b[i] = byte(mix(l.spec.Seed, uint64(n), uint64(i/8)) >> (i % 8 * 8))
	}
}

// mix is a number that follows from others (splitmix64).
func mix(a, b, c uint64) uint64 {
	z := a*0x9e3779b97f4a7c15 + b*0xbf58476d1ce4e5b9 + c*0x94d049bb133111eb
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// benchSum is netbench's sum of a datagram's content.
func benchSum(b []byte) (s uint64) {
	for ; len(b) >= 8; b = b[8:] {
		s = (s<<7 | s>>57) + binary.LittleEndian.Uint64(b)
	}
	for _, c := range b {
		s = (s<<7 | s>>57) + uint64(c)
	}
	return s
}

// got checks an answer.
func (l *load) got(b []byte) {
	le := binary.LittleEndian
	if l.spec.Kind == Service {
		l.gotService(b)
		return
	}
	if len(b) < 16 || le.Uint32(b) != kindAnswer {
		l.answered(-1, false)
		return
	}
	n := int(le.Uint32(b[4:]))
	want := make([]byte, max(l.spec.Size, 17)-16)
	if l.content(n, want); n == l.spec.Count {
		want[0] = l.verdict()
	}
	for i := range want {
		want[i] ^= 0x5a
	}
	l.answered(n, string(want) == string(b[16:]) && le.Uint64(b[8:]) == benchSum(b[16:]))
}

// key is the key of request n, operation what it does: three of four write.
func (l *load) key(n int) int { return int(mix(l.spec.Seed, uint64(n), 1) % loadKeys) }

func (l *load) operation(n int) byte {
	if n == firstRequest {
		return opGet
	}
	return [4]byte{opPut, opGet, opPut, opDelete}[mix(l.spec.Seed, uint64(n), 2)%4]
}

// request is request n of a service: a write's version is its number.
func (l *load) request(n int, end bool) []byte {
	b, le := make([]byte, requestLen), binary.LittleEndian
	le.PutUint32(b, serviceMagic)
	le.PutUint32(b[4:], uint32(n))
	b[8] = l.operation(n)
	key := l.key(n)
	le.PutUint64(b[16:], 1+uint64(key))
	if end {
		b[8] = opEnd
		b[16] = l.verdict()
	}
	le.PutUint64(b[24:], 1+uint64(n))
	if b[8] == opPut {
		l.content(n, b[32:][:valueLen])
	}
	return b
}

// gotService checks an answer of a service: a value that is there must be that of the write
// whose version it names, and not older than the last write of its key that was answered.
func (l *load) gotService(b []byte) {
	le := binary.LittleEndian
	if len(b) != requestLen || le.Uint32(b) != serviceMagic || b[8]&opAnswer == 0 {
		l.answered(-1, false)
		return
	}
	n := int(le.Uint32(b[4:]))
	op, key, version := b[8]&^opAnswer, int(le.Uint64(b[16:]))-1, le.Uint64(b[24:])
	if op == opEnd {
		l.answered(n, true)
		return
	}
	ok := key == l.key(n) && op == l.operation(n) && b[12] <= 1
	if ok && b[12] == 0 { // a value is there
		var want [valueLen]byte
		w := int(version) - 1
		l.content(w, want[:])
		ok = l.operation(w) == opPut && l.key(w) == key && string(want[:]) == string(b[32:][:valueLen]) && version >= l.state.Versions[key]
	}
	if ok && op != opGet && l.state.Phase >= LoadAsking {
		l.state.Versions[key] = max(l.state.Versions[key], uint64(n)+1)
	}
	l.answered(n, ok)
}
