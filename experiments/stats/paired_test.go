package stats

import (
	"math"
	"testing"
)

// By hand from the formulas of Agresti and Min: 40 and 20 discordant pairs of 160.
func TestPairedDifference(t *testing.T) {
	for _, c := range []struct {
		only10, only01, n int
		low, high         float64
	}{
		{20, 40, 160, -0.21602, -0.03090},
		{0, 0, 98, -0.019599, 0.019599}, // two halves of a pair in 100
		{0, 1, 1, -1, 0.51010},
	} {
		i := PairedDifference(c.only10, c.only01, c.n)
		if math.Abs(i.Low-c.low) > 5e-5 || math.Abs(i.High-c.high) > 5e-5 {
			t.Errorf("%d and %d of %d: [%.5f, %.5f], want [%.5f, %.5f]", c.only10, c.only01, c.n, i.Low, i.High, c.low, c.high)
		}
	}
}

// How often the interval holds the true difference, summed over all outcomes of
// 30 pairs, is near 95 %.
func TestPairedDifferenceCovers(t *testing.T) {
	const n = 30
	for _, c := range [][2]float64{{0.2, 0.1}, {0.3, 0.3}, {0.05, 0.15}, {0.4, 0.05}} {
		covered := 0.0
		for a := 0; a <= n; a++ {
			for b := 0; a+b <= n; b++ {
				if i := PairedDifference(a, b, n); i.Low <= c[0]-c[1] && c[0]-c[1] <= i.High {
					covered += binomial(n, a, c[0]) * binomial(n-a, b, c[1]/(1-c[0]))
				}
			}
		}
		if covered < 0.93 || covered > 0.99 {
			t.Errorf("shares %v: the interval holds the difference in %.4f of all cases", c, covered)
		}
	}
}

func TestMcNemar(t *testing.T) {
	for _, c := range []struct {
		only10, only01 int
		p              float64
	}{{0, 0, 1}, {5, 5, 1}, {0, 5, 0.0625}, {5, 0, 0.0625}, {1, 9, 22.0 / 1024}, {0, 1, 1}} {
		if p := McNemar(c.only10, c.only01); math.Abs(p-c.p) > 1e-12 {
			t.Errorf("%d against %d: %g, want %g", c.only10, c.only01, p, c.p)
		}
	}
}
