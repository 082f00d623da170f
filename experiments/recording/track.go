package recording

import (
	"context"
	"fmt"
	"slices"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/sim"
)

// Position is a place in a run: how many instructions all processors together have
// retired. The state there is that before the next instruction. At the position of
// the strike the fault has been applied.
type Position = uint64

// Track is the course of one run, with a machine that stands somewhere on it. It can be
// moved forwards and backwards; the state at a position is always the same. One
// goroutine uses it at a time.
type Track struct {
	walk       Walk
	row        *experiments.Row // nil: the golden run
	setting    experiments.Setting
	start, end Position
	coarse     []placed // every markEvery instructions where the machine has been, ascending
	fine       []placed // close before where it went back to, the latest last
	after      bool     // the fault has struck where the machine stands
}

// placed is a mark and its position.
type placed struct {
	at   Position
	mark Mark
}

const (
	markEvery = 1 << 18 // instructions between coarse marks
	stepsBack = 1 << 11 // instructions before a position to which one went back, at a fine mark
	fineKept  = 16
	// worthAJump is from how many instructions on it is quicker to return to a mark that lies
	// ahead than to execute: a machine that returned has nothing compiled.
	worthAJump = 1 << 20
)

// OutsideError says that a run has no such position.
type OutsideError struct{ At, Start, End Position }

func (e *OutsideError) Error() string {
	return fmt.Sprintf("position %d lies outside the run, which goes from %d to %d", e.At, e.Start, e.End)
}

// goldenTrack is the run without a fault. The machine is at its start.
func goldenTrack(l *campaign.Lab) *Track {
	g := &l.Golden.Golden
	t := &Track{walk: NewWalk(l), start: g.Checkpoints[0].Position, end: g.End}
	for i := range g.Checkpoints {
		if c := &g.Checkpoints[i]; c.State != nil {
			t.coarse = append(t.coarse, placed{c.Position, Mark{state: c.State}})
		}
	}
	t.walk.Return(t.coarse[0].mark)
	return t
}

// trackOf is the run of a row under a setting, which the row's must be or a changed one
// under which the row was made. The machine is at the fault.
func trackOf(l *campaign.Lab, row *experiments.Row, s experiments.Setting) (*Track, error) {
	t := goldenTrack(l)
	t.row, t.setting = row, s
	if row.Strike == nil {
		return t, nil
	}
	if err := t.walk.Begin(row, s); err != nil {
		return nil, err
	}
	if at := t.walk.Machine.Position(); at != row.Strike.Position {
		return nil, fmt.Errorf("%s: the fault strikes at position %d, in its row at %d: the row is of another machine", row.Run(), at, row.Strike.Position)
	}
	t.end, t.after = row.EndPosition, true
	t.coarse = slices.DeleteFunc(t.coarse, func(p placed) bool { return p.at >= row.Strike.Position })
	t.coarse = append(t.coarse, placed{row.Strike.Position, t.walk.Mark()})
	return t, nil
}

// Start is the first position that can be reached: where all VMs have begun their
// workload.
func (t *Track) Start() Position { return t.start }

// End is the last position.
func (t *Track) End() Position { return t.end }

// Position is where the machine stands.
func (t *Track) Position() Position { return t.walk.Machine.Position() }

// Machine is the machine there. It may be looked at and not changed, nor run.
func (t *Track) Machine() faults.Machine { return t.walk.Machine }

// Now is the clock of the processor that is about to run.
func (t *Track) Now() sim.Time { return t.walk.Machine.Now() }

// Next is the processor that is about to run.
func (t *Track) Next() int { return t.walk.Machine.Next() }

// Seek moves to a position. It returns an *OutsideError, or the context's error: then the
// machine stands somewhere else on the track.
func (t *Track) Seek(ctx context.Context, p Position) error {
	if p < t.start || p > t.end {
		return &OutsideError{p, t.start, t.end}
	}
	at := t.Position()
	switch mark := t.before(p); {
	case p < at || t.after != t.behind(p):
		if err := t.back(ctx, p, at-min(at, p) < markEvery); err != nil {
			return err
		}
	case mark.at > at+worthAJump:
		t.walk.Return(mark.mark)
	}
	return t.forward(ctx, p)
}

// before is the last mark at a position or before it, on the same side of the fault.
func (t *Track) before(p Position) placed {
	best := t.coarse[0]
	for _, list := range [][]placed{t.coarse, t.fine} {
		for _, m := range list {
			if m.at <= p && m.at >= best.at && t.behind(m.at) == t.behind(p) {
				best = m
			}
		}
	}
	return best
}

// behind says whether at a position the fault has struck. The golden run leads up to the
// strike, and no way leads over it but a jump.
func (t *Track) behind(p Position) bool {
	return t.row != nil && t.row.Strike != nil && p >= t.row.Strike.Position
}

// turn is the position behind the part of the run to which a position belongs.
func (t *Track) turn(p Position) Position {
	if t.row != nil && t.row.Strike != nil && !t.behind(p) {
		return t.row.Strike.Position
	}
	return t.end
}

// back goes to the last mark at a position or before it. For a short way back it leaves
// a fine mark closely before, since more such steps may follow.
func (t *Track) back(ctx context.Context, p Position, short bool) error {
	best := t.before(p)
	t.walk.Return(best.mark)
	t.after = t.behind(p)
	if !short || p-best.at <= stepsBack {
		return nil
	}
	if err := t.forward(ctx, p-stepsBack); err != nil {
		return err
	}
	if len(t.fine) == fineKept {
		t.fine = slices.Delete(t.fine, 0, 1)
	}
	t.fine = append(t.fine, placed{t.Position(), t.walk.Mark()})
	return nil
}

// forward executes up to a position, or a stop before it, and leaves coarse marks.
func (t *Track) forward(ctx context.Context, p Position) error {
	for t.Position() < p {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := t.Position()
		next := min(p, (at/markEvery+1)*markEvery)
		if t.walk.To(next); t.walk.stopped != nil {
			return nil
		}
		if t.Position() == at {
			return fmt.Errorf("BUG: the run ends at position %d, before %d", at, p)
		}
		if next%markEvery == 0 {
			t.mark()
		}
	}
	return nil
}

// mark leaves a coarse mark where the machine is, if there is none.
func (t *Track) mark() {
	at := t.Position()
	if t.behind(at) != t.after {
		return // just before the strike, which has a mark of its own
	}
	i, there := slices.BinarySearchFunc(t.coarse, at, func(m placed, at Position) int {
		switch {
		case m.at < at:
			return -1
		case m.at > at:
			return 1
		}
		return 0
	})
	if !there {
		t.coarse = slices.Insert(t.coarse, i, placed{at, t.walk.Mark()})
	}
}

// Watch calls f before each instruction of all processors from where the machine stands
// up to a position, where it stands afterwards, unless f returns false: then it stops
// closely behind that instruction.
func (t *Track) Watch(ctx context.Context, to Position, f func(faults.TraceEntry) bool) error {
	const piece = 1 << 12
	on := true
	t.walk.Machine.Trace(func(e faults.TraceEntry) {
		if on {
			on = f(e)
		}
	})
	defer func() { t.walk.Machine.Trace(nil) }()
	for on && t.Position() < to {
		if err := t.forward(ctx, min(to, t.Position()+piece)); err != nil {
			return err
		}
	}
	return nil
}
