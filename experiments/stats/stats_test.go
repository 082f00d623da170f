package stats

import (
	"math"
	"testing"

	"resvirt/sim"
)

func TestClopperPearson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 1 - math.Pow(0.025, 0.1)}, // closed form
		{10, 10, math.Pow(0.025, 0.1), 1},
		{5, 10, 0.1871, 0.8129},
		{989, 1000, 0.9804, 0.9945}, // 98.90 (-0.86/+0.55), Zhou and Tamir, DSN 2018
		{986, 1000, 0.9766, 0.9923}, // 98.60 (-0.94/+0.63), same source
	} {
		i := ClopperPearson(c.k, c.n)
		if math.Abs(i.Low-c.low) > 6e-5 || math.Abs(i.High-c.high) > 6e-5 {
			t.Errorf("%d of %d: [%.5f, %.5f], want [%.5f, %.5f]", c.k, c.n, i.Low, i.High, c.low, c.high)
		}
	}
}

// The bounds are defined by tails of 2.5 %; here they are summed up.
func TestClopperPearsonTails(t *testing.T) {
	for _, c := range [][2]int{{1, 7}, {3, 20}, {19, 20}, {40, 111}} {
		k, n := c[0], c[1]
		i := ClopperPearson(k, n)
		above, below := 0.0, 0.0
		for j := k; j <= n; j++ {
			above += binomial(n, j, i.Low)
		}
		for j := 0; j <= k; j++ {
			below += binomial(n, j, i.High)
		}
		if math.Abs(above-0.025) > 1e-9 || math.Abs(below-0.025) > 1e-9 {
			t.Errorf("%d of %d: tails %g and %g", k, n, above, below)
		}
	}
}

func binomial(n, k int, p float64) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return math.Exp(lg(n) - lg(k) - lg(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

func TestWilson(t *testing.T) {
	if i := Wilson(0, 0); i != (Interval{0, 1}) {
		t.Errorf("nothing seen: %v", i)
	}
	// Brown, Cai and DasGupta, Statistical Science 16, 2001: 8 of 10.
	if i := Wilson(8, 10); math.Abs(i.Low-0.4902) > 1e-4 || math.Abs(i.High-0.9433) > 1e-4 {
		t.Errorf("8 of 10: %v", i)
	}
}

func TestQuantile(t *testing.T) {
	list := []sim.Time{5, 1, 4, 2, 3}
	for _, c := range []struct {
		q    float64
		want sim.Time
	}{{0.5, 3}, {0.95, 5}, {0.2, 1}, {0.21, 2}, {0, 1}} {
		if got, ok := Quantile(list, c.q); !ok || got != c.want {
			t.Errorf("quantile %g: %v, want %v", c.q, got, c.want)
		}
	}
	if _, ok := Quantile([]sim.Time(nil), 0.5); ok {
		t.Error("an empty list has a median")
	}
}

// Differences from Newcombe's table II, method 10.
func TestNewcombe(t *testing.T) {
	for _, c := range []struct {
		j, m, k, n int
		low, high  float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
		{6, 7, 2, 7, 0.0582, 0.8062},
		{5, 56, 0, 29, -0.0381, 0.1926},
		{0, 10, 0, 20, -0.1611, 0.2775},
		{10, 10, 0, 10, 0.6075, 1},
	} {
		i := Newcombe(c.j, c.m, c.k, c.n)
		if math.Abs(i.Low-c.low) > 0.00006 || math.Abs(i.High-c.high) > 0.00006 {
			t.Errorf("%d/%d - %d/%d: %.4f", c.j, c.m, c.k, c.n, i)
		}
	}
}

// 56/70 and 48/80: chi-square 0.2²/(0.6933·0.3067·(1/70 + 1/80)) = 7.024 with one degree of freedom.
func TestHomogeneous(t *testing.T) {
	if p, ok := Homogeneous([]int{56, 48, 0}, []int{70, 80, 0}); !ok || math.Abs(p-0.00804) > 0.00001 {
		t.Errorf("%v, %v", p, ok)
	}
	if p, ok := Homogeneous([]int{5, 5, 5}, []int{10, 10, 10}); !ok || p != 1 {
		t.Errorf("%v, %v", p, ok)
	}
	if _, ok := Homogeneous([]int{5, 5}, []int{5, 5}); ok {
		t.Error("all alike, and compared")
	}
}
