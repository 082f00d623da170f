package step

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/gdamore/tcell/v2"

	"resvirt/experiments/campaign"
)

// loop is what the terminal, the desk and signals need to meet.
type loop struct {
	screen tcell.Screen
	look   Look
	desk   *desk
	state  State

	mouse bool             // the terminal tells of it
	held  tcell.ButtonMask // its buttons

	events   chan event      // results of the desk
	requests chan request    // to it
	crashes  chan string     // of goroutines: what recover gives, with the stack
	under    []command       // that are not done, the one that is being done first
	work     context.Context // of those under way
	cancel   context.CancelFunc
	idle     bool               // the one under way has arrived, and only looks further
	asides   []aside            // that have not begun
	leave    context.CancelFunc // of those that have
	since    time.Time          // when the oldest request under way was made
	doing    string             // what that is
	wanted   bool               // the run that the command line names has not been shown yet
	refused  error              // why it cannot be
}

// Look is how the screen is to look.
type Look struct {
	Colours bool
	ASCII   bool
}

// patience is after what time a command that is under way is told of.
const patience = 100 * time.Millisecond

// most requests that wait: of a key that is held down no more than these are done after it is
// released.
const mostWaiting = 2

// run shows the screen until the user quits, or ctx ends.
func (l *loop) run(ctx context.Context, first command) error {
	keys := make(chan tcell.Event, 16)
	quit := make(chan struct{})
	defer close(quit)
	go l.screen.ChannelEvents(keys, quit)
	work, stop := context.WithCancel(ctx)
	defer stop()
	go l.serve(work)
	w, h := l.screen.Size()
	l.take(resized{w, h})
	_, l.wanted = first.(openRun)
	l.ask(work, first)
	tick := time.NewTicker(patience)
	defer tick.Stop()
	for !l.state.Quit && l.refused == nil {
		l.paint()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case what := <-l.crashes:
			panic(what) // here, so that the terminal is given back first
		case e, ok := <-keys:
			if !ok {
				return fmt.Errorf("the terminal is gone")
			}
			if err := l.input(work, e); err != nil {
				return err
			}
		case e := <-l.events:
			l.on(work, e)
		case <-tick.C:
			if len(l.under) > 0 && !l.idle && l.state.Busy == "" && time.Since(l.since) > patience {
				l.take(begun{l.doing})
			}
		}
	}
	return l.refused
}

// tell tells of a command that takes long, unless it does so itself.
func (l *loop) tell() {
	if len(l.under) > 0 && !l.idle && l.state.Busy == "" && time.Since(l.since) > patience {
		l.take(begun{l.under[0].busy()})
	}
}

// take gives an event to update, without a command that may come of it.
func (l *loop) take(e event) command {
	s, c := update(l.state, e)
	l.state = s
	return c
}

func (l *loop) on(ctx context.Context, e event) {
	if f, ok := e.(failed); ok && l.wanted {
		l.refused = f.err
		return
	}
	if _, ok := e.(begun); ok && len(l.under) == 0 {
		return // from a machine that still ends a run of what was stopped
	}
	if _, ok := e.(done); ok {
		l.wanted = false
		if l.under = l.under[1:]; len(l.under) == 0 {
			l.cancel()
			l.idle = false
			l.take(ended{})
			l.besides(ctx)
		}
		return
	}
	if a, ok := e.(arrived); ok {
		l.idle = true // what follows can be broken off
		if a.run != nil {
			l.asides = a.asides
		}
	}
	l.ask(ctx, l.take(e))
}

// besides lets the asides of a run that has been opened be done, one after the other, in place
// of those of another run.
func (l *loop) besides(ctx context.Context) {
	list := l.asides
	if l.asides = nil; list == nil {
		return
	}
	if l.leave != nil {
		l.leave()
	}
	ctx, l.leave = context.WithCancel(ctx)
	go func() {
		defer l.caught()
		for _, a := range list {
			e := a(ctx)
			select {
			case <-ctx.Done():
				return
			case l.events <- e:
			}
		}
	}()
}

// input takes what the terminal sends.
func (l *loop) input(ctx context.Context, e tcell.Event) error {
	switch e := e.(type) {
	case *tcell.EventResize:
		l.screen.Sync()
		w, h := e.Size()
		l.ask(ctx, l.take(resized{w, h}))
	case *tcell.EventKey:
		k := keyOf(e)
		if (k == "Esc" || k == "Ctrl-C") && len(l.under) > 0 && l.state.Busy != "" {
			l.cancel()
			return nil
		}
		l.ask(ctx, l.take(k))
		if l.state.Suspend {
			l.state.Suspend = false
			return l.suspend()
		}
	case *tcell.EventMouse:
		x, y := e.Position()
		var did gesture
		if did, l.held = gestureOf(e, l.held); did != noGesture {
			l.ask(ctx, l.take(mouse{x, y, did}))
		}
	case *tcell.EventError:
		return e
	}
	return nil
}

// ask gives a command to the desk, unless too many wait.
func (l *loop) ask(ctx context.Context, c command) {
	if c == nil || len(l.under) > mostWaiting {
		return
	}
	if l.idle {
		l.cancel()
	}
	if len(l.under) == 0 || l.idle {
		l.work, l.cancel = context.WithCancel(ctx)
		l.since, l.doing = time.Now(), c.busy()
	}
	l.idle = false
	l.under = append(l.under, c)
	l.requests <- request{c, l.state.Ask, l.state.shown(), l.work}
}

// serve lets the desk do requests.
func (l *loop) serve(ctx context.Context) {
	defer l.caught()
	emit := func(e event) {
		select {
		case l.events <- e:
		case <-ctx.Done():
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-l.requests:
			l.desk.do(r.ctx, r, emit)
			emit(done{})
		}
	}
}

// caught passes a panic of a goroutine on to the loop.
func (l *loop) caught() {
	if p := recover(); p != nil {
		l.crashes <- fmt.Sprintf("%v\n%s", p, debug.Stack())
	}
}

// paint shows the state.
func (l *loop) paint() {
	if l.mouse == l.state.NoMouse { // it is to change
		if l.mouse = !l.state.NoMouse; l.mouse {
			l.screen.EnableMouse(tcell.MouseButtonEvents)
		} else {
			l.screen.DisableMouse()
		}
	}
	c := draw(&l.state)
	blit(c, l.screen, l.look)
	l.screen.Show()
}

// blit copies cells to a screen.
func blit(c *cells, to tcell.Screen, look Look) {
	for y := range c.h {
		for x := range c.w {
			at := c.at[y*c.w+x]
			if look.ASCII {
				at.r = asciiOf(at.r)
			}
			to.SetContent(x, y, at.r, nil, at.style.look(look.Colours))
		}
	}
}

// teller tells of long work on the screen.
func (l *loop) teller() campaign.Teller {
	what := ""
	send := func(e event) {
		select {
		case l.events <- e:
		default: // the screen is behind; the next one tells more
		}
	}
	return campaign.Teller{
		Say: func(text string) { what = text; send(begun{text}) },
		Tell: func(p campaign.Progress) {
			text := fmt.Sprintf("%s: %d", what, p.Done)
			if p.Total > 0 {
				text += fmt.Sprintf(" of %d", p.Total)
			}
			send(begun{text + " " + p.Unit})
		},
	}
}
