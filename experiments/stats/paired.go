package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// PairedDifference is the 95 % interval of the difference of two proportions
// that were observed on the same n things: only10 of them have the property
// under the first condition alone, only01 under the second alone (Agresti and
// Min, Statistics in Medicine 24, 2005: Wald's interval with half a thing more in
// each of the four classes).
func PairedDifference(only10, only01, n int) Interval {
	const z = 1.959963984540054
	a, b, N := float64(only10)+0.5, float64(only01)+0.5, float64(n)+2
	d := (a - b) / N
	half := z * math.Sqrt(a+b-(a-b)*(a-b)/N) / N
	return Interval{max(-1, d-half), min(1, d+half)}
}

// McNemar is the exact two-sided probability of a split at least as uneven when
// both classes of discordant pairs are equally likely (McNemar, Psychometrika
// 12, 1947, with the binomial distribution in place of its approximation).
func McNemar(only10, only01 int) float64 {
	n := only10 + only01
	if n == 0 {
		return 1
	}
	return min(1, 2*distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(min(only10, only01))))
}
