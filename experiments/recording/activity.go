package recording

import (
	"context"

	"resvirt/experiments/testbed"
	"resvirt/sim"
)

// Moment is what all processors do at a position.
type Moment struct {
	Position Position
	Time     sim.Time
	Next     int // the processor that is about to run
	CPUs     []testbed.Doing
}

// Activity looks at n positions that are spread evenly over a part of a track, from its
// first position on. The machine is at the last of them afterwards. What begins and ends
// between two of them is not seen.
func (r *Recording) Activity(ctx context.Context, t *Track, from, to Position, n int) ([]Moment, error) {
	list := make([]Moment, 0, n)
	for i := range n {
		p := from + uint64(float64(to-from)*float64(i)/float64(n))
		if err := t.Seek(ctx, p); err != nil {
			return list, err
		}
		list = append(list, r.Moment(t))
	}
	return list, nil
}

// Moment is what the processors do where a track's machine stands.
func (r *Recording) Moment(t *Track) Moment {
	m := Moment{Position: t.Position(), Time: t.Now(), Next: t.Next()}
	for i := range t.Machine().CPUs() {
		m.CPUs = append(m.CPUs, r.Guests.Doing(t.Machine(), i))
	}
	return m
}

// Again is a second machine on the same course, at its start or at the fault: for work
// beside that of the first one.
func (t *Track) Again() (*Track, error) {
	if t.row == nil {
		return goldenTrack(t.walk.Lab), nil
	}
	return trackOf(t.walk.Lab, t.row, t.setting)
}
