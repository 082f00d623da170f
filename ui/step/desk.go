package step

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"resvirt/experiments/campaign"
	"resvirt/experiments/explain"
	"resvirt/experiments/lesson"
	"resvirt/experiments/recording"
	"resvirt/experiments/store"
	"resvirt/faults"
)

// desk owns the recording. It does commands, one after the other, and gathers what
// panes show. It is used by one goroutine.
type desk struct {
	stored recording.Open
	teller campaign.Teller
	make   func(context.Context, campaign.Teller) error // makes quick.db; nil: it cannot be made

	db        *store.DB
	lesson    *lesson.Session // that is held; nil: none
	campaign  *recording.Campaign
	rec       *recording.Recording
	base      *recording.Recording            // the stored run of which rec may be a variant
	forks     map[string]*recording.Recording // variants of it, by their changes
	survivors explain.Survivors               // of base's fault
	of        *subject
	emit      func(event) // while a request is done

	ask  Ask
	cpu  int   // that is shown
	kept *kept // of rec
	all  map[*recording.Recording]*kept
}

// kept is what panes have found with much work; of one run.
type kept struct {
	along  *along
	damage *damage

	stacks   map[int]*stackAt // by processor, at one position
	stacksAt recording.Position
}

// request is a command with what the screen shows.
type request struct {
	do    command
	ask   Ask
	shown [panes]bool
	ctx   context.Context
}

// command is something that the desk does. What it returns is said on the screen;
// an error as well.
type command interface {
	do(context.Context, *desk) (say string, err error)
	busy() string // what is under way, for the row of hints
}

// elsewhere is a command that has nothing to do with the run that is open.
type elsewhere interface{ elsewhere() }

func (listBases) elsewhere() {}
func (listRuns) elsewhere()  {}
func (makeQuick) elsewhere() {}

// do does a request. Its results are events: what is known of the position, then what slow panes
// find there later.
func (d *desk) do(ctx context.Context, r request, emit func(event)) {
	of := d.of
	d.emit = emit
	say, err := r.do.do(ctx, d)
	if err != nil {
		emit(failed{err})
	}
	if _, ok := r.do.(elsewhere); ok || d.rec == nil {
		return // nothing of a run is to be shown
	}
	d.ask = r.ask
	now := d.scene()
	// A step that was broken off is shown where it ended.
	whole := context.WithoutCancel(ctx)
	d.gather(whole, r.shown, now)
	d.beside(whole, r, now)
	news := arrived{scene: now, say: say, jump: jumps(r.do)}
	if d.of != of {
		news.run, news.asides = d.of, d.asides()
	}
	emit(news)
	d.later(ctx, r.shown, now, false)
	if now.Other != nil {
		d.with(d.other(), func() { d.later(ctx, r.shown, now.Other, true) })
	}
}

// later lets panes that are shown look further.
func (d *desk) later(ctx context.Context, shown [panes]bool, now *scene, other bool) {
	for id, on := range shown {
		if p := paneID(id).pane(); on && p.later != nil && ctx.Err() == nil {
			if f := p.later(ctx, d, now.Facts[id]); ctx.Err() == nil {
				d.emit(gathered{now.At, paneID(id), f, other})
			}
		}
	}
}

// gather collects the facts of panes that are shown.
func (d *desk) gather(ctx context.Context, shown [panes]bool, to *scene) {
	for id, on := range shown {
		if on {
			to.Facts[id] = paneID(id).pane().gather(ctx, d)
		}
	}
}

// scene is what can be said of the position without panes.
func (d *desk) scene() *scene {
	t := d.rec.Run
	d.cpu = t.Next()
	if d.ask.CPU != follow && d.ask.CPU < d.of.CPUs {
		d.cpu = d.ask.CPU
	}
	s := &scene{At: t.Position(), Name: d.rec.PlaceOf(t.Position()), Time: t.Now(), CPU: d.cpu, Next: t.Next()}
	s.Place = d.stackOf(d.cpu).frames[0].Place
	return s
}

// machine is the machine of the run.
func (d *desk) machine() faults.Machine { return d.rec.Run.Machine() }

// golden is the golden run at the same position, nil if it has ended by then.
func (d *desk) golden(ctx context.Context) faults.Machine {
	t, at := d.rec.Golden, d.rec.Run.Position()
	if at > t.End() || t.Seek(ctx, at) != nil {
		return nil
	}
	return t.Machine()
}

// open opens a run of a database.
func (d *desk) open(ctx context.Context, path, setting string, index int) error {
	if d.db == nil || d.db.Path() != path {
		db, err := store.OpenReader(path)
		if err != nil {
			return err
		}
		c, err := recording.OpenCampaign(ctx, db, d.stored, d.teller)
		if err != nil {
			return errors.Join(err, db.Close())
		}
		d.close()
		d.db, d.campaign = db, c
	}
	r, err := d.campaign.Record(setting, index)
	if err != nil {
		return err
	}
	d.take(path, r)
	d.survivors, err = explain.SurvivorsOf(d.db, r)
	return err
}

// take makes a stored run the one that is stepped through, of which others may be variants.
func (d *desk) take(path string, r *recording.Recording) {
	d.base, d.forks, d.all, d.survivors = r, nil, nil, explain.Survivors{}
	d.use(path, r)
}

// use makes a recording the one that is stepped through.
func (d *desk) use(path string, r *recording.Recording) {
	if d.all == nil {
		d.all = map[*recording.Recording]*kept{}
	}
	if d.all[r] == nil {
		d.all[r] = &kept{}
	}
	d.rec, d.kept = r, d.all[r]
	d.of = &subject{
		Path: path, Row: r.Row, Setting: r.Setting, Steps: r.Lab.System.Steps(), CPUs: r.Run.Machine().CPUs(), Events: r.Events,
		Base: based{d.base.Row, d.base.Setting}, Change: changeText(r), Faultless: r.Faultless,
		Start: r.Run.Start(), End: r.Run.End(), GoldenEnd: r.Golden.End(),
	}
	d.of.Places, d.of.Structures = d.names()
}

func (d *desk) close() {
	if d.db != nil {
		d.db.Close()
	}
}

// eventText says what an event is.
func eventText(e recording.Event, r *subject) string {
	switch e.Kind {
	case recording.Step:
		return fmt.Sprintf("step %d of %d: %s", e.Number, r.stepsIn(e.Detection), e.Name)
	case recording.Complete:
		return "recovery is complete"
	case recording.Resumption:
		return fmt.Sprintf("CPU%d runs a VM again", e.CPU)
	case recording.Printed:
		return strings.TrimSpace(fmt.Sprintf("%s prints %q", e.VM, e.Name))
	case recording.Probed:
		return fmt.Sprintf("%s: %s", e.VM, e.Name)
	case recording.Gone:
		return e.VM + " has ended"
	case recording.End:
		return "end of the run"
	case recording.Detection:
		return fmt.Sprintf("detection: %s", e.Name)
	}
	return fmt.Sprintf("%s: %s", e.Kind, e.Name)
}

// stepsIn is how many steps are announced after a detection.
func (r *subject) stepsIn(detection int) (n int) {
	for _, e := range r.Events {
		if e.Kind == recording.Step && e.Detection == detection {
			n++
		}
	}
	return n
}
