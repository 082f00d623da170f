package step

import (
	"testing"

	"resvirt/faults"
)

// benchmarked is a recovered run with all panes.
func benchmarked(b *testing.B) *session {
	x := opened(b, 160, 48, "full", faults.Recovered)
	x.keys("D")
	return x
}

// A step either way, until the screen is painted.
func BenchmarkStep(b *testing.B) {
	for _, k := range []key{".", ",", "l", "L", "n", "N"} {
		b.Run(string(k), func(b *testing.B) {
			x := benchmarked(b)
			for b.Loop() {
				x.keys(k)
				draw(&x.s)
			}
		})
	}
}

// What each pane needs at a position.
func BenchmarkGather(b *testing.B) {
	for id, p := range thePanes {
		b.Run(p.name, func(b *testing.B) {
			x := benchmarked(b)
			for b.Loop() {
				paneID(id).pane().gather(b.Context(), x.d)
			}
		})
	}
}
