package step

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"resvirt/experiments/testbed"
)

// running is a loop on a simulated terminal, whose desk does what a test wants.
func running(t *testing.T, ctx context.Context, first command) (tcell.SimulationScreen, chan error) {
	t.Helper()
	screen := tcell.NewSimulationScreen("UTF-8")
	if err := screen.Init(); err != nil {
		t.Fatal(err)
	}
	screen.SetSize(80, 24)
	l := &loop{screen: screen, state: begin(), events: make(chan event, 64), requests: make(chan request, mostWaiting+2), crashes: make(chan string, 1)}
	l.desk = &desk{stored: testbed.Stored, teller: l.teller()}
	end := make(chan error, 1)
	go func() {
		defer screen.Fini()
		defer func() {
			if p := recover(); p != nil {
				end <- errors.New(p.(string))
			}
		}()
		end <- l.run(ctx, first)
	}()
	return screen, end
}

// doing is a command that a test makes.
type doing func(context.Context) error

func (doing) busy() string { return "testing" }
func (doing) elsewhere()   {}
func (f doing) do(ctx context.Context, _ *desk) (string, error) {
	return "", f(ctx)
}

// wait is generous: only a loop that hangs needs it.
const wait = time.Minute

// Esc stops what takes long, and q ends the loop.
func TestEscStops(t *testing.T) {
	t.Parallel()
	stopped := make(chan struct{})
	screen, end := running(t, t.Context(), doing(func(ctx context.Context) error {
		<-ctx.Done()
		close(stopped)
		return ctx.Err()
	}))
	for stop := time.After(wait); ; { // it is told of after a moment; until then Esc means nothing
		screen.InjectKey(tcell.KeyEsc, 0, 0)
		select {
		case <-stopped:
			screen.InjectKey(tcell.KeyRune, 'q', 0)
			if err := <-end; err != nil {
				t.Error(err)
			}
			return
		case <-time.After(20 * time.Millisecond):
		case <-stop:
			t.Fatal("Esc does not stop it")
		}
	}
}

// What takes long is told of by its own name, the one that is being done before those that
// wait.
func TestWhatTakesLongIsTold(t *testing.T) {
	l := &loop{state: begin(), requests: make(chan request, 2)}
	l.ask(t.Context(), seek{1234})
	l.ask(t.Context(), doing(nil))
	l.since = l.since.Add(-2 * patience)
	if l.tell(); l.state.Busy != "going to position 1234" {
		t.Errorf("after a while it says %q", l.state.Busy)
	}
	l.cancel()
}

// Work that was stopped may tell of itself once more: a machine that was running ends its run.
// The screen does not take that for work under way.
func TestStoppedWorkIsNotTold(t *testing.T) {
	l := &loop{state: begin(), requests: make(chan request, 1)}
	l.ask(t.Context(), doing(nil))
	l.on(t.Context(), begun{"9 of 500 faults"})
	if l.state.Busy != "9 of 500 faults" {
		t.Fatalf("under way is %q", l.state.Busy)
	}
	l.cancel()
	l.on(t.Context(), done{})
	l.on(t.Context(), begun{"10 of 500 faults"})
	if l.state.Busy != "" {
		t.Errorf("nothing is under way, and the screen says %q", l.state.Busy)
	}
}

// A panic of the desk ends the loop where the terminal is given back.
func TestPanicsReachTheLoop(t *testing.T) {
	t.Parallel()
	_, end := running(t, t.Context(), doing(func(context.Context) error { panic("BUG: for the test") }))
	if err := <-end; err == nil || !strings.Contains(err.Error(), "BUG: for the test") || !strings.Contains(err.Error(), "loop_test.go") {
		t.Errorf("the loop ends with %v", err)
	}
}

// A run or place that the command line names and there is not ends the loop with the reason.
// From the prompt it is told of instead.
func TestWhatIsNotThereEndsTheLoop(t *testing.T) {
	t.Parallel()
	path := sharedCampaign(t).path
	for place, want := range map[string]string{"E+5": "outside the run", "nonsense": "no place", "main.nonsense": "no function"} {
		_, end := running(t, t.Context(), openRun{path, "full", 0, place})
		if err := <-end; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("at %s the loop ends with %v", place, err)
		}
	}
	x := openedRun(t, 80, 24, "full", 0, "")
	x.do(goTo{"nonsense"})
	x.sees("no place")
}

// A signal ends it.
func TestContextEndsTheLoop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, end := running(t, ctx, doing(func(context.Context) error { cancel(); return nil }))
	if err := <-end; !errors.Is(err, context.Canceled) {
		t.Errorf("the loop ends with %v", err)
	}
}
