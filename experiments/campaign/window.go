package campaign

import (
	"sort"

	"resvirt/sim"
)

// beat is how many instructions of the target had retired at a time.
type beat struct {
	time  sim.Time
	count uint64
}

// windowed counts the target's instructions between two times of a run that was
// sampled now and then. Between two samples it interpolates.
func windowed(beats []beat, from, to sim.Time) uint64 {
	return countAt(beats, to) - countAt(beats, from)
}

func countAt(beats []beat, t sim.Time) uint64 {
	i := sort.Search(len(beats), func(i int) bool { return beats[i].time >= t })
	switch {
	case len(beats) == 0:
		return 0
	case i == 0:
		return beats[0].count
	case i == len(beats):
		return beats[i-1].count
	}
	a, b := beats[i-1], beats[i]
	return a.count + uint64(float64(b.count-a.count)*float64(t-a.time)/float64(b.time-a.time))
}

// window is the part of the span in which faults' times lie.
func (g *GoldenRun) window(percent []uint64) (from, to sim.Time) {
	length := g.Span.End - g.Span.Start
	at := func(p uint64) sim.Time { return g.Span.Start + length*sim.Time(p)/100 }
	return at(percent[0]), at(percent[1])
}
