package step

import (
	"context"
	"fmt"

	"resvirt/experiments/recording"
)

// invariants shows what is broken in the hypervisor: now, and along the run.
func invariants() *pane {
	p := slowly(facts(pane{name: "Invariants", key: "4", slot: lowLeft, about: "what is broken now, since when, which step repairs it; Enter goes to where it broke, H to where it held again"}, gatherInvariants, drawInvariants), laterInvariants)
	p.press = pressInvariants
	return p
}

// damage is what is broken at a position.
type damage struct {
	at  recording.Position
	in  string // its name
	now []broken
	why string // nothing is known
}

// broken is an invariant that does not hold.
type broken struct{ kind, place, is, should string }

func (d *damage) title(s *State) string {
	if d == nil {
		return "Invariants"
	}
	text := fmt.Sprintf("Invariants  %d broken", len(d.now))
	if n := s.repaired(); n > 0 {
		text += fmt.Sprintf("  %d repaired", n)
	}
	if s.Now.At != d.at {
		text += "  at " + d.in
	}
	return text
}

// repaired is how many are repaired at the present position.
func (s *State) repaired() (n int) {
	if s.Known.health == nil {
		return 0
	}
	for _, b := range s.Known.health.Broken {
		if b.Until != 0 && b.Until <= s.Now.At {
			n++
		}
	}
	return n
}

// gatherInvariants gives what was found last: to look takes some time.
func gatherInvariants(_ context.Context, d *desk) *damage { return d.kept.damage }

func laterInvariants(ctx context.Context, d *desk, now *damage) *damage {
	at := d.rec.Run.Position()
	if now != nil && now.at == at {
		return now
	}
	list, err := d.rec.BrokenAt(ctx)
	if ctx.Err() != nil {
		return now
	}
	now = &damage{at: at, in: d.rec.PlaceOf(at)}
	if err != nil {
		now.why = err.Error()
	}
	for _, v := range list {
		now.now = append(now.now, broken{v.Kind.String(), v.Place, v.Is, v.Should})
	}
	d.kept.damage = now
	return now
}

// ailment is a line of the pane: an invariant that is broken now, or was, or will be.
type ailment struct {
	broken
	holds        bool               // now
	since, until recording.Position // 0 = not known, never
	repairer     string
	more         int // it stands for so many of its kind
}

// mostAlike is how many of a kind are listed one by one: a struck list breaks thousands.
const mostAlike = 4

// ailments are those of allAilments, of each kind a few and how many more there are.
func (s *State) ailments() (list []ailment) {
	type alike struct {
		kind  string
		holds bool
	}
	count := map[alike]int{}
	all := s.allAilments()
	for _, a := range all {
		count[alike{a.kind, a.holds}]++
	}
	seen := map[alike]int{}
	for _, a := range all {
		k := alike{a.kind, a.holds}
		switch seen[k]++; {
		case seen[k] <= mostAlike:
			list = append(list, a)
		case seen[k] == mostAlike+1:
			a.more = count[k] - mostAlike
			list = append(list, a)
		}
	}
	return list
}

// allAilments are those broken now, then those repaired.
func (s *State) allAilments() (list []ailment) {
	d, ok := s.Now.Facts[invariantsPane].(*damage)
	if !ok || d == nil {
		return nil
	}
	for _, b := range d.now {
		a := ailment{broken: b}
		if i := s.Known.interval(b, s.Now.At); i != nil {
			a.since, a.until = i.Since, i.Until
			a.repairer = repairer(i)
		}
		list = append(list, a)
	}
	if s.Known.health == nil {
		return list
	}
	for _, i := range s.Known.health.Broken {
		if i.Until != 0 && i.Until <= s.Now.At {
			list = append(list, ailment{broken: broken{i.Kind.String(), i.Place, i.Is, i.Should}, holds: true, since: i.Since, until: i.Until, repairer: repairer(&i)})
		}
	}
	return list
}

func repairer(i *recording.Broken) string {
	if i.Repairer == nil {
		return ""
	}
	return i.Repairer.Name
}

// interval is that in which an invariant is broken around a position.
func (k *known) interval(b broken, at recording.Position) *recording.Broken {
	if k.health == nil {
		return nil
	}
	var best *recording.Broken
	for i := range k.health.Broken {
		h := &k.health.Broken[i]
		if h.Kind.String() == b.kind && h.Place == b.place && (h.Until == 0 || at < h.Until) && (best == nil || h.Since <= at) {
			best = h
		}
	}
	return best
}

func pressInvariants(s State, k key) (State, command, bool) {
	list := s.ailments()
	r := &s.Rows[invariantsPane]
	var ok bool
	if *r, ok = r.press(k, len(list)); ok {
		return s, nil, true
	}
	if len(list) == 0 || k != "Enter" && k != "H" {
		return s, nil, false
	}
	a := list[min(r.cursor, len(list)-1)]
	to, what := a.since, "since when it is broken"
	if k == "H" {
		to, what = a.until, "where it holds again"
	}
	switch {
	case to == 0 && s.Known.health == nil:
		s.Say = "the run is still being looked through for " + what
	case to == 0 && k == "H":
		s.Say = "it is not repaired in this run"
	case to == 0:
		s.Say = "it breaks between two of the positions that were looked at"
	default:
		return s, seek{to}, true
	}
	return s, nil, true
}

func drawInvariants(b box, s *State, now, _ *damage) {
	list := s.ailments()
	switch {
	case now == nil:
		missing(b, "Looking.")
		return
	case now.why != "":
		missing(b, now.why)
		return
	case len(list) == 0 && s.Known.health == nil:
		missing(b, "All hold here. "+s.healthText())
		return
	case len(list) == 0:
		missing(b, "All hold here.")
		return
	}
	r := s.Rows[invariantsPane]
	top := r.window(len(list), b.h)
	for y := 0; y < b.h && top+y < len(list); y++ {
		drawAilment(b, y, s, list[top+y])
		if s.Focus == invariantsPane && top+y == min(r.cursor, len(list)-1) {
			b.reverse(y)
		}
	}
}

// healthText says how far the run is looked through.
func (s *State) healthText() string {
	if s.Known.why != "" {
		return s.Known.why
	}
	return "The run is being looked through."
}

func drawAilment(b box, y int, s *State, a ailment) {
	glyph, st := "✗", style{bold: true, color: bad}
	if a.holds {
		glyph, st = "✓", style{color: good}
	}
	b.text(0, y, glyph, st)
	when := ""
	switch {
	case a.holds && a.repairer != "":
		when = a.repairer
	case a.holds:
		when = "holds again"
	case a.since != 0:
		when = "since " + s.Run.eventBefore(a.since)
	}
	w, verb := min(width(when), b.w/2), "is"
	if a.holds {
		verb = "was"
	}
	if a.more > 0 {
		b.fit(2, y, b.w-2, fmt.Sprintf("and %s more of %s", commas(uint64(a.more)), a.kind), style{})
		return
	}
	b.fit(2, y, b.w-3-w, fmt.Sprintf("%s %s %s, should be %s", a.place, verb, a.is, a.should), style{})
	b.fit(b.w-w, y, w, when, style{dim: true})
}

// eventBefore names the last event before a position in a word.
func (r *subject) eventBefore(p recording.Position) string {
	name := "start"
	for _, e := range r.Events {
		if e.Position > p {
			break
		}
		switch e.Kind {
		case recording.Step:
			name = e.Name
		case recording.Fault:
			name = "F"
		case recording.Detection:
			name = "D"
		case recording.Complete:
			name = "C"
		case recording.Resumption:
			name = "R"
		case recording.End:
			name = "E"
		}
	}
	return name
}
