package step

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gdamore/tcell/v2"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// shared is a database of a few runs of quick and the campaign that is opened from it. It
// takes seconds to make.
var shared = sync.OnceValues(func() (s *sharedRuns, err error) {
	s = &sharedRuns{}
	if s.dir, err = os.MkdirTemp("", "step"); err != nil {
		return s, err
	}
	s.path = filepath.Join(s.dir, "quick.db")
	e, text, err := experiments.Load("quick")
	if err != nil {
		return s, err
	}
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		return s, err
	}
	ctx := context.Background()
	if _, err := campaign.Run(ctx, e, sys, campaign.Options{Path: s.path, Runs: runsMade, Text: text, Stage: func(string) {}, Progress: func(campaign.Progress) {}}); err != nil {
		return s, err
	}
	if s.db, err = store.OpenReader(s.path); err != nil {
		return s, err
	}
	s.campaign, err = recording.OpenCampaign(ctx, s.db, testbed.Stored, campaign.Teller{})
	return s, err
})

type sharedRuns struct {
	dir, path string
	db        *store.DB
	campaign  *recording.Campaign
	mu        sync.Mutex // a database is used by one goroutine at a time
}

// runsMade is how many faults of each type the shared database has.
const runsMade = 4

func TestMain(m *testing.M) {
	if os.Getenv(onTerminal) != "" {
		os.Exit(terminalMain())
	}
	code := m.Run()
	if made {
		if s, _ := shared(); s.dir != "" {
			os.RemoveAll(s.dir)
		}
	}
	os.Exit(code)
}

// made says that there is something to remove.
var made bool

func sharedCampaign(t testing.TB) *sharedRuns {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	made = true
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// session is the interface without terminal and goroutines: what a key leads to is done at
// once.
type session struct {
	t testing.TB
	s State
	d *desk
}

// opened is a session with a run of the given setting and outcome, the first there is, at
// its fault.
func opened(t testing.TB, w, h int, setting string, outcome faults.Outcome) *session {
	t.Helper()
	runs := sharedCampaign(t)
	runs.mu.Lock()
	list, err := runs.db.Runs(store.RunFilter{Setting: setting, Outcome: outcome.String()})
	runs.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatalf("among the shared runs none of %s is %v: give them more faults", setting, outcome)
	}
	return openedRun(t, w, h, setting, list[0].Index, "")
}

func openedRun(t testing.TB, w, h int, setting string, index int, place string) *session {
	t.Helper()
	runs := sharedCampaign(t)
	x := &session{t: t, s: begin(), d: &desk{stored: testbed.Stored, db: runs.db, campaign: runs.campaign}}
	x.send(resized{w, h})
	runs.mu.Lock()
	defer runs.mu.Unlock()
	x.do(openRun{runs.path, setting, index, place})
	if x.s.Run == nil {
		t.Fatalf("%s/%d is not open: %s", setting, index, x.s.Say)
	}
	return x
}

func (x *session) do(c command) {
	if c != nil && x.d != nil { // a specimen has no machine
		x.d.do(x.t.Context(), request{do: c, ask: x.s.Ask, shown: x.s.shown(), ctx: x.t.Context()}, x.send)
	}
}

func (x *session) send(e event) {
	s, c := update(x.s, e)
	x.s = s
	x.do(c)
}

// keys presses keys.
func (x *session) keys(list ...key) {
	for _, k := range list {
		x.send(k)
	}
}

// types types a text at the prompt and enters it.
func (x *session) types(text string) {
	x.keys(":")
	for _, r := range text {
		x.keys(key(r))
	}
	x.keys("Enter")
}

// screen is what a terminal shows.
func (x *session) screen() string { return shown(x.t, &x.s, Look{Colours: true}) }

// shown is what a terminal shows of a state.
func shown(t testing.TB, s *State, look Look) string {
	t.Helper()
	screen := tcell.NewSimulationScreen("UTF-8")
	if err := screen.Init(); err != nil {
		t.Fatal(err)
	}
	defer screen.Fini()
	screen.SetSize(s.W, s.H)
	blit(draw(s), screen, look)
	screen.Show()
	at, w, h := screen.GetContents()
	var b strings.Builder
	for y := range h {
		line := ""
		for _, c := range at[y*w : (y+1)*w] {
			line += string(c.Runes)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// sees fails unless a text is on the screen.
func (x *session) sees(texts ...string) {
	x.t.Helper()
	screen := x.screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			x.t.Errorf("the screen has no %q:\n%s", text, screen)
		}
	}
}
