package lesson

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
)

// quick is a shipped experiment with its golden run, shared because it takes seconds.
var quick = sync.OnceValues(func() (*campaign.Lab, error) {
	e, _, err := experiments.Load("quick")
	if err != nil {
		return nil, err
	}
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		return nil, err
	}
	e.Settings = experiments.InOrder(e.Settings, sys.Steps())
	return campaign.NewLab(e, sys)
})

// class is a database of quick with a few runs, to which those are added that lessons
// need.
type class struct {
	lab      *campaign.Lab
	db       *store.DB
	campaign *recording.Campaign
	worker   *campaign.Worker
	have     map[int]bool // faults
	known    map[string]*experiments.Row
}

func newClass(t *testing.T) *class {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	l, err := quick()
	if err != nil {
		t.Fatal(err)
	}
	_, text, err := experiments.Load("quick")
	if err != nil {
		t.Fatal(err)
	}
	c, err := recording.CampaignOf(l, l.System.Parts())
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(filepath.Join(t.TempDir(), "quick.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	id := campaign.Identity(l.Experiment, l.System)
	head := store.Campaign{Digest: campaign.Digest(id), Experiment: l.Experiment.Name, File: text, Seed: l.Experiment.Seed, Identity: id,
		Semantics: l.System.Semantics(), Golden: l.Golden.Facts, GoldenDigest: l.Golden.Digest.String()}
	if err := db.Admit(&head, l.Experiment.Settings, l.System); err != nil {
		t.Fatal(err)
	}
	k := &class{lab: l, db: db, campaign: c.With(db), worker: &campaign.Worker{Lab: l}, have: map[int]bool{}, known: map[string]*experiments.Row{}}
	for i := range 2 {
		k.add(t, i)
	}
	return k
}

// add executes a fault under all settings and writes its rows.
func (k *class) add(t *testing.T, index int) {
	t.Helper()
	if k.have[index] {
		return
	}
	k.have[index] = true
	rows := make(chan []experiments.Row, 1)
	rows <- k.worker.Unit(index, k.lab.Experiment.Settings)
	close(rows)
	if err := k.db.Write(t.Context(), rows, func([]experiments.Row) {}); err != nil {
		t.Fatal(err)
	}
}

// begin begins a lesson. It adds faults that its queries choose, of each query so many,
// until one has what the lesson needs.
func (k *class) begin(t *testing.T, l *Lesson) *Session {
	t.Helper()
	most := 150
	for n := range l.Find {
		if n == len(l.Find)-1 {
			most = 600 // beyond, a class would not find one either
		}
		for i := range most {
			if !k.suits(t, l, &l.Find[n], i) {
				continue
			}
			if s, err := Begin(t.Context(), l, k.db, k.campaign, nil); err == nil {
				return s
			} else if none := (*NoRunError)(nil); !errors.As(err, &none) {
				t.Fatal(err)
			}
		}
	}
	t.Fatalf("no query of lesson %s finds a run among %d faults", l.Name, most)
	return nil
}

// suits adds a fault if a query chooses its run, and says whether it has what the query
// needs.
func (k *class) suits(t *testing.T, l *Lesson, q *Query, index int) bool {
	f := &q.Filter
	if kinds := k.lab.Model.Kinds; f.Fault != "" && f.Fault != kinds[index%len(kinds)].String() {
		return false
	}
	if f.Struck != "" && !k.chooses(&store.RunFilter{Setting: "none", Struck: f.Struck}, index) || !k.chooses(f, index) {
		return false // under none a run ends at once
	}
	k.add(t, index)
	s := newSession(l, k.db, k.campaign)
	ok, _, err := s.suits(t.Context(), q, store.RunLine{Setting: f.Setting, Index: index})
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// chooses executes a fault and says whether a filter takes it, but for what compares it with
// another setting.
func (k *class) chooses(f *store.RunFilter, index int) bool {
	settings := slices.DeleteFunc(slices.Clone(k.lab.Experiment.Settings), func(s experiments.Setting) bool { return s.Name != f.Setting })
	key := fmt.Sprint(f.Setting, "/", index)
	r := k.known[key]
	if r == nil {
		r = &k.worker.Unit(index, settings)[0]
		k.known[key] = r
	}
	cause := r.Cause.String()
	if cause == "" {
		cause = r.Reason
	}
	return r.Strike != nil && (f.Outcome == "" || r.Outcome.String() == f.Outcome) && strings.Contains(r.Strike.Place.Function, f.Struck) &&
		strings.Contains(cause, f.Cause)
}

// What the lessons that ship say is so, of a run that their queries find, and each
// question has one right answer.
func TestShippedLessons(t *testing.T) {
	t.Parallel()
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	k := newClass(t)
	for _, l := range all {
		t.Run(l.Name, func(t *testing.T) {
			s := k.begin(t, l)
			t.Log(s.Recording.Row.Run())
			problems, err := s.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range problems {
				t.Errorf("%s:%d: %s", l.File, p.Line, p.Text)
			}
			asked := 0
			for i, stop := range l.Stops {
				if stop.Question != nil {
					asked++
					k.grade(t, s, i)
				}
			}
			if len(l.Stops) < 6 || len(l.Stops) > 12 || asked < 5 {
				t.Errorf("%d stops with %d questions: 6 to 12 fit an hour", len(l.Stops), asked)
			}
		})
	}
}

// grade gives the right answer, which must be taken, and each other choice, which must not.
func (k *class) grade(t *testing.T, s *Session, stop int) {
	key, err := s.Key(t.Context(), stop)
	if err != nil {
		t.Fatal(err)
	}
	choices := len(s.Lesson.Stops[stop].Question.Choices)
	if choices == 0 {
		if right, ok := key.Grade(key.Right, 0); !right || !ok {
			t.Errorf("stop %d: %q is not taken for the answer", stop+1, key.Right)
		}
	}
	for i := range choices {
		if right, ok := key.Grade(string(rune('a'+i)), choices); right != (i == key.Choice) || !ok {
			t.Errorf("stop %d: choice %c is right: %v", stop+1, 'a'+i, right)
		}
	}
}
