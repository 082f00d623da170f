package xenstore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"resvirt/vi/pvio"
)

// sequence draws requests from bytes; the alphabet is small, so that they meet.
type sequence struct {
	data []byte
	txs  map[uint16][]uint32
}

func (q *sequence) byte() int {
	if len(q.data) == 0 {
		return 0
	}
	b := q.data[0]
	q.data = q.data[1:]
	return int(b)
}

func pick[T any](q *sequence, list ...T) T { return list[q.byte()%len(list)] }

func (q *sequence) path() string {
	p := pick(q, "", "", "/local/domain/3/", "/local/domain/4/", "/shared/", "/")
	for i := pick(q, 1, 1, 2, 2, 3); i > 0; i-- {
		p += pick(q, "a", "b", "c", "a", "dd")
		if i > 1 {
			p += "/"
		}
	}
	return pick(q, p, p, p, p, p, p, p, "/", "@releaseDomain", "/local", "/local/domain", "/local/domain/3", "/local/domain/4", "a//b", p+"/", "")
}

func (q *sequence) perms() string {
	s := ""
	for i := pick(q, 1, 2, 2, 3); i > 0; i-- {
		s += pick(q, "n", "r", "w", "b") + pick(q, "0", "3", "4", "3", "4", "7", "9") + "\x00"
	}
	return s
}

// next draws a request.
func (q *sequence) next() (id uint16, tx, kind uint32, payload string) {
	id = pick[uint16](q, 0, 3, 4, 3, 4)
	if open := q.txs[id]; len(open) > 0 {
		tx = pick(q, 0, open[0], open[len(open)-1], open[q.byte()%len(open)])
	}
	kind = pick[uint32](q, read, write, write, write, rm, mkdir, directory, getPerms, setPerms, setPerms, watchMsg, watchMsg, unwatch,
		start, start, end, end, end, reset, introduce, releaseIt, setTarget)
	switch kind {
	case write:
		payload = q.path() + "\x00" + pick(q, "", "1", "2", "a value that is longer than the others, and longer than what one cell of the store has room for",
			strings.Repeat("longer than the ring;", 55))
	case setPerms:
		payload = q.path() + "\x00" + q.perms()
	case watchMsg, unwatch:
		payload = q.path() + "\x00" + pick(q, "t", "u") + "\x00" + pick(q, "", "", "", "0\x00", "1\x00", "2\x00")
	case end:
		payload = pick(q, "T", "T", "T", "F", "x") + "\x00"
	case start, reset:
		payload = "\x00"
	case introduce:
		payload = pick(q, "3", "4", "7") + "\x001\x0011\x00"
	case releaseIt:
		payload = pick(q, "7", "7", "7", "4", "9") + "\x00"
	case setTarget:
		payload = pick(q, "3", "4") + "\x00" + pick(q, "3", "4", "7") + "\x00"
	default:
		payload = q.path() + "\x00"
	}
	return
}

// pair is a server and a model that are asked the same.
type pair struct {
	w *world
	m *model
	q *sequence
}

func newPair(t testing.TB, data []byte) *pair {
	w := newWorld(t)
	p := &pair{w, newModel(func(id uint16) bool { return w.status[id].There }), &sequence{data, map[uint16][]uint32{}}}
	for _, id := range []uint16{3, 4, 7} {
		w.pages[id], w.status[id] = new(pvio.StorePage), Status{There: true}
		w.c[id] = w.client(w.pages[id])
		d := itoa(int(id))
		p.same(0, 0, introduce, d+"\x001\x0011\x00")
		p.same(0, 0, mkdir, "/local/domain/"+d+"\x00")
		p.same(0, 0, setPerms, "/local/domain/"+d+"\x00n"+d+"\x00")
	}
	p.same(0, 0, mkdir, "/shared\x00")
	p.same(0, 0, setPerms, "/shared\x00b0\x00")
	return p
}

// same asks both.
func (p *pair) same(id uint16, tx, kind uint32, payload string) string {
	if p.m.conns[id] == nil {
		return ""
	}
	want := p.m.ask(id, tx, kind, payload)
	got := p.w.ask(id, tx, kind, payload)
	if got != want {
		p.w.t.Fatalf("domain %d, transaction %d, message %d, %q: %q, want %q", id, tx, kind, payload, got, want)
	}
	p.follow(id, tx, kind, payload, got)
	for id, c := range p.m.conns {
		p.hears(id, c, fmt.Sprintf("domain %d, transaction %d, message %d, %q", id, tx, kind, payload))
	}
	return got
}

// follow keeps up with transactions and connections.
func (p *pair) follow(id uint16, tx, kind uint32, payload, got string) {
	switch {
	case kind == start && len(p.m.conns[id].txs) > len(p.q.txs[id]):
		p.q.txs[id] = append(p.q.txs[id], p.m.conns[id].last)
	case kind == end && p.m.conns[id].txs[tx] == nil:
		p.q.txs[id] = slices.DeleteFunc(p.q.txs[id], func(x uint32) bool { return x == tx })
	case kind == reset:
		p.q.txs[id] = nil
	case (kind == introduce || kind == releaseIt) && got == ok:
		about := uint16(payload[0] - '0')
		p.q.txs[about] = nil
		for p.w.turn() {
		}
		p.w.c[about] = p.w.client(p.w.pages[about])
	}
}

func (p *pair) hears(id uint16, c *mconn, after string) {
	if got := p.w.events(id); !slices.Equal(got, c.events) {
		p.w.t.Fatalf("after %s domain %d hears %q, want %q", after, id, got, c.events)
	}
	c.events = nil
}

// equal compares the trees.
func (p *pair) equal() {
	for path, n := range p.m.nodes {
		i := p.w.s.find([]byte(path))
		if i == 0 {
			p.w.t.Fatalf("there is no %q", path)
		}
		var buf [4096]byte
		if got := string(p.w.s.value(p.w.s.node(i), buf[:])); got != n.value {
			p.w.t.Fatalf("%q is %q, want %q", path, got, n.value)
		}
	}
	for id, d := range p.m.doms {
		if got := int(p.w.s.domainOf(id).nodes); got != d.nodes {
			p.w.t.Fatalf("domain %d has %d nodes, want %d", id, got, d.nodes)
		}
	}
}

func (p *pair) run() {
	for len(p.q.data) > 0 {
		p.same(p.q.next())
	}
	p.equal()
	if what, where := p.w.s.Check(); what != "" {
		p.w.t.Fatalf("%s (%d)", what, where)
	}
}

func randomBytes(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestAgainstModel(t *testing.T) {
	for seed := range uint64(80) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { newPair(t, randomBytes(seed, 3000)).run() })
	}
}

func FuzzSequences(f *testing.F) {
	f.Add(randomBytes(1, 300))
	f.Fuzz(func(t *testing.T, data []byte) { newPair(t, data[:min(len(data), 2000)]).run() })
}
