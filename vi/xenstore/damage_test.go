package xenstore

import (
	"math/rand/v2"
	"testing"

	"resvirt/vi/pvio"
)

// TestDamage flips a bit of a store that is in use. Check says so, and Rebuild makes of it a
// store that is whole, has lost few nodes and serves its clients.
func TestDamage(t *testing.T) {
	p := newPair(t, randomBytes(5, 3000))
	p.run()
	base := p.w.s.Store
	used := usedGranules(base)
	r := rand.New(rand.NewPCG(1, 4))
	noticed, sums := 0, 0
	const trials = 120
	for range trials {
		store := *base
		g := used[r.IntN(len(used))]
		store.granule(g)[r.IntN(granule)] ^= 1 << r.IntN(8)
		s := &Server{}
		what, _ := s.Recover(&store, p.w.ops())
		lost := uint32(0)
		if what != "" {
			noticed++
			lost = s.Rebuild()
			if again, where := s.Check(); again != "" {
				t.Fatalf("granule %d: %s; rebuilt: %s (%d)", g, what, again, where)
			}
		}
		differ := 0
		for path, n := range p.m.nodes {
			var buf [pvio.StorePayload]byte
			if i := s.find([]byte(path)); i == 0 || string(s.value(s.node(i), buf[:])) != n.value {
				differ++
			}
		}
		if differ > 2 {
			t.Errorf("granule %d: %d nodes differ, %q, %d lost", g, differ, what, lost)
		}
		sums += differ
		served(t, p, s)
	}
	if noticed != trials {
		t.Errorf("only %d of %d noticed", noticed, trials)
	}
	t.Logf("%d nodes lost", sums)
}

// TestHeavyDamage writes anything anywhere into a store. What is rebuilt is whole and serves
// clients, whatever it has lost.
func TestHeavyDamage(t *testing.T) {
	p := newPair(t, randomBytes(6, 3000))
	p.run()
	base := p.w.s.Store
	used := usedGranules(base)
	r := rand.New(rand.NewPCG(2, 4))
	for trial := range 100 {
		store := *base
		for range 1 + r.IntN(40) {
			g := store.granule(used[r.IntN(len(used))])
			if r.IntN(3) == 0 { // the state's begin and the records behind it
				g = store.granule(r.Uint32N(granules - Cells - 256))
			}
			for range 1 + r.IntN(2*granule) {
				g[r.IntN(granule)] = byte(r.Uint32())
			}
		}
		s := &Server{}
		if _, what := s.Open(&store, p.w.ops()); what == "" {
			t.Fatalf("trial %d: it is not noticed", trial)
		}
		if again, where := s.Check(); again != "" {
			t.Fatalf("trial %d: rebuilt: %s (%d)", trial, again, where)
		}
		for range 100 {
			s.Turn()
		}
		s.DomainsChanged()
		served(t, p, s)
	}
}

// served has a new domain come and write.
func served(t *testing.T, p *pair, s *Server) {
	w := *p.w
	w.t, w.s = t, s
	w.turn = func() bool { return s.Turn() }
	page := new(pvio.StorePage)
	if ci, ok := s.Connect(page, 1); !ok || s.conn[ci].dead {
		t.Fatal("no connection after damage")
	}
	c := w.client(page)
	if why := c.Write(0, []byte("/after/damage"), []byte("x")); why != 0 {
		t.Fatalf("a write after damage: %s", pvio.StoreErrors[why])
	}
	if what, where := s.Check(); what != "" {
		t.Fatalf("after a write: %s (%d)", what, where)
	}
}

// usedGranules are those of the state that hold something.
func usedGranules(at *Store) (list []uint32) {
	for g := range granules {
		if *at.granule(g) != [granule]byte{} && !isFree(at, g) {
			list = append(list, g)
		}
	}
	return list
}

func isFree(at *Store, g uint32) bool {
	first := granules - Cells
	return g >= first && at.cell[g-first].data == [perCell]byte{}
}

// TestNoStore: memory that is no store, or whose log cannot be one, is refused.
func TestNoStore(t *testing.T) {
	for _, damage := range []func(*Store){
		func(s *Store) { *s = Store{} },
		func(s *Store) { s.log.n = granules + 1 },
		func(s *Store) { s.log.n, s.log.entry[0].at = 1, granules },
		func(s *Store) { s.log.n = 1; s.log.entry[0].data[3] ^= 4 },
	} {
		w := newWorld(t)
		damage(w.s.Store)
		if what, _ := new(Server).Recover(w.s.Store, w.ops()); what == "" {
			t.Error("it is taken up")
		}
	}
}
