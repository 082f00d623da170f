package recording

import (
	"cmp"
	"slices"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/sim"
)

// EventKind classifies Event.
type EventKind uint8

// Events of a run.
const (
	Fault      EventKind = iota // a fault is applied; Number counts them from 1
	Detection                   // a failure is detected; Number counts them from 1
	Step                        // a recovery step announces itself; Number counts the steps of one recovery from 1
	Complete                    // recovery announces that it is complete
	Resumption                  // a processor executes a VM for the first time after a detection
	Printed                     // a line has just been printed: Name; see Recording.Printed
	Probed                      // a VM has just printed how its probe ended
	Gone                        // a VM has just ended
	End                         // of the run
)

var eventKinds = [...]string{Fault: "fault", Detection: "detection", Step: "step", Complete: "complete", Resumption: "resumption", Printed: "line", Probed: "probe", Gone: "end of a VM", End: "end"}

func (k EventKind) String() string { return eventKinds[k] }

// Event is something that happened in a run, taken from its row or found by execution.
type Event struct {
	Kind      EventKind
	Number    int
	CPU       int // -1 at the end
	Position  Position
	Time      sim.Time
	Name      string       // of a step, the kind of a detection, or what was printed
	VM        string       // that printed it or ended, "VMM" for the hypervisor
	Probe     faults.Probe // how one ended
	Detection int          // number of the last detection before it, 0 = none
	Place     faults.Place
}

// eventsOf lists a row's events.
func eventsOf(row *experiments.Row, t *Track) []Event {
	if row.Strike == nil {
		return []Event{{Kind: End, Number: 1, CPU: -1, Position: t.end, Time: t.walk.Golden.Ended}}
	}
	var list []Event
	fault := func(s *faults.Strike) {
		list = append(list, Event{Kind: Fault, CPU: s.CPU, Position: s.Position, Time: s.Time, Name: s.Kind.String(), Place: s.Place})
	}
	fault(row.Strike)
	for _, f := range row.Further {
		if f.Strike != nil {
			fault(f.Strike)
		}
	}
	for _, d := range row.Detections {
		list = append(list, Event{Kind: Detection, CPU: d.CPU, Position: d.Position, Time: d.Time, Name: string(d.Kind), Place: d.Place})
	}
	for _, s := range row.Steps {
		kind := Step
		switch {
		case s.Code == faults.StepResume:
			kind = Resumption
		case s.Done:
			kind = Complete
		}
		list = append(list, Event{Kind: kind, CPU: s.CPU, Position: s.Position, Time: s.Time, Name: s.Name, Place: s.Place})
	}
	slices.SortStableFunc(list, func(a, b Event) int { return cmp.Compare(a.Position, b.Position) })
	list = append(list, Event{Kind: End, CPU: -1, Position: row.EndPosition, Time: row.EndTime})
	number(list)
	return list
}

// number counts events: steps and resumptions anew in each recovery.
func number(list []Event) {
	var count [End + 1]int
	for i := range list {
		e := &list[i]
		count[e.Kind]++
		if e.Kind == Detection {
			count[Step], count[Complete], count[Resumption] = 0, 0, 0
		}
		e.Number, e.Detection = count[e.Kind], count[Detection]
	}
}

// Event is the number-th event of a kind, in the first recovery where such are counted.
func (r *Recording) Event(k EventKind, number int) (Event, bool) {
	for _, e := range r.Events {
		if e.Kind == k && e.Number == number {
			return e, true
		}
	}
	return Event{}, false
}

// Before is the last event at a position or before it.
func (r *Recording) Before(p Position) (Event, bool) {
	i := slices.IndexFunc(r.Events, func(e Event) bool { return e.Position > p })
	switch i {
	case 0:
		return Event{}, false
	case -1:
		i = len(r.Events)
	}
	return r.Events[i-1], true
}

// Resumed is the last resumption of the first recovery: all processors execute VMs.
func (r *Recording) Resumed() (last Event, ok bool) {
	for _, e := range r.Events {
		if e.Kind == Resumption && e.Detection == 1 {
			last, ok = e, true
		}
	}
	return last, ok
}
