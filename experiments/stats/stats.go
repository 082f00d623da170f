package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Interval is a two-sided 95 % confidence interval of a proportion.
type Interval struct{ Low, High float64 }

// ClopperPearson is the exact interval for k successes in n, which claims use
// (Clopper and Pearson, Biometrika 26, 1934): quantiles of beta distributions.
func ClopperPearson(k, n int) Interval {
	i := Interval{0, 1}
	if k > 0 {
		i.Low = mathext.InvRegIncBeta(float64(k), float64(n-k+1), 0.025)
	}
	if k < n {
		i.High = mathext.InvRegIncBeta(float64(k+1), float64(n-k), 0.975)
	}
	return i
}

// Wilson is the score interval (Wilson, JASA 22, 1927), which moving displays use.
func Wilson(k, n int) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	const z = 1.959963984540054
	p, N := float64(k)/float64(n), float64(n)
	centre := (p + z*z/(2*N)) / (1 + z*z/N)
	half := z / (1 + z*z/N) * math.Sqrt(p*(1-p)/N+z*z/(4*N*N))
	return Interval{max(0, centre-half), min(1, centre+half)}
}

// Newcombe is the interval for the difference of two independent proportions,
// j in m less k in n: the hybrid of their score intervals (Newcombe, Statistics
// in Medicine 17, 1998, method 10).
func Newcombe(j, m, k, n int) Interval {
	a, b := Wilson(j, m), Wilson(k, n)
	if m == 0 || n == 0 {
		return Interval{-1, 1}
	}
	p, q := float64(j)/float64(m), float64(k)/float64(n)
	return Interval{p - q - math.Hypot(p-a.Low, b.High-q), p - q + math.Hypot(a.High-p, q-b.Low)}
}

// Homogeneous is the probability that proportions k of n differ at least as much
// as these where all are the same: Pearson's chi-square test. ok is false where
// nothing can be compared.
func Homogeneous(k, n []int) (p float64, ok bool) {
	sum, all, groups := 0, 0, 0
	for i := range n {
		sum, all = sum+k[i], all+n[i]
		if n[i] > 0 {
			groups++
		}
	}
	if groups < 2 || sum == 0 || sum == all {
		return 0, false
	}
	x, q := 0.0, float64(sum)/float64(all)
	for i := range n {
		if n[i] > 0 {
			d := float64(k[i]) - q*float64(n[i])
			x += d * d / (q * (1 - q) * float64(n[i]))
		}
	}
	return mathext.GammaIncRegComp(float64(groups-1)/2, x/2), true
}

// Quantile is the smallest element that is not below a fraction q of the list;
// ok is false when the list is empty. It sorts the list.
func Quantile[T cmp.Ordered](list []T, q float64) (t T, ok bool) {
	if len(list) == 0 {
		return t, false
	}
	slices.Sort(list)
	rank := int(math.Ceil(q * float64(len(list))))
	return list[max(rank, 1)-1], true
}
