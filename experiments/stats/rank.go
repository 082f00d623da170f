package stats

import (
	"math"
	"slices"
)

// Tests of two independent samples: of times by ranks, of counts by Fisher.

// mostSteps bounds the work of counting choices of ranks, a tenth of a second. Of two
// large samples the sum of ranks is normal enough. Of a large and a small one it is
// not, above all where many values are equal, and those are counted.
const mostSteps = 100e6

// MannWhitney is the two-sided probability of ranks at least as uneven when both
// samples are of the same distribution (Mann and Whitney, Annals of Mathematical
// Statistics 18, 1947): twice that of the tail. Equal values share the mean of
// their ranks. ok is false where a sample is empty.
func MannWhitney[T int64 | float64](a, b []T) (p float64, ok bool) {
	if len(a) == 0 || len(b) == 0 {
		return 0, false
	}
	if len(a) > len(b) {
		a, b = b, a // counting chooses the ranks of the smaller sample
	}
	doubled, sum, ties := ranks(a, b)
	if mean := len(a) * (len(doubled) + 1); sum > mean {
		sum = 2*mean - sum
		for i, r := range doubled {
			doubled[i] = 2*(len(doubled)+1) - r
		}
	}
	if float64(len(doubled))*float64(len(a))*float64(sum) <= mostSteps {
		return rankSumExact(doubled, len(a), sum), true
	}
	// No tail is less likely than the one choice that is most uneven.
	least := 2 * math.Exp(-choose(len(doubled), len(a)))
	return max(least, rankSumNormal(len(a), len(b), sum, ties)), true
}

// ranks of the values of both samples together, doubled so that they are whole;
// their sum over the first sample; and the sum of t³ - t over groups of t equal
// values.
func ranks[T int64 | float64](a, b []T) (doubled []int, sum int, ties float64) {
	type value struct {
		v     T
		first bool
	}
	var all []value
	for _, v := range a {
		all = append(all, value{v, true})
	}
	for _, v := range b {
		all = append(all, value{v, false})
	}
	slices.SortFunc(all, func(x, y value) int {
		switch {
		case x.v < y.v:
			return -1
		case x.v > y.v:
			return 1
		}
		return 0
	})
	doubled = make([]int, len(all))
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].v == all[from].v {
			to++
		}
		for i := from; i < to; i++ {
			doubled[i] = from + 1 + to // the ranks are from+1 to to
			if all[i].first {
				sum += doubled[i]
			}
		}
		t := float64(to - from)
		ties += t*t*t - t
		from = to
	}
	return doubled, sum, ties
}

// rankSumExact counts the choices of n of the ranks with a sum of at most sum, which
// is no larger than the mean, and the mirror's.
func rankSumExact(doubled []int, n, sum int) float64 {
	// ways[k][s]: choices of k ranks that sum up to s.
	ways := make([][]float64, n+1)
	for k := range ways {
		ways[k] = make([]float64, sum+1)
	}
	ways[0][0] = 1
	for _, r := range doubled {
		for k := n; k > 0; k-- {
			for s := sum; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	tail, all := 0.0, 1.0
	for _, w := range ways[n] {
		tail += w
	}
	for k := range n { // in this order each is a whole number
		all = all * float64(len(doubled)-k) / float64(k+1)
	}
	return min(1, 2*tail/all)
}

// rankSumNormal is the normal approximation, corrected for ties and for continuity.
func rankSumNormal(m, n, sum int, ties float64) float64 {
	M, N := float64(m), float64(n)
	all := M + N
	variance := M * N / 12 * (all + 1 - ties/(all*(all-1)))
	away := math.Abs(float64(sum)/2-M*(all+1)/2) - 0.5
	if variance <= 0 || away <= 0 {
		return 1
	}
	return math.Erfc(away / math.Sqrt(2*variance))
}

// Fisher is the two-sided probability of j in m beside k in n when both have the
// same chance: the sum over all tables with these margins that are no likelier
// (Fisher's exact test). Tables as likely but for rounding count.
func Fisher(j, m, k, n int) float64 {
	hits := j + k
	log := func(x int) float64 {
		return choose(m, x) + choose(n, hits-x) - choose(m+n, hits)
	}
	here, p := log(j), 0.0
	for x := max(0, hits-n); x <= min(m, hits); x++ {
		if l := log(x); l <= here+1e-7 {
			p += math.Exp(l)
		}
	}
	return min(1, p)
}

// choose is the logarithm of n over k.
func choose(n, k int) float64 {
	g := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return g(n) - g(k) - g(n-k)
}
