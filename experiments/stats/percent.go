package stats

import (
	"fmt"
	"math"
)

// Formats shares, for all output: in percent, with one digit behind the point.
// With two digits if one of the shares that are printed together lies within a
// point of 0 or 100, and with more if two digits would round such a share to 0
// or 100.

// mostDigits bounds this: shares that are even nearer are printed as 0 or 100.
const mostDigits = 6

// Digits is the number of digits for shares that are printed together.
func Digits(shares ...float64) int {
	most := 1
	for _, s := range shares {
		most = max(most, digitsOf(s))
	}
	return most
}

// digitsOf is the number of digits for one share. Differences are shares with a
// sign.
func digitsOf(share float64) int {
	share = math.Abs(share)
	away := 100 * min(share, 1-share)
	if away <= 0 || away >= 1 {
		return 1
	}
	d := 2
	for d < mostDigits && math.Round(away*math.Pow10(d)) == 0 {
		d++
	}
	return d
}

// Rate is "12/40 30.0 % [16.6, 46.5]": k of n and the Clopper-Pearson interval.
func Rate(k, n int) string {
	if n == 0 {
		return "0/0 -"
	}
	return fmt.Sprintf("%d/%d ", k, n) + shareText(k, n, ClopperPearson(k, n))
}

// shareText is "30.0 % [16.6, 46.5]".
func shareText(k, n int, i Interval) string {
	p := float64(k) / float64(n)
	d := Digits(p, i.Low, i.High)
	return fmt.Sprintf("%.*f %% [%.*f, %.*f]", d, 100*p, d, 100*i.Low, d, 100*i.High)
}

// Percent is "30.0 %".
func Percent(share float64) string {
	return fmt.Sprintf("%.*f %%", Digits(share), 100*share)
}

// PercentOf is "30.0 %": k of n, 0 of none.
func PercentOf[T int | uint64](k, n T) string {
	return Percent(float64(k) / float64(max(n, 1)))
}

// Offsets is "98.90 -0.85/+0.55": percent and how far the Clopper-Pearson
// interval reaches down and up, as the papers print it.
func Offsets(k, n int) string {
	if n == 0 {
		return "-"
	}
	p, i := float64(k)/float64(n), ClopperPearson(k, n)
	d := Digits(p, i.Low, i.High)
	return fmt.Sprintf("%.*f -%.*f/+%.*f", d, 100*p, d, 100*(p-i.Low), d, 100*(i.High-p))
}

// Points is "+0.52 [+0.37, +0.66]": a difference of shares in points of percent.
func Points(difference float64, i Interval) string {
	d := Digits(difference, i.Low, i.High)
	return fmt.Sprintf("%+.*f [%+.*f, %+.*f]", d, 100*difference, d, 100*i.Low, d, 100*i.High)
}

// PointsInterval is "[+0.37, +0.66]".
func PointsInterval(i Interval) string {
	d := Digits(i.Low, i.High)
	return fmt.Sprintf("[%+.*f, %+.*f]", d, 100*i.Low, d, 100*i.High)
}
