package xenstore

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"resvirt/vi/pvio"
)

// crash is what ends a server at a step.
type crash struct{}

// crasher has servers of a world crash, and looks at what is left: undone, the state must be
// what the last unit left, byte for byte.
type crasher struct {
	p       *pair
	r       *rand.Rand
	left    int // steps until the next
	last    []byte
	crashes int
	shown   map[*pvio.StorePage][2]uint32 // the furthest indices that a client has seen
	most    int                           // crashes in a request, that it comes to its end
	until   int
}

func stateBytes(s *Store) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&s.state)), unsafe.Sizeof(s.state))
}

// arm has the server in use crash some time.
func (k *crasher) arm() {
	s, n := k.p.w.s, uint32(0)
	s.step = func() {
		k.look(s)
		if s.log.n != 0 {
			n = s.log.n
		} else if n != 0 { // a unit has ended: what it changed is in the log yet
			for i := range n {
				at := s.log.entry[i].at
				copy(k.last[at*granule:], s.granule(at)[:])
			}
			n = 0
		}
		if k.left--; k.left <= 0 && k.crashes < k.until {
			k.left = 1 + k.r.IntN(1+k.r.IntN(400))
			panic(crash{})
		}
	}
}

// look sees what clients may have seen. It must not be taken back, since they have acted
// on it, except at a connection's new begin.
func (k *crasher) look(s *Server) {
	for ci, p := range s.page {
		if p == nil {
			continue
		}
		if s.conn[ci].fresh {
			delete(k.shown, p)
			continue
		}
		was, known := k.shown[p]
		now := [2]uint32{p.ReqCons, p.RspProd}
		for i := range now {
			if known && int32(now[i]-was[i]) < 0 {
				k.p.w.t.Fatalf("index %d of connection %d was %d and is %d", i, ci, was[i], now[i])
			}
		}
		k.shown[p] = now
	}
}

// restart has another server take up the store that is there; it may crash as well.
func (k *crasher) restart() {
	w := k.p.w
	store, old := w.s.Store, w.s // pages of local clients are in the old one
	for done := false; !done; {
		k.crashes++
		after := &Server{Store: store}
		if k.crashes%2 == 0 { // what undoing leaves
			if committed := store.log.n == 0; !committed {
				after.rollback()
				if !bytes.Equal(stateBytes(store), k.last) {
					w.t.Fatal("what was under way is not undone")
				}
			}
		}
		w.s = after
		k.arm()
		done = k.protected(func() {
			if what, where := after.Recover(store, w.ops()); what != "" {
				w.t.Fatalf("after a crash: %s (%d)", what, where)
			}
			for ci := range uint32(Conns) {
				if c, ok := after.Client(ci); ok && c.Local {
					after.Attach(ci, old.page[ci], c.Port)
				}
			}
		})
	}
}

// protected tells whether something came to its end without a crash.
func (k *crasher) protected(f func()) (whole bool) {
	defer func() {
		if e := recover(); e != nil {
			if _, ok := e.(crash); !ok {
				panic(e)
			}
		}
	}()
	f()
	return true
}

func newCrasher(t *testing.T, data []byte, seed uint64) *crasher {
	k := &crasher{r: rand.New(rand.NewPCG(seed, 2)), left: 50, most: 6, last: make([]byte, unsafe.Sizeof(state{})),
		shown: map[*pvio.StorePage][2]uint32{}}
	k.p = newPair(t, data)
	copy(k.last, stateBytes(k.p.w.s.Store))
	k.p.w.turn = func() (more bool) {
		for !k.protected(func() { more = k.p.w.s.Turn() }) {
			k.restart()
			more = true
		}
		return more
	}
	k.arm()
	return k
}

// TestCrashes has the server crash at any step of what it does, and asks on. Each request
// is done exactly once and answered exactly once: answers and the tree are those of a model
// that never crashes. What may differ is what Recover says.
func TestCrashes(t *testing.T) {
	crashes := 0
	for seed := range uint64(6) {
		k := newCrasher(t, randomBytes(seed, 1500), seed)
		for len(k.p.q.data) > 0 {
			k.same(k.p.q.next())
		}
		k.p.equal()
		k.p.w.s.step = nil
		if what, where := k.p.w.s.Check(); what != "" {
			t.Fatalf("seed %d: %s (%d)", seed, what, where)
		}
		crashes += k.crashes
	}
	if crashes < 600 {
		t.Errorf("only %d crashes", crashes)
	}
}

// same asks server and model.
func (k *crasher) same(id uint16, tx, kind uint32, payload string) {
	p := k.p
	if p.m.conns[id] == nil {
		return
	}
	before := k.crashes
	k.until = before + k.most
	got := p.w.ask(id, tx, kind, payload)
	for p.w.turn() { // the last part of it
	}
	doneFirst, crashFirst := p.m, p.m.clone()
	want := doneFirst.ask(id, tx, kind, payload)
	if k.crashes > before && tx != 0 {
		crashFirst.startle()
		if other := crashFirst.ask(id, tx, kind, payload); got == other && got != want {
			p.m, want = crashFirst, other
		}
	}
	if got != want {
		p.w.t.Fatalf("domain %d, transaction %d, message %d, %q: %q, want %q", id, tx, kind, payload, got, want)
	}
	p.follow(id, tx, kind, payload, got)
	for id, c := range p.m.conns {
		heard := p.w.events(id)
		for _, e := range c.events {
			if !slices.Contains(heard, e) {
				p.w.t.Fatalf("after message %d, %q domain %d did not hear %q but %q", kind, payload, id, e, heard)
			}
		}
		if k.crashes == before && len(heard) != len(c.events) {
			p.w.t.Fatalf("after message %d, %q domain %d hears %q, want %q", kind, payload, id, heard, c.events)
		}
		c.events = nil
	}
	if k.crashes > before {
		k.endAll(kind == start)
	}
}

// endAll ends all transactions after a crash: their numbers are known, and EAGAIN is the
// answer, except to one that may have begun after it.
func (k *crasher) endAll(began bool) {
	p := k.p
	p.m.startle()
	for id, c := range p.m.conns {
		for n, t := range c.txs {
			got := p.w.ask(id, n, end, "T\x00")
			if got != t.fail && !(began && n == c.last && got == ok) {
				p.w.t.Fatalf("a transaction's end after a crash: %q, want %q", got, t.fail)
			}
			delete(c.txs, n)
		}
		p.q.txs[id] = nil
	}
	for id := range p.m.conns {
		p.w.events(id)
	}
}

func (m *model) startle() {
	for _, c := range m.conns {
		for n, t := range c.txs {
			fail := t.fail
			if fail == "" {
				fail = "EAGAIN"
			}
			c.txs[n] = &mtx{seen: map[string]int{}, view: map[string]mnode{}, modified: map[string]bool{}, fire: map[string]bool{}, fail: fail}
		}
	}
}

// TestRecover: a transaction that was open sees the tree as it is, and its client has to do
// all again; watches fire once.
func TestRecover(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.must(3, 0, write, "a\x001", ok)
	w.must(3, 0, watchMsg, "a\x00tok\x00", ok)
	tx := w.begin(3)
	w.must(3, tx, write, "a\x002", ok)
	w.events(3)
	free, store, local := w.s.freeCells, w.s.Store, w.s.page
	w.s = new(Server)
	if what, where := w.s.Recover(store, w.ops()); what != "" {
		t.Fatalf("%s (%d)", what, where)
	}
	c, ok0 := w.s.Client(0)
	if !ok0 || !c.Local || c.Port != 1 {
		t.Fatalf("connection 0 is %v", c)
	}
	w.s.Attach(0, local[0], 1)
	if w.s.freeCells <= free {
		t.Error("what the transaction had is not free")
	}
	w.eventsAre(3, "a tok")
	w.must(3, tx, read, "a\x00", "1")
	w.must(3, tx, write, "a\x003", ok)
	w.must(3, tx, end, "T\x00", "EAGAIN")
	w.must(3, tx, end, "T\x00", "ENOENT")
	w.must(3, 0, read, "a\x00", "1")
	w.eventsAre(3)
	if !w.s.Patrol(granules) {
		t.Error("the patrol sees a change that is none")
	}
	w.s.cell[100].data[5] ^= 1
	if w.s.Patrol(granules) {
		t.Error("the patrol sees no change")
	}
}

// TestEveryStep has requests of all kinds crash at their first step, then one like it at
// its second, and so on until there is none.
func TestEveryStep(t *testing.T) {
	const never = 1 << 30
	k := newCrasher(t, nil, 0)
	k.most = 1
	p, long := k.p, strings.Repeat("longer than the ring;", 70)
	calm := func(kind uint32, payload string) {
		k.left = never
		k.same(3, 0, kind, payload)
	}
	calm(write, "d/a\x00")
	calm(watchMsg, "d\x00all\x00")
	for _, l := range []struct {
		what  string
		setUp func(n string)
		id    uint16
		kind  uint32
		with  func(n string) string
	}{
		{"read", nil, 3, read, func(string) string { return "d/a\x00" }},
		{"write", nil, 3, write, func(n string) string { return "d/a\x00" + n }},
		{"write long", nil, 3, write, func(n string) string { return "d/a\x00" + n + long }},
		{"write new", nil, 3, write, func(n string) string { return "d/" + n + "/x/y\x00v" }},
		{"mkdir", nil, 3, mkdir, func(n string) string { return "d/" + n + "m\x00" }},
		{"no node", nil, 3, read, func(n string) string { return "none\x00" }},
		{"rm", func(n string) { calm(write, "r/"+n+"/x/y\x00v") }, 3, rm, func(n string) string { return "r\x00" }},
		{"perms", nil, 3, setPerms, func(n string) string { return "d/a\x00n3\x00r" + n + "\x00r4\x00" }},
		{"watch", nil, 3, watchMsg, func(n string) string { return "d/a\x00" + n + "\x00" }},
		{"unwatch", func(n string) { calm(watchMsg, "u\x00"+n+"\x00") }, 3, unwatch, func(n string) string { return "u\x00" + n + "\x00" }},
		{"introduce", nil, 0, introduce, func(string) string { return "4\x001\x0011\x00" }},
		{"release", func(n string) {
			k.left = never
			k.same(0, 0, introduce, "7\x001\x0011\x00")
			k.same(0, 0, write, "/local/domain/7/x\x00"+n)
			k.same(0, 0, setPerms, "/local/domain/7\x00n7\x00")
		}, 0, releaseIt, func(string) string { return "7\x00" }},
	} {
		n := 1
		for ; ; n++ {
			if l.setUp != nil {
				l.setUp(itoa(n))
			}
			before := k.crashes
			k.left = n
			k.same(l.id, 0, l.kind, l.with(itoa(n)))
			if k.crashes == before {
				break
			}
		}
		if n < 10 {
			t.Errorf("%s: only %d steps", l.what, n)
		}
	}
	for n, done := 1, false; !done; n++ { // the end of a transaction, and what comes before
		k.left = never
		k.same(3, 0, start, "\x00")
		tx := p.m.conns[3].last
		k.same(3, tx, write, "t/"+itoa(n)+"\x00v")
		k.same(3, tx, rm, "t/"+itoa(n-1)+"\x00")
		before := k.crashes
		k.left = n
		k.same(3, tx, end, "T\x00")
		done = k.crashes == before
	}
	p.equal()
	p.w.s.step = nil
	if what, where := p.w.s.Check(); what != "" {
		t.Fatalf("%s (%d)", what, where)
	}
}

// FuzzCrashes is TestCrashes with requests that a fuzzer makes up.
func FuzzCrashes(f *testing.F) {
	f.Add(randomBytes(1, 300), uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		k := newCrasher(t, data[:min(len(data), 1000)], seed)
		for len(k.p.q.data) > 0 {
			k.same(k.p.q.next())
		}
		k.p.equal()
	})
}

// TestStartCrashes: a store whose making was not finished is begun anew.
func TestStartCrashes(t *testing.T) {
	w := newWorld(t)
	store := new(Store)
	for n := 1; ; n++ {
		s, left := &Server{}, n
		s.step = func() {
			if left--; left == 0 {
				panic(crash{})
			}
		}
		k := crasher{}
		if k.protected(func() { s.Open(store, w.ops()) }) {
			if n < 10 {
				t.Errorf("only %d steps", n)
			}
			break
		}
		s.step = nil
		if began, what := new(Server).Open(store, w.ops()); what != "" || !began && store.magic != magic {
			t.Fatalf("after step %d: %v, %q", n, began, what)
		}
		if what, where := s.Check(); what != "" {
			t.Fatalf("after step %d: %s (%d)", n, what, where)
		}
		*store = Store{}
	}
}
