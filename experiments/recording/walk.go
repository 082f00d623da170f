package recording

import (
	"fmt"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/machine"
)

// Walk executes stored runs of one campaign again, up to any position.
type Walk struct {
	campaign.Worker
	follows follows

	stops   bool     // the machine may stop on the way, see Stops
	stopped *stopped // it has
}

// stopped is where a machine stopped on the way.
type stopped struct {
	cpu    int
	access *machine.Access
}

// until is a bound, together with the wish to stop on the way.
func (w *Walk) until(u faults.Until) faults.Until {
	u.Before, u.Accessed = w.stops, w.stops
	return u
}

// heard notes that a run has stopped on the way.
func (w *Walk) heard(s faults.Stop) bool {
	if !w.stops {
		return false
	}
	list, _ := w.Machine.(*testbed.Hardware).Accesses()
	switch {
	case len(list) > 0:
		a := list[0]
		w.stopped = &stopped{s.CPU, &a}
	case s.Reason == faults.Before:
		w.stopped = &stopped{cpu: s.CPU}
	}
	return w.stopped != nil
}

// NewWalk is a walk through runs of a lab's campaign.
func NewWalk(l *campaign.Lab) Walk { return Walk{Worker: campaign.Worker{Lab: l}} }

// Before brings the machine to a state of the golden run before the fault.
func (w *Walk) Before(row *experiments.Row) {
	w.follows = follows{}
	w.Restore(w.Golden.Before(row.Plan.Time, w.System.Margin()).State)
}

// follows holds what is still to happen in the run that the machine repeats.
type follows struct {
	further []faults.Struck   // faults that strike later
	lifts   *faults.Detection // where a change of code ends, nil if none does
}

// Mark is a position of a walk to which it can return.
type Mark struct {
	state   faults.Snapshot
	follows follows
}

// Mark notes where the walk is.
func (w *Walk) Mark() Mark { return Mark{w.Machine.Snapshot(), w.follows} }

// Return goes back to a mark.
func (w *Walk) Return(m Mark) {
	w.Restore(m.state)
	w.follows = m.follows
}

// Begin brings the machine to the fault and applies it.
func (w *Walk) Begin(row *experiments.Row, s experiments.Setting) error {
	w.follows = follows{}
	if ok, why := w.ToTrigger(row.Plan); !ok {
		return fmt.Errorf("%s: the fault is not applied again: %s", row.Run(), why)
	}
	return w.Inject(row, s)
}

// Inject applies the fault, and notes what else is to happen in the run.
func (w *Walk) Inject(row *experiments.Row, s experiments.Setting) error {
	w.Machine.SetPolicy(experiments.MustPolicy(s, w.System))
	if _, err := faults.Inject(w.Machine, w.System.Target(), row.Plan); err != nil {
		return err
	}
	w.follows.further = row.Further
	if row.Plan.Kind.Lifts() && len(row.Detections) > 0 {
		w.follows.lifts = &row.Detections[0]
	}
	return nil
}

// To runs on to a position, or to where it stops before. On the way later faults strike, and a change of
// code by the first ends with the detection, as in the first execution.
func (w *Walk) To(position uint64) {
	for w.stopped == nil {
		f := &w.follows
		strikes := len(f.further) > 0 && f.further[0].Strike != nil && f.further[0].Strike.Position <= position
		lifts := f.lifts != nil && f.lifts.Position < position
		switch {
		case lifts && (!strikes || f.lifts.Position < f.further[0].Strike.Position):
			w.Past(f.lifts)
		case strikes:
			next := f.further[0]
			if w.run(next.Strike.Position); w.stopped != nil {
				return
			}
			f.further = f.further[1:]
			if w.Machine.Next() == next.Strike.CPU && w.Machine.InScope(next.Strike.CPU) {
				// It has the same result as in the first execution: ignore it.
				_, _ = faults.Inject(w.Machine, w.System.Target(), next.Plan)
			}
		case len(f.further) > 0 && f.further[0].Strike == nil:
			f.further = f.further[1:]
		default:
			w.run(position)
			return
		}
	}
}

// run goes on to a position without anything on the way.
func (w *Walk) run(position uint64) {
	for w.Machine.Position() < position {
		before := w.Machine.Position()
		stop := w.Machine.Run(w.until(faults.Until{Position: position}))
		if w.heard(stop) || stop.Reason != faults.Reached || w.Machine.Position() == before {
			return
		}
	}
}

// Past runs on until a detection has just been made.
func (w *Walk) Past(d *faults.Detection) {
	w.To(d.Position)
	lifts := w.follows.lifts
	for w.stopped == nil && w.Machine.Position() <= d.Position {
		stop := w.Machine.Run(w.until(faults.Until{Time: w.Golden.Deadline, Watched: true}))
		if !w.heard(stop) && stop.Reason != faults.Watched {
			break
		}
	}
	if w.stopped != nil && w.Machine.Position() <= d.Position {
		return
	}
	if lifts != nil {
		w.Machine.EndFlips()
		w.follows.lifts = nil
	}
}

// ToGolden brings the machine to the golden state at a position or, if the golden
// run is shorter, shortly before its end.
func (w *Walk) ToGolden(position uint64) {
	w.follows = follows{}
	g := &w.Golden.Golden
	position = min(position, g.End-1)
	best := 0
	for i := range g.Checkpoints {
		if c := &g.Checkpoints[i]; c.State != nil && c.Position <= position {
			best = i
		}
	}
	w.Restore(g.Checkpoints[best].State)
	w.To(position)
}
