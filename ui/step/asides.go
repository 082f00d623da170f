package step

import (
	"context"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/explain"
	"resvirt/experiments/recording"
)

// aside finds something that holds for the whole run, on machines of its own.
type aside func(context.Context) learned

// learned adds to the state what an aside has found.
type learned struct {
	of  *experiments.Row // the run it is of
	add func(State) State
}

func (learned) event() {}

// known is what asides have found.
type known struct {
	events  []recording.Event             // those of the row, and lines, probes and ends of VMs; nil: not yet
	health  *recording.Health             // nil: not yet, or why says why not
	names   map[recording.Position]string // of the positions at which invariants break
	why     string
	chain   []explain.Link // of causes; nil: not yet, or noChain says why there is none
	noChain string
	parted  string   // where run and golden run first execute different instructions; "" = not known yet
	tries   []string // steps that would help, so that they are tried first
	proof   string   // whether the run executed again is that of the row; "" = not known yet
}

// asides are those of the run that is open.
func (d *desk) asides() []aside {
	r, c := d.rec, d.campaign
	health := func(ctx context.Context) learned {
		h, err := r.Health(ctx, nil)
		names := map[recording.Position]string{}
		if err == nil {
			for _, b := range h.Broken {
				names[b.Since] = r.PlaceOf(b.Since)
			}
		}
		return learned{r.Row, func(s State) State {
			if s.Known.health, s.Known.names = h, names; err != nil {
				s.Known.health, s.Known.why = nil, err.Error()
			}
			return s
		}}
	}
	proof := func(ctx context.Context) learned {
		if r.Faultless {
			return learned{r.Row, func(s State) State { s.Known.proof = "ends as the golden run"; return s }}
		}
		text := "replay = row"
		switch differences, err := c.Check(ctx, r); {
		case err != nil:
			text = err.Error()
		case len(differences) > 0:
			text = "DIFFERENT from the row: " + strings.Join(differences, "; ")
		case !r.Change.None():
			text = "executed now, not stored"
		}
		return learned{r.Row, func(s State) State { s.Known.proof = text; return s }}
	}
	if r.Row.Strike == nil {
		return []aside{proof, d.printed()}
	}
	found := &explained{}
	list := []aside{proof, d.printed(), d.parted(), health, d.chained(found)}
	if r == d.base {
		list = append(list, d.helpful(found))
	}
	return list
}

// printed finds what no row has: lines, probes, ends of VMs.
func (d *desk) printed() aside {
	r := d.rec
	return func(ctx context.Context) learned {
		list, err := r.Printed(ctx)
		return learned{r.Row, func(s State) State {
			if err == nil {
				s.Known.events = recording.Merged(r.Events, list)
			}
			return s
		}}
	}
}

// events are those of the run as far as they are known.
func (s *State) events() []recording.Event {
	if s.Known.events != nil {
		return s.Known.events
	}
	return s.Run.Events
}

// lastEvent says in words what the last event at the present position or before it is.
func (s *State) lastEvent() string {
	text := ""
	for _, e := range s.events() {
		if e.Position > s.Now.At {
			break
		}
		text = eventText(e, s.Run)
	}
	return text
}

// parted finds where the run leaves the golden one.
func (d *desk) parted() aside {
	r := d.rec
	return func(ctx context.Context) learned {
		text := partedText(ctx, r)
		return learned{r.Row, func(s State) State { s.Known.parted = text; return s }}
	}
}

func partedText(ctx context.Context, r *recording.Recording) string {
	run, err := r.Run.Again()
	if err != nil {
		return err.Error()
	}
	golden, err := r.Golden.Again()
	if err != nil {
		return err.Error()
	}
	switch p, ok, err := recording.Part(ctx, run, golden, r.Row.Strike.Position); {
	case err != nil:
		return ""
	case !ok:
		return "never parted"
	case p.Exact:
		return "parted at " + r.PlaceOf(p.Position)
	default:
		return "parted by " + r.PlaceOf(p.Position)
	}
}

// untold is for work beside the screen, of which nothing is told.
var untold campaign.Teller
