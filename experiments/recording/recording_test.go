package recording

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/sim"
)

// quick is a shipped experiment with its golden run, shared because it takes seconds.
var quick = sync.OnceValues(func() (*Campaign, error) {
	e, _, err := experiments.Load("quick")
	if err != nil {
		return nil, err
	}
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		return nil, err
	}
	l, err := campaign.NewLab(e, sys)
	if err != nil {
		return nil, err
	}
	return CampaignOf(l, sys.Parts())
})

func quickCampaign(t testing.TB) *Campaign {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	c, err := quick()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// each calls f for the first runs with different outcomes of each setting.
func each(t *testing.T, c *Campaign, most int, f func(t *testing.T, r *Recording)) {
	for _, s := range c.lab.Experiment.Settings {
		seen := map[faults.Outcome]bool{}
		for i := range most {
			r, err := c.Execute(t.Context(), i, s)
			if err != nil {
				t.Fatal(err)
			}
			if seen[r.Row.Outcome] {
				continue
			}
			seen[r.Row.Outcome] = true
			t.Run(r.Row.Run()+" "+r.Row.Outcome.String(), func(t *testing.T) { f(t, r) })
		}
	}
}

// recovered is the first run of the last setting after whose recovery VMs ran.
func recovered(t testing.TB, c *Campaign) *Recording {
	return recoveredSo(t, c, func(*Recording) bool { return true })
}

// recoveredSo is the first recovered run of full that is as wanted.
func recoveredSo(t testing.TB, c *Campaign, wanted func(*Recording) bool) *Recording {
	settings := c.lab.Experiment.Settings
	for i := range 32 {
		r, err := c.Execute(t.Context(), i, settings[len(settings)-1])
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := r.Resumed(); ok && r.Row.Outcome == faults.Recovered && wanted(r) {
			return r
		}
	}
	t.Fatal("no run recovered")
	return nil
}

// A position has one state, whatever the way to it; the last one is that of the row.
func TestWalks(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	each(t, c, 16, func(t *testing.T, r *Recording) {
		walk(t, r.Run)
		if r.Row.Strike == nil {
			return
		}
		if err := r.Run.Seek(t.Context(), r.Run.End()); err != nil {
			t.Fatal(err)
		}
		if d := r.Run.Machine().Digest(); d != r.Row.EndDigest {
			t.Errorf("the run ends in %v, its row in %v", d, r.Row.EndDigest)
		}
		walk(t, r.Golden)
	})
}

// walk goes to random positions, by long and short ways.
func walk(t *testing.T, track *Track) {
	random := rand.New(rand.NewPCG(1, track.End()))
	seen := map[Position]sim.Digest{}
	visit := func(p Position) {
		if err := track.Seek(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if track.Position() != p {
			t.Fatalf("at %d, wanted %d", track.Position(), p)
		}
		d := track.Machine().Digest()
		if was, ok := seen[p]; ok && was != d {
			t.Fatalf("position %d: digest %v, before %v", p, d, was)
		}
		seen[p] = d
	}
	length := track.End() - track.Start()
	for range 12 {
		p := track.Start() + random.Uint64N(length)
		visit(p)
		for _, n := range []uint64{1, 2, random.Uint64N(5000)} {
			visit(min(p+n, track.End()))
			visit(p)
			visit(max(p-n, track.Start()))
			visit(p)
		}
		if track.row != nil && track.row.Strike != nil {
			f := track.row.Strike.Position
			visit(f)
			visit(f - 1)
			visit(f)
			visit(min(f+1, track.End()))
		}
	}
}

// Outside the run there is nothing, and the machine stays.
func TestOutside(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r, err := c.Execute(t.Context(), 0, c.lab.Experiment.Settings[0])
	if err != nil {
		t.Fatal(err)
	}
	here := r.Run.Position()
	for _, p := range []Position{0, r.Run.Start() - 1, r.Run.End() + 1, ^Position(0)} {
		var out *OutsideError
		if err := r.Run.Seek(t.Context(), p); !errors.As(err, &out) || out.At != p || r.Run.Position() != here {
			t.Errorf("position %d: %v", p, err)
		}
	}
}

// Forwards and backwards find the same positions.
func TestFind(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r, err := c.Execute(t.Context(), 0, c.lab.Experiment.Settings[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run.Seek(t.Context(), r.Run.Position()-20000); err != nil {
		t.Fatal(err)
	}
	pc := r.Run.Machine().Register(r.Run.Next(), faults.RIP)
	there := func(_ faults.Machine, e faults.TraceEntry) bool { return e.PC == pc }
	list := []Position{r.Run.Position()}
	for range 3 {
		found, err := r.Run.Find(t.Context(), there)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			break
		}
		list = append(list, r.Run.Position())
	}
	fast := r.Run
	for i, p := range list[1:] {
		if err := fast.Seek(t.Context(), list[i]); err != nil {
			t.Fatal(err)
		}
		if found, err := fast.FindPC(t.Context(), []uint64{pc}); err != nil || !found || fast.Position() != p {
			t.Fatalf("by its address, from %d: %v, at %d, wanted %d (%v)", list[i], found, fast.Position(), p, err)
		}
		if found, err := fast.PreviousPC(t.Context(), []uint64{pc}); err != nil || !found || fast.Position() != list[i] {
			t.Fatalf("by its address, backwards from %d: %v, at %d, wanted %d (%v)", p, found, fast.Position(), list[i], err)
		}
	}
	if err := fast.Seek(t.Context(), list[len(list)-1]); err != nil {
		t.Fatal(err)
	}
	for i := len(list) - 2; i >= 0; i-- {
		found, err := r.Run.Previous(t.Context(), there)
		if err != nil || !found || r.Run.Position() != list[i] {
			t.Fatalf("backwards from %d: %v, at %d, wanted %d (%v)", list[i+1], found, r.Run.Position(), list[i], err)
		}
	}
}

// A search for an address ends in the state of its position, also where an interrupt is
// about to be delivered, as before the first instruction of a handler.
func TestFindPCEndsInTheStateOfItsPosition(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r, err := c.Execute(t.Context(), 0, c.lab.Experiment.Settings[0])
	if err != nil {
		t.Fatal(err)
	}
	vmm, _ := r.Guests.Image("vmm")
	table, ok := vmm.Addr("main.vectorTable")
	if !ok {
		t.Fatal("no table of vectors")
	}
	var stubs []uint64
	for v := range uint64(256) {
		stubs = append(stubs, table+8*v)
	}
	to := func(p Position) {
		if err := r.Run.Seek(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	to(r.Run.Start())
	for range 5 {
		if found, err := r.Run.FindPC(t.Context(), stubs); !found || err != nil {
			t.Fatalf("no handler after position %d: %v", r.Run.Position(), err)
		}
		p, d := r.Run.Position(), r.Run.Machine().Digest()
		to(r.Run.Start())
		if to(p); r.Run.Machine().Digest() != d {
			t.Errorf("found at position %d, the machine is in another state than where it goes there", p)
		}
	}
}

// What a stored run is compared with: itself. A fork is the run that the changed setting
// has.
func TestForkAndCheck(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	settings := c.lab.Experiment.Settings
	r, err := c.Execute(t.Context(), 1, settings[len(settings)-1])
	if err != nil {
		t.Fatal(err)
	}
	if d, err := c.Check(t.Context(), r); err != nil || len(d) > 0 {
		t.Errorf("differs from itself: %v %v", d, err)
	}
	f, err := c.Fork(t.Context(), r, experiments.Change{Only: true, Steps: settings[1].Steps})
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Execute(t.Context(), 1, settings[1])
	if err != nil {
		t.Fatal(err)
	}
	if f.Row.EndDigest != want.Row.EndDigest || f.Row.Outcome != want.Row.Outcome || f.Change.None() {
		t.Errorf("a fork ends %v %v, the run of that setting %v %v", f.Row.Outcome, f.Row.EndDigest, want.Row.Outcome, want.Row.EndDigest)
	}
}
