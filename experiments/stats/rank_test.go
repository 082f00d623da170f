package stats

import (
	"math"
	"testing"
)

// The largest U that is significant at 5 %, two-sided, of samples of m and n
// without ties, as textbooks print it from Mann and Whitney's distribution.
func TestMannWhitneyTable(t *testing.T) {
	for _, c := range []struct{ m, n, u int }{
		{4, 4, 0}, {5, 5, 2}, {6, 6, 5}, {7, 7, 8}, {8, 8, 13}, {8, 15, 29}, {10, 10, 23}, {10, 15, 39}, {10, 20, 55}, {20, 20, 127},
	} {
		significant, _ := MannWhitney(samples(c.m, c.n, c.u))
		not, _ := MannWhitney(samples(c.m, c.n, c.u+1))
		if significant > 0.05 || not <= 0.05 {
			t.Errorf("%d and %d: U = %d has p = %.4f, U = %d has p = %.4f", c.m, c.n, c.u, significant, c.u+1, not)
		}
	}
}

// samples are m and n different values of which U pairs stand the other way round.
func samples(m, n, u int) (a, b []int64) {
	for i := range n {
		b = append(b, int64(10*(i+1)))
	}
	for i := range m { // the last ones of a lie above as many of b as they can
		over := 0
		if left := u - i*n; left > 0 {
			over = min(left, n)
		}
		a = append(a, int64(10*over+1+i%9))
	}
	for i := range a { // no two are equal
		a[i] = a[i]*100 + int64(i)
	}
	for i := range b {
		b[i] *= 100
	}
	return a, b
}

func TestMannWhitney(t *testing.T) {
	same := []int64{5, 5, 5}
	if p, ok := MannWhitney(same, same); !ok || p != 1 {
		t.Errorf("all alike: %v, %v", p, ok)
	}
	if _, ok := MannWhitney(same, nil); ok {
		t.Error("an empty sample is compared")
	}
	// By hand: of the ten choices of two of the ranks 1, 2.5, 2.5, 4 and 5 two sum up to 3.5.
	if p, _ := MannWhitney([]float64{1, 2}, []float64{2, 3, 4}); math.Abs(p-0.4) > 1e-12 {
		t.Errorf("a tie across: %v", p)
	}
}

// Of many values the normal approximation goes on where the exact count ends.
func TestMannWhitneyIsNormalForMany(t *testing.T) {
	for _, u := range []int{180, 220, 260, 300} {
		a, b := samples(25, 25, u)
		doubled, sum, ties := ranks(a, b)
		exact, normal := rankSumExact(doubled, 25, sum), rankSumNormal(25, 25, sum, ties)
		if math.Abs(exact-normal) > 0.003 {
			t.Errorf("U = %d: exact %.5f, normal %.5f", u, exact, normal)
		}
	}
	// Ties take from the variance: half of the values 0, half 1, in each sample.
	a, b := make([]int64, 100), make([]int64, 100)
	for i := range 50 {
		a[i], b[i] = 1, 1
	}
	b[99] = 1
	if p, _ := MannWhitney(a, b); p < 0.85 || p >= 1 {
		t.Errorf("one in a hundred more: %v", p)
	}
}

// The least probability is that of the one choice of ranks that is most uneven, and
// of the other way round: 2 / C(m+n, m). The normal tail knows no such bound: where
// values are equal it gives 3e-68 for 20 and 500.
func TestMannWhitneyIsNeverBelowThePossible(t *testing.T) {
	for _, c := range []struct {
		m, n  int
		least float64
		exact bool
	}{
		{1, 1, 1, true}, {1, 99, 0.02, true}, {2, 98, 2.0 / 4950, true}, {3, 997, 1.2036e-8, true},
		{20, 500, 3.371e-36, true}, {500, 20, 3.371e-36, true}, {10, 40_000, 6.912e-40, true}, {100, 20_000, 1.144e-272, true}, {250, 250, 1.713e-149, false},
	} {
		a, b := make([]int64, c.m), make([]int64, c.n)
		for i := range b {
			b[i] = 1
		}
		for range 2 { // A below B, then above
			p, _ := MannWhitney(a, b)
			if p < 0.98*c.least || c.exact && p > 1.02*c.least {
				t.Errorf("%d and %d, each of one value: p = %.3g, want %.3g", c.m, c.n, p, c.least)
			}
			a, b = b, a
		}
	}
}

// Small samples beside large ones: without ties and one of them at the k-th place of
// n+1 its probability is 2k / (n+1), which the normal approximation does not know.
func TestMannWhitneyCountsOneAmongMany(t *testing.T) {
	b := make([]float64, 999)
	for i := range b {
		b[i] = float64(i + 1)
	}
	for _, k := range []int{1, 2, 25, 400} {
		if p, _ := MannWhitney([]float64{float64(k) - 0.5}, b); math.Abs(p-2*float64(k)/1000) > 1e-12 {
			t.Errorf("place %d of 1000: p = %v", k, p)
		}
		if p, _ := MannWhitney(b, []float64{1000.5 - float64(k)}); math.Abs(p-2*float64(k)/1000) > 1e-12 {
			t.Errorf("place %d of 1000 from above: p = %v", k, p)
		}
	}
}

// R prints these: the lady tasting tea, and Fisher's twins of convicts.
func TestFisher(t *testing.T) {
	for _, c := range []struct {
		j, m, k, n int
		p          float64
	}{
		{3, 4, 1, 4, 0.485714}, {2, 17, 10, 13, 0.0005367}, {0, 5, 0, 7, 1}, {5, 5, 7, 7, 1}, {0, 5, 5, 5, 2.0 / 252},
	} {
		if p := Fisher(c.j, c.m, c.k, c.n); math.Abs(p-c.p) > 1e-6 {
			t.Errorf("%d of %d, %d of %d: %.7f, want %.7f", c.j, c.m, c.k, c.n, p, c.p)
		}
	}
}
