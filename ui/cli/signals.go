package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"resvirt/experiments/campaign"
	"resvirt/experiments/store"
)

// moment is the time that a command has, after a signal, to report what is done.
const moment = 500 * time.Millisecond

// signalled runs a command line that signals can end. All commands save their work as
// they go, so that a program that is killed loses only what it was just doing. So a
// command that does not end by itself within a moment is simply ended.
func signalled(e *env) int {
	// A file that grows beyond the limit is reported as an error, not a crash.
	signal.Ignore(syscall.SIGXFSZ)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	e.ctx = ctx
	ended := make(chan int, 1)
	go func() { ended <- run(e, e.args) }()
	select {
	case code := <-ended:
		return code
	case <-ctx.Done():
	}
	var late <-chan time.Time // nil, that is never, if the command has something to write at its end
	if !e.finishes.Load() {
		late = time.After(moment)
	}
	select {
	case code := <-ended:
		return code
	case <-late:
		e.tellStopped()
		return exitInterrupt
	}
}

// printer returns the printer of progress. There is only one, because there is one
// stderr.
func (e *env) printer() *printer {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shown == nil {
		e.shown = newPrinter(e.stderr)
	}
	return e.shown
}

// teller passes progress to the printer.
func (e *env) teller() campaign.Teller {
	return campaign.Teller{Say: e.printer().say, Tell: e.printer().progress}
}

// keeps sets the message about the work done so far, in case the command is
// stopped; unless it is set, nothing is kept.
func (e *env) keeps(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept = what
}

// keepsIn is keeps for work that is kept in a database, unless nothing can be kept
// there.
func (e *env) keepsIn(db *store.DB, what string) {
	if !db.Keeps() {
		what = ""
	}
	e.keeps(what)
}

// tellStopped prints that a command was stopped, and what is kept of its work.
func (e *env) tellStopped() {
	e.printer().end()
	e.mu.Lock()
	defer e.mu.Unlock()
	kept := e.kept
	if kept == "" {
		kept = nothingWritten
	}
	fmt.Fprintln(e.stderr, "stopped: "+kept)
}
