// Package cli is the command line: a table of commands, from which its help is
// made as well.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"resvirt/experiments"
	"resvirt/experiments/testbed"
	"resvirt/internal/words"
)

// Exit statuses.
const (
	exitOK        = 0
	exitFailed    = 1
	exitUsage     = 2
	exitInterrupt = 130 // as shells report a command ended by Ctrl-C
)

// statuses is the text about them for help.
func statuses(width int) string {
	return "exit status:\n" + words.Glossary([][2]string{
		{"0", "done"},
		{"1", "an error, a failed check, a replay that differs, or runs that met a defect of this tool"},
		{"2", "a mistake in the command line or in the experiment file"},
		{"130", "stopped by Ctrl-C or SIGTERM; what was done is kept"},
	}, width) + words.Wrap("", "boot has its own: `resvirt help boot`. go run makes 1 of each of them but 0, and prints the true one as \"exit status N\": scripts call a built program.", "", width) + "\n"
}

// env is everything that commands get from outside, so that tests can replace it.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	ctx            context.Context
	args           []string // the whole command line, for the record
	// build makes the system of an experiment from sources, stored rebuilds it from a database.
	build func(e experiments.Experiment, say func(string)) (experiments.System, error)
	vmm   func() ([]byte, error) // the hypervisor's image
	// vmmSymbols are the same image for debuggers, and its sources.
	vmmSymbols func() ([]byte, []experiments.Part, error)
	stored     func(experiments.Experiment, []experiments.Part) (experiments.System, error)

	finishes atomic.Bool // the command ends soon after a signal, and must not be killed before
	mu       sync.Mutex
	shown    *printer // prints progress on stderr
	kept     string   // message about the finished work, if the command is stopped
}

// usageError is a mistake in the command line.
type usageError struct {
	text    string
	command string // command whose help is to be named; "" = the list of commands
}

func (e usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return usageError{text: fmt.Sprintf(format, args...)} }

// status is an exit status whose reason has been printed already.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// Main runs a command line and returns the exit status. The images are built from sources where
// the working directory is in no clone.
func Main(args []string, sources fs.FS, stdin io.Reader, stdout, stderr io.Writer) int {
	from := testbed.Carried{Sources: sources}
	e := &env{stdin: stdin, stdout: stdout, stderr: stderr, args: args, stored: testbed.Stored}
	e.build = func(x experiments.Experiment, say func(string)) (experiments.System, error) {
		return from.Build(e.ctx, x, say)
	}
	e.vmm = func() ([]byte, error) { return from.BuildVMM(e.ctx) }
	e.vmmSymbols = func() ([]byte, []experiments.Part, error) { return from.DebugVMM(e.ctx) }
	return signalled(e)
}

func run(e *env, args []string) int {
	err := dispatch(e, args)
	var code status
	var use usageError
	var unknown experiments.UnknownError
	var file experiments.FileError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled) && e.ctx.Err() != nil:
		e.tellStopped()
		return exitInterrupt
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, syscall.EPIPE):
		return exitFailed // the reader of the output has closed it: nobody reads a message
	case errors.As(err, &use):
		e.complain(fmt.Sprintf("%v; see `%s`", err, strings.TrimSpace("resvirt help "+use.command)))
		return exitUsage
	case errors.As(err, &unknown), errors.As(err, &file):
		e.complain(err.Error())
		return exitUsage
	}
	e.complain(err.Error())
	return exitFailed
}

// complain prints an error.
func (e *env) complain(text string) {
	fmt.Fprintln(e.stderr, words.HangLines("resvirt: "+text, textWidth(e.stderr)))
}

func dispatch(e *env, args []string) error {
	if len(args) == 0 {
		if err := help(e, nil); err != nil {
			return err
		}
		return status(exitUsage)
	}
	name := args[0]
	switch name {
	case "-h", "-help", "--help":
		name = "help"
	case "-version", "--version":
		name = "version"
	case completeWord:
		return complete(e, args[1:])
	}
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		err := c.call(e, args[1:])
		var use usageError
		if errors.As(err, &use) && use.command == "" && c.name != "help" {
			use.command = c.name
			return use
		}
		return err
	}
	return noCommand(name)
}

func noCommand(name string) error {
	var known []string
	for _, c := range commands() {
		known = append(known, c.name)
	}
	return usage("there is no command %q%s", name, meant("", name, known))
}
