package step

import (
	"context"

	"resvirt/experiments/recording"
)

// timeline shows the course of the golden run and of this one on one scale, with events.
func timeline() *pane {
	p := facts(pane{name: "Timeline", key: "0", slot: topSlot, about: "events on the scale of both runs; [ and ] zoom"}, gatherTimeline, drawTimeline)
	return p
}

// course is what the timeline shows.
type course struct {
	from, to recording.Position // that are seen
}

func gatherTimeline(_ context.Context, d *desk) *course {
	from, to := d.of.window(d.ask.Zoom, d.rec.Run.Position())
	return &course{from, to}
}

// timelineRows is how many rows the pane has where there is room.
func (r *subject) timelineRows() int { return 6 + r.CPUs }

// window is the part of the scale that is seen: halved so many times, and moved so that a
// position lies in it.
func (r *subject) window(zoom int, at recording.Position) (from, to recording.Position) {
	from, to = r.Start, max(r.End, r.GoldenEnd)
	length := (to - from) >> zoom
	if zoom == 0 || length < 1 {
		length = max(length, 1)
	}
	// Windows are aligned, so that they do not move with each step.
	half := max(length/2, 1)
	if zoom > 0 {
		k := (at - from) / half
		from += min(max(k, 1)-1, (to-from)/half) * half
		to = from + length
	}
	return from, to
}

// names of events on the timeline.
var eventGlyph = map[recording.EventKind]rune{recording.Fault: 'F', recording.Detection: 'D', recording.Step: '|', recording.Complete: 'C', recording.Resumption: 'R', recording.End: 'E'}

func drawTimeline(b box, s *State, now, _ *course) {
	const label = 8
	w := b.w - label
	if w < 10 {
		return
	}
	column := func(p recording.Position) int {
		if p < now.from || p > now.to {
			return -1
		}
		return int(float64(p-now.from) / float64(now.to-now.from) * float64(w-1))
	}
	runs := b.sub(label, 0, w, b.h)
	b.text(1, 0, "golden", style{})
	drawCourse(runs, 0, column(max(now.from, s.Run.Start)), column(min(now.to, s.Run.GoldenEnd)))
	if x := column(s.Run.GoldenEnd); x >= 0 {
		runs.set(x, 0, 'E', style{bold: true})
	}
	b.text(1, 1, "this", style{})
	drawCourse(runs, 1, column(max(now.from, s.Run.Start)), column(min(now.to, s.Run.End)))
	for _, e := range s.Run.Events {
		if x := column(e.Position); x >= 0 {
			runs.set(x, 1, eventGlyph[e.Kind], style{bold: true})
		}
	}
	if x := column(s.Now.At); x >= 0 {
		runs.set(x, 2, '▲', style{bold: true, color: notice})
		text := s.Now.Name + "  " + commas(s.Now.At)
		if x+2+width(text) < w {
			runs.text(x+2, 2, text, style{})
		} else {
			runs.right(x-1, 2, text, style{})
		}
	}
}

func drawCourse(b box, y, from, to int) {
	for x := max(from, 0); x <= to; x++ {
		b.set(x, y, '·', style{dim: true})
	}
}
