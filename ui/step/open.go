package step

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"

	"github.com/gdamore/tcell/v2"

	"resvirt/experiments/campaign"
	"resvirt/experiments/lesson"
	"resvirt/experiments/recording"
	"resvirt/faults"
)

// Options say what to show.
type Options struct {
	Database string // "" = those of the working directory
	Setting  string // of the run; "" = one is picked
	Index    int
	Place    string         // "" = its fault
	Lesson   *lesson.Lesson // nil: none; else it finds its run in Database
	Stored   recording.Open
	Make     func(context.Context, campaign.Teller) error // makes quick.db; nil: it cannot be made
	Look     Look
	NoMouse  bool // leave it to the terminal
}

// Run shows the screen on the terminal until the user quits. It leaves the terminal as it
// has found it.
func Run(ctx context.Context, o Options) error {
	screen, err := tcell.NewScreen()
	if err != nil {
		return fmt.Errorf("the terminal cannot be used: %w", err)
	}
	if err := screen.Init(); err != nil {
		return fmt.Errorf("the terminal cannot be used: %w", err)
	}
	defer screen.Fini()
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP)
	defer stop()
	return run(ctx, screen, o)
}

func run(ctx context.Context, screen tcell.Screen, o Options) error {
	l := &loop{screen: screen, look: o.Look, state: begin(), events: make(chan event, 64), requests: make(chan request, mostWaiting+2), crashes: make(chan string, 1)}
	l.state.NoMouse = o.NoMouse
	l.desk = &desk{stored: o.Stored, teller: l.teller(), make: o.Make}
	defer l.desk.close()
	return l.run(ctx, o.first())
}

// first is the command to begin with.
func (o *Options) first() command {
	switch {
	case o.Lesson != nil:
		return openLesson{o.Lesson, o.Database}
	case o.Database == "":
		return listBases{}
	case o.Setting == "":
		return listRuns{o.Database}
	}
	return openRun{o.Database, o.Setting, o.Index, o.Place}
}

// begin is the state before anything is known.
func begin() State {
	return State{Ask: Ask{CPU: follow, Golden: true, Memory: AskMemory{Register: stackPointer}}, Focus: sourcePane, Front: firstPanes()}
}

// SplitPlace divides RUN@PLACE.
func SplitPlace(text string) (run, place string, err error) {
	run, place, at := strings.Cut(text, "@")
	if at && strings.TrimSpace(place) == "" {
		return "", "", errors.New("behind @ a place is missing")
	}
	if at {
		_, err = recording.ParsePlace(place)
	}
	return run, place, err
}

// stackPointer is RSP.
const stackPointer faults.Register = 4
