package step

import (
	"context"
	"fmt"
	"slices"

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
type broken struct {
	where  recording.Where
	is     string
	should string
	way    string // that it is only under way; "" = it is broken by the fault
}

// underWay is said of what other processors are about.
const (
	underWay      = "under way"
	underWayThere = "in golden too"
)

func (d *damage) title(s *State) string {
	if d == nil {
		return "Invariants"
	}
	n := 0
	for _, b := range d.now {
		if b.way != "" {
			n++
		}
	}
	text := fmt.Sprintf("Invariants  %d broken", len(d.now)-n)
	if n > 0 {
		text += fmt.Sprintf(", %d under way", n)
	}
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
	list, err := d.rec.DamageAt(ctx)
	if ctx.Err() != nil {
		return now
	}
	now = &damage{at: at, in: d.rec.PlaceOf(at)}
	if err != nil {
		now.why = err.Error()
	}
	add := func(list []recording.Violation, way string) {
		for _, v := range list {
			now.now = append(now.now, brokenOf(v, way))
		}
	}
	add(list.Broken, "")
	add(list.Passes, underWay)
	add(list.Golden, underWayThere)
	d.kept.damage = now
	return now
}

func brokenOf(v recording.Violation, way string) broken {
	return broken{v.Where(), v.Is, v.Should, way}
}

// ailment is a line of the pane: an invariant that is broken now, or was, or will be.
type ailment struct {
	broken
	holds        bool               // now
	since, until recording.Position // 0 = not known, never
	exact        bool               // since is the first position; else it was found there first
	repairer     string
	more         int // it stands for so many of its kind
}

// mostAlike is how many of a kind are listed one by one: a struck list breaks thousands.
const mostAlike = 4

// ailments are those of allAilments, of each kind a few and how many more there are.
func (s *State) ailments() (list []ailment) {
	type alike struct {
		kind  recording.ViolationKind
		holds bool
		way   string
	}
	count := map[alike]int{}
	all := s.allAilments()
	for _, a := range all {
		count[alike{a.where.Kind, a.holds, a.way}]++
	}
	seen := map[alike]int{}
	for _, a := range all {
		k := alike{a.where.Kind, a.holds, a.way}
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
		if i := s.Known.interval(b, s.Now.At); i != nil && b.way == "" {
			a.since, a.until, a.exact = i.Since, i.Until, i.Exact
			a.repairer = repairer(i)
		}
		list = append(list, a)
	}
	if s.Known.health == nil {
		return list
	}
	for _, i := range s.Known.health.Broken {
		if i.Until != 0 && i.Until <= s.Now.At {
			list = append(list, ailment{broken: brokenOf(i.Violation, ""), holds: true, since: i.Since, exact: i.Exact, until: i.Until, repairer: repairer(&i)})
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
	for i := range k.health.Broken {
		if h := &k.health.Broken[i]; h.Where() == b.where && h.Since <= at && (h.Until == 0 || at < h.Until) {
			return h
		}
	}
	return nil
}

// lookBefore is the last position at which the invariants were looked at, before another one.
func (k *known) lookBefore(p, start recording.Position) recording.Position {
	if k.health != nil {
		for _, q := range slices.Backward(k.health.Positions) {
			if q < p {
				return q
			}
		}
	}
	return start
}

// findBreak goes to where an invariant breaks.
type findBreak struct {
	where    recording.Where
	from, at recording.Position
}

func (c findBreak) busy() string { return "looking for where " + c.where.Place + " breaks" }

func (c findBreak) do(ctx context.Context, d *desk) (string, error) {
	at, err := d.rec.BreaksAt(ctx, c.where, c.from, c.at)
	return fmt.Sprintf("%s is broken from %s on; u goes back", c.where.Place, d.rec.PlaceOf(at)), err
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
	case a.way != "":
		s.Say = "this is under way and not broken: it holds again when the processor has done what it is about"
	case to == 0 && k == "H":
		s.Say = "it is not repaired in this run"
	case to == 0:
		return s, findBreak{a.where, s.Known.lookBefore(s.Now.At, s.Run.Start), s.Now.At}, true
	case k == "Enter" && !a.exact:
		return s, findBreak{a.where, s.Known.lookBefore(a.since, s.Run.Start), a.since}, true
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
	switch {
	case a.holds:
		glyph, st = "✓", style{color: good}
	case a.way != "":
		glyph, st = "~", style{}
	}
	b.text(0, y, glyph, st)
	when := ""
	switch {
	case a.holds && a.repairer != "":
		when = a.repairer
	case a.holds:
		when = "holds again"
	case a.way != "":
		when = a.way
	case a.since != 0 && a.exact:
		when = "since " + s.Known.names[a.since]
	case a.since != 0:
		when = "by " + s.Known.names[a.since]
	}
	w, verb := min(width(when), b.w/2), "is"
	if a.holds {
		verb = "was"
	}
	if a.more > 0 {
		b.fit(2, y, b.w-2, fmt.Sprintf("and %s more of %s", commas(uint64(a.more)), a.where.Kind), style{})
		return
	}
	b.fit(2, y, b.w-3-w, fmt.Sprintf("%s %s %s, should be %s", a.where.Place, verb, a.is, a.should), style{})
	b.fit(b.w-w, y, w, when, style{dim: true})
}
