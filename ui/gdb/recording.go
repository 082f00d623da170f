package gdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/machine"
)

// Recorded is a recording as a target: either track of it, at a position of its own.
type Recorded struct {
	r      *recording.Recording
	track  *recording.Track
	golden bool
}

// NewRecorded begins where the recording's run stands.
func NewRecorded(r *recording.Recording) (*Recorded, error) {
	if _, ok := r.Run.Machine().(*testbed.Hardware); !ok {
		return nil, errors.New("this database is not of a machine that gdb knows")
	}
	return &Recorded{r: r, track: r.Run}, nil
}

// Machine implements Target.
func (t *Recorded) Machine() *machine.Machine { return t.track.Machine().(*testbed.Hardware).Machine }

// Frozen implements Target.
func (t *Recorded) Frozen() error {
	return errors.New("a recording cannot be changed: it has happened")
}

// Reverses implements Target.
func (t *Recorded) Reverses() bool { return true }

// Describe implements Target.
func (t *Recorded) Describe(cpu int) string {
	d := t.r.Guests.Doing(t.track.Machine(), cpu)
	text := fmt.Sprintf("CPU %d, in %v", cpu, d.Kind)
	if d.Domain >= 0 {
		text += fmt.Sprintf(", of d%dv%d", d.Domain, d.VCPU)
	}
	if cpu == t.track.Next() {
		text += ", next to run"
	}
	return text
}

// Resume implements Target.
func (t *Recorded) Resume(ctx context.Context, m Move, p Points) (Stop, error) {
	s := recording.Stops{Code: p.Code, Data: p.Data}
	var stop Stop
	var err error
	switch {
	case m.Step && m.Back:
		stop, err = t.stepBack(ctx, m.CPU)
	case m.Step:
		stop, err = t.step(ctx, m.CPU, s)
	case m.Back:
		at, found, e := t.track.LastStop(ctx, s)
		stop, err = t.stopAt(at, found, AtBegin, p), e
	default:
		at, found, e := t.track.NextStop(ctx, t.track.End(), s)
		stop, err = t.stopAt(at, found, AtEnd, p), e
	}
	if err != nil && ctx.Err() != nil {
		return Stop{Reason: Interrupted, CPU: t.track.Next()}, nil
	}
	return stop, err
}

// stopAt tells of a stop, or that there was none up to the end or begin.
func (t *Recorded) stopAt(at recording.Stopped, found bool, otherwise Reason, p Points) Stop {
	switch {
	case !found:
		return Stop{Reason: otherwise, CPU: t.track.Next()}
	case at.Access == nil:
		return Stop{Reason: AtCode, CPU: at.CPU}
	}
	// A device's access is told of the processor that is next.
	stop := Stop{Reason: AtData, CPU: at.CPU, Point: p.touched(at.Access)}
	if stop.CPU < 0 {
		stop.CPU = t.track.Next()
	}
	return stop
}

// nearby is the number of instructions of other processors that are stepped over one by
// one; it takes less time than a search if there are few.
const nearby = 64

// step moves behind the next instruction of a processor, or to a stop of another one
// before it.
func (t *Recorded) step(ctx context.Context, cpu int, s recording.Stops) (Stop, error) {
	c := t.Machine().CPU(cpu)
	was, pc := c.Retired, c.RIP
	others := recording.Stops{Data: s.Data}
	for _, a := range s.Code {
		if a != pc {
			others.Code = append(others.Code, a)
		}
	}
	for n := 0; t.Machine().CPU(cpu).Retired == was; n++ {
		here := t.track.Position()
		to := here + 1
		if n == nearby {
			var err error
			if to, err = t.before(ctx, cpu); err != nil {
				return Stop{}, err
			}
		}
		if here == t.track.End() {
			return Stop{Reason: AtEnd, CPU: cpu}, nil
		}
		at, found, err := t.track.NextStop(ctx, to, others)
		if err != nil {
			return Stop{}, err
		}
		if found && (at.Access == nil || at.CPU != cpu || t.Machine().CPU(cpu).Retired == was) {
			return t.stopAt(at, true, AtEnd, Points{Data: s.Data}), nil
		}
	}
	return Stop{Reason: Stepped, CPU: cpu}, nil
}

// before is the position before the next instruction of a processor, or the end. The
// machine stays.
func (t *Recorded) before(ctx context.Context, cpu int) (recording.Position, error) {
	here := t.track.Position()
	found, err := t.track.Find(ctx, func(_ faults.Machine, e faults.TraceEntry) bool { return e.CPU == cpu })
	if err != nil {
		return 0, err
	}
	to := t.track.Position()
	if !found {
		to = t.track.End()
	}
	return to, t.track.Seek(ctx, here)
}

// stepBack moves before the last instruction of a processor.
func (t *Recorded) stepBack(ctx context.Context, cpu int) (Stop, error) {
	was := t.Machine().CPU(cpu).Retired
	here := t.track.Position()
	for p := here; p > t.track.Start() && here-p < nearby; p-- {
		if err := t.track.Seek(ctx, p-1); err != nil {
			return Stop{}, err
		}
		if t.Machine().CPU(cpu).Retired < was {
			return Stop{Reason: Stepped, CPU: cpu}, nil
		}
	}
	found, err := t.track.Previous(ctx, func(_ faults.Machine, e faults.TraceEntry) bool { return e.CPU == cpu })
	if err == nil && !found {
		return Stop{Reason: AtBegin, CPU: cpu}, t.track.Seek(ctx, t.track.Start())
	}
	return Stop{Reason: Stepped, CPU: cpu}, err
}

// where names the present position.
func (t *Recorded) where() string {
	p := t.track.Position()
	text := fmt.Sprintf("position %d, %s, time %v, CPU %d is next", p, t.r.PlaceOf(p), t.track.Now(), t.track.Next())
	if t.golden {
		text += ", in the golden run"
	}
	return text
}

// goTo moves to a place of the run; in the golden run to the position that it has.
func (t *Recorded) goTo(ctx context.Context, place string) (Answer, error) {
	if t.golden {
		if err := t.r.Run.Seek(ctx, min(t.track.Position(), t.r.Run.End())); err != nil {
			return Answer{}, err
		}
	}
	if err := t.r.Goto(ctx, place); err != nil {
		return Answer{}, err
	}
	if t.golden {
		if err := t.track.Seek(ctx, min(t.r.Run.Position(), t.track.End())); err != nil {
			return Answer{}, err
		}
	}
	return t.moved(), nil
}

// moved tells where the machine is now, and which processor to look at: that of an event
// here, or else the next.
func (t *Recorded) moved() Answer {
	a := Answer{Text: t.where(), Moved: true, CPU: t.track.Next()}
	for _, e := range t.r.Events {
		if e.Position == t.track.Position() && e.CPU >= 0 {
			a.CPU = e.CPU
			a.Text += fmt.Sprintf("\n%s on CPU %d: thread %d", strings.TrimSpace(e.Kind.String()+" "+e.Name), e.CPU, e.CPU+1)
			break
		}
	}
	return a
}

// swap changes to the other run, at the same position.
func (t *Recorded) swap(ctx context.Context, golden bool) (Answer, error) {
	to := t.r.Run
	if golden {
		to = t.r.Golden
	}
	if err := to.Seek(ctx, max(min(t.track.Position(), to.End()), to.Start())); err != nil {
		return Answer{}, err
	}
	t.track, t.golden = to, golden
	return t.moved(), nil
}
