package step

import (
	"context"
	"slices"

	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
)

// timeline shows the course of the golden run and of this one on one scale: what each
// processor does, and events.
func timeline() *pane {
	p := slowly(facts(pane{name: "Timeline", key: "0", slot: topSlot, about: "both runs on one scale, what each processor does, events: F fault, D detection, | step, C complete, r a processor runs a VM again, : line, p probe, e a VM ends, E end; [ and ] zoom"}, gatherTimeline, drawTimeline), laterTimeline)
	p.press = pressTimeline
	return p
}

// course is what the timeline shows.
type course struct {
	from, to recording.Position // that are seen
	along    *along             // nil: not known yet
}

// along is what processors do along a part of both runs.
type along struct {
	from, to     recording.Position
	this, golden []recording.Moment
}

// momentsSeen is at how many positions of a window the processors are looked at.
const momentsSeen = 128

func gatherTimeline(_ context.Context, d *desk) *course {
	c := &course{}
	c.from, c.to = d.of.window(d.ask.Zoom, d.rec.Run.Position())
	if a := d.kept.along; a != nil && a.from == c.from && a.to == c.to {
		c.along = a
	}
	return c
}

func laterTimeline(ctx context.Context, d *desk, now *course) *course {
	if now.along != nil {
		return now
	}
	a := &along{from: now.from, to: now.to}
	var err error
	if a.golden, err = d.moments(ctx, d.rec.Golden, now.from, now); err != nil {
		return now
	}
	// Up to the fault, this run is the golden one.
	from := now.from
	if s := d.of.Row.Strike; s != nil {
		from = max(from, s.Position)
	}
	for _, m := range a.golden {
		if m.Position < from {
			a.this = append(a.this, m)
		}
	}
	after, err := d.moments(ctx, d.rec.Run, from, now)
	if err != nil {
		return now
	}
	a.this = append(a.this, after...)
	d.kept.along = a
	return &course{now.from, now.to, a}
}

// window is the part of the scale that is seen: halved so many times, and moved so that a
// position lies in it. It moves by halves of itself, and not with each step.
func (r *subject) window(zoom int, at recording.Position) (from, to recording.Position) {
	from, to = r.Start, max(r.End, r.GoldenEnd)
	if zoom == 0 {
		return from, to
	}
	length := max((to-from)>>zoom, leastWindow)
	half := length / 2
	k := (at - from) / half
	if k > 0 {
		k--
	}
	return from + k*half, from + k*half + length
}

// leastWindow is how many instructions are seen at least.
const leastWindow = 32

// moments looks at the processors along a track's part of a window, on a machine of its own.
func (d *desk) moments(ctx context.Context, of *recording.Track, from recording.Position, c *course) ([]recording.Moment, error) {
	from, to := max(from, of.Start()), min(c.to, of.End())
	if from >= to {
		return nil, nil
	}
	t, err := of.Again()
	if err != nil {
		return nil, err
	}
	return d.rec.Activity(ctx, t, from, to, max(int(momentsSeen*float64(to-from)/float64(c.to-c.from)), 1))
}

func pressTimeline(s State, k key) (State, command, bool) {
	step := []key{"Left", "Right"}
	i := slices.Index(step, k)
	if i < 0 {
		return s, nil, false
	}
	from, to := s.Run.window(s.Ask.Zoom, s.Now.At)
	by := max((to-from)/64, 1)
	if i%2 == 0 {
		return s, seek{max(s.Now.At-min(by, s.Now.At), s.Run.Start)}, true
	}
	return s, seek{min(s.Now.At+by, s.Run.End)}, true
}

// eventGlyphs are events on the timeline; of several in one place the last in this list is
// seen.
var eventGlyphs = []struct {
	kind  recording.EventKind
	glyph rune
}{{recording.Printed, ':'}, {recording.Step, '|'}, {recording.Gone, 'e'}, {recording.Probed, 'p'}, {recording.Resumption, 'r'}, {recording.Complete, 'C'}, {recording.End, 'E'}, {recording.Detection, 'D'}, {recording.Fault, 'F'}}

// probeFailed is the glyph of a probe that failed.
const probeFailed = '✗'

// activityGlyphs show what a processor does.
var activityGlyphs = map[testbed.DoingKind]rune{testbed.InVMM: '█', testbed.InNMI: '░', testbed.Idle: ' ', testbed.InGuest: '=', testbed.InUser: '─', testbed.Off: '×'}

// scale maps positions to columns.
type scale struct {
	from, to recording.Position
	w        int
}

// column is that of a position, -1 if it is not seen.
func (c scale) column(p recording.Position) int {
	if p < c.from || p > c.to {
		return -1
	}
	return int(float64(p-c.from) / float64(c.to-c.from) * float64(c.w-1))
}

// timelineLabel is how many columns stand before the scale.
const timelineLabel = 8

// timelineScale is the scale in a pane.
func timelineScale(b box, now *course) scale {
	return scale{now.from, now.to, b.w - timelineLabel - 1}
}

func drawTimeline(b box, s *State, now, _ *course) {
	const label = timelineLabel
	c := timelineScale(b, now)
	if c.w < 10 {
		return
	}
	runs := b.sub(label, 0, c.w, b.h)
	y := 0
	if b.h >= 5 { // a row for each processor
		for i := range s.Run.CPUs {
			b.text(1, y, "gold "+string(rune('0'+i%10)), style{dim: true})
			drawActivity(runs, y, c, now, s.Run, true, i)
			y++
		}
		for i := range s.Run.CPUs {
			b.text(1, y, "CPU"+string(rune('0'+i%10)), style{})
			drawActivity(runs, y, c, now, s.Run, false, i)
			y++
		}
		b.text(1, y, "events", style{})
		drawEvents(runs, y, c, s)
		drawBroken(b.sub(0, y+1, label, 1), runs.sub(0, y+1, c.w, 1), c, s)
		y += 2
	} else {
		b.text(1, 0, "golden", style{})
		drawCourse(runs, 0, c, s.Run.Start, s.Run.GoldenEnd)
		runs.set(c.column(s.Run.GoldenEnd), 0, 'E', style{bold: true})
		b.text(1, 1, "this", style{})
		drawCourse(runs, 1, c, s.Run.Start, s.Run.End)
		drawEvents(runs, 1, c, s)
		y = 2
	}
	drawHere(runs, min(y, b.h-1), c, s)
}

// drawHere shows where one stands.
func drawHere(b box, y int, c scale, s *State) {
	x := c.column(s.Now.At)
	if x < 0 {
		return
	}
	b.set(x, y, '▲', style{bold: true, color: notice})
	text := s.Now.Name + "  " + s.lastEvent()
	right, left := c.w-x-2, x-1
	if width(text) <= right || right >= left {
		b.fit(x+2, y, right, text, style{})
		return
	}
	w := min(width(text), left)
	b.fit(x-1-w, y, w, text, style{})
}

func drawCourse(b box, y int, c scale, from, to recording.Position) {
	if from >= c.to || to <= c.from {
		return
	}
	for x := c.column(max(from, c.from)); x <= c.column(min(to, c.to)); x++ {
		b.set(x, y, '·', style{dim: true})
	}
}

func drawActivity(b box, y int, c scale, now *course, r *subject, golden bool, cpu int) {
	list, end := []recording.Moment(nil), r.End
	if golden {
		end = r.GoldenEnd
	}
	if now.along != nil {
		if list = now.along.this; golden {
			list = now.along.golden
		}
	}
	if len(list) == 0 {
		drawCourse(b, y, c, r.Start, end)
		return
	}
	i := 0
	for x := max(c.column(list[0].Position), 0); x < c.w; x++ {
		p := c.from + recording.Position(float64(x)/float64(c.w-1)*float64(c.to-c.from))
		if p > end {
			break
		}
		for i+1 < len(list) && list[i+1].Position <= p {
			i++
		}
		d := list[i].CPUs[cpu]
		glyph := activityGlyphs[d.Kind]
		if (d.Kind == testbed.InUser || d.Kind == testbed.InGuest) && d.Domain >= 0 && x%6 == 3 {
			glyph = rune('0' + d.Domain%10)
		}
		b.set(x, y, glyph, style{dim: d.Kind == testbed.InUser})
	}
}

func drawEvents(b box, y int, c scale, s *State) {
	for _, g := range eventGlyphs {
		for _, e := range s.events() {
			if e.Kind != g.kind {
				continue
			}
			glyph := g.glyph
			if _, failed := e.Probe.Failed(); failed {
				glyph = probeFailed
			}
			b.set(c.column(e.Position), y, glyph, style{bold: e.Kind != recording.Printed})
		}
	}
	drawNames(b, y, c, s)
}

// drawNames writes the names of recovery steps behind their marks where there is room.
func drawNames(b box, y int, c scale, s *State) {
	for i, e := range s.Run.Events {
		x, next := c.column(e.Position), c.w
		if i+1 < len(s.Run.Events) {
			if n := c.column(s.Run.Events[i+1].Position); n >= 0 {
				next = n
			}
		}
		if room := next - x - 1; e.Kind == recording.Step && x >= 0 && room >= 3 {
			b.fit(x+1, y, room, e.Name, style{})
		}
	}
}

// drawBroken shows how many invariants are broken along the run.
func drawBroken(label, b box, c scale, s *State) {
	h := s.Known.health
	if h == nil {
		return
	}
	label.text(1, 0, "broken", style{})
	last := -1
	for i, p := range h.Positions {
		text := commas(uint64(h.Count[i]))
		if x := c.column(p); x >= 0 && x > last && (i == 0 || h.Count[i] != h.Count[i-1] || last < 0) {
			last = b.text(x, 0, text, style{bold: h.Count[i] > 0})
		}
	}
}
