package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"resvirt/hw/machine"
	"resvirt/sim"
)

// bootSlice is the virtual time between two looks at input and signals.
const bootSlice = sim.Millisecond

// inputFrom is the time from which input is sent to a PVH guest that has not
// enabled the interrupt for it. Such guests are operating systems, whose drivers
// drop earlier input when they set up the port.
const inputFrom = 5 * sim.Second

// bootRun is a machine with its connections.
type bootRun struct {
	m     *machine.Machine
	out   io.Writer
	in    *bootInput
	limit uint64 // position at which to stop, 0 for none

	debugTo io.Writer // where the debug console's lines go; nil = to out, as they come
	direct  bool      // input need not wait for the guest to be ready

	open          bool // the last output did not end a line
	serial, debug int  // bytes of the machine's output that are written already
}

// runMachine connects the machine with the terminal, and runs it to its end.
func runMachine(e *env, m *machine.Machine, direct bool, v *bootValues) (machine.Stop, error) {
	e.finishes.Store(true) // at its end the command has to save the disk and the trace, and to restore the terminal
	in, err := openBootInput(e.stdin)
	if err != nil {
		return machine.Stop{}, err
	}
	r := &bootRun{m: m, out: e.stdout, in: in, direct: direct, debugTo: v.debugTo, limit: v.maxInstructions}
	if in.restore != nil {
		r.out = &newlines{w: e.stdout}
		if v.debugTo != nil {
			r.debugTo = &newlines{w: v.debugTo}
		}
	}
	trace, err := startTrace(m, v.trace)
	if err != nil {
		in.close()
		return machine.Stop{}, err
	}
	if v.stats {
		m.CountClasses()
	}
	begin := time.Now()
	var stop machine.Stop
	if v.gdb.on {
		stop, err = r.attended(e, v)
	} else {
		stop, err = r.run(e.ctx, machine.Until{})
	}
	if ferr := r.flush(true); err == nil {
		err = ferr
	}
	took := time.Since(begin)
	in.close()
	if cerr := trace.close(); err == nil {
		err = cerr
	}
	if v.screen {
		if serr := r.showScreen(); err == nil {
			err = serr
		}
	}
	if err == nil && v.stats {
		printStats(e.stderr, m, took)
	}
	return stop, err
}

// showScreen prints the text page, from the beginning of a line on.
func (r *bootRun) showScreen() error {
	lines, ok := r.m.Screen()
	if !ok {
		lines = []string{"(the display is in a graphics mode)"}
	}
	text := strings.Join(append(lines, ""), "\n")
	if r.open {
		text = "\n" + text
	}
	_, err := io.WriteString(r.out, text)
	return err
}

// run executes until the machine ends, a bound is reached or the user quits,
// which is a Stop without a reason.
func (r *bootRun) run(ctx context.Context, u machine.Until) (machine.Stop, error) {
	if r.limit != 0 && (u.Position == 0 || r.limit < u.Position) {
		u.Position = r.limit
	}
	for ctx.Err() == nil {
		if r.direct || r.in.fast || r.m.WantsInput() || r.m.Now() >= inputFrom {
			r.m.Input(r.in.take())
		}
		if r.in.quit {
			return machine.Stop{}, nil
		}
		before, from := r.m.Position(), time.Now()
		u.Time = r.m.Now() + bootSlice
		stop := r.slice(ctx, u)
		if err := r.flush(false); err != nil {
			return stop, err
		}
		if ctx.Err() != nil {
			break
		}
		switch {
		case stop.Reason == machine.ReachedTime:
			if r.in.restore != nil && r.m.Position()-before < idleInstructions {
				r.in.wait(ctx, time.Duration(bootSlice/sim.Nanosecond)-time.Since(from))
			}
		case stop.Reason != machine.Waiting:
			return stop, nil
		case !r.in.wait(ctx, forever): // the input has ended
			return stop, nil
		}
	}
	return machine.Stop{}, status(exitInterrupt)
}

// bootLook is the number of instructions between two checks whether the program is to
// end: with many processors and a trace, a slice takes seconds.
const bootLook = 1 << 14

// slice runs to a bound, or until ctx has ended.
func (r *bootRun) slice(ctx context.Context, u machine.Until) machine.Stop {
	for {
		piece := u
		if next := r.m.Position() + bootLook; u.Position == 0 || next < u.Position {
			piece.Position = next
		}
		stop := r.m.Run(piece)
		if stop.Reason != machine.ReachedPosition || piece.Position == u.Position || ctx.Err() != nil {
			return stop
		}
	}
}

// idleInstructions: a slice with fewer instructions means that the guest waits.
// Then its time must not pass faster than that of the person who types.
const idleInstructions = 50_000

func (r *bootRun) write(b []byte) error {
	if len(b) > 0 {
		r.open = b[len(b)-1] != '\n'
	}
	_, err := r.out.Write(b)
	return err
}

// flush writes what the machine has sent since the last time.
func (r *bootRun) flush(end bool) error {
	serial, debug := r.m.Serial(), r.m.Debug()
	var err error
	if r.debugTo == nil {
		err = r.write(debug[r.debug:])
		r.debug = len(debug)
	}
	if err == nil {
		err = r.write(serial[r.serial:])
		r.serial = len(serial)
	}
	if r.debugTo == nil || err != nil {
		return err
	}
	// A terminal shows both outputs: a line of one is printed only when the other's
	// line has ended.
	to := r.debug + bytes.LastIndexByte(debug[r.debug:], '\n') + 1
	if end {
		to = len(debug)
	} else if len(serial) > 0 && serial[len(serial)-1] != '\n' {
		to = r.debug
	}
	_, err = r.debugTo.Write(debug[r.debug:to])
	r.debug = to
	return err
}

// newlines puts a carriage return before each line feed, which a terminal in raw
// mode needs.
type newlines struct {
	w    io.Writer
	last byte
}

func (n *newlines) Write(b []byte) (int, error) {
	text := make([]byte, 0, len(b))
	for _, c := range b {
		if c == '\n' && n.last != '\r' {
			text = append(text, '\r')
		}
		text, n.last = append(text, c), c
	}
	if _, err := n.w.Write(text); err != nil {
		return 0, err
	}
	return len(b), nil
}
