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

// Above mostExact the normal approximation goes on where the exact count ends.
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
