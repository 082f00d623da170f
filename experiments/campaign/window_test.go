package campaign

import (
	"testing"

	"resvirt/sim"
)

func TestWindowed(t *testing.T) {
	beats := []beat{{100, 10}, {200, 20}, {300, 120}}
	for _, c := range []struct {
		from, to, want uint64
	}{{100, 300, 110}, {150, 250, 55}, {0, 150, 5}, {250, 900, 50}, {200, 200, 0}} {
		if got := windowed(beats, sim.Time(c.from), sim.Time(c.to)); got != c.want {
			t.Errorf("%d to %d: %d, want %d", c.from, c.to, got, c.want)
		}
	}
}
