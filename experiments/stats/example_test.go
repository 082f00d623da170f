package stats_test

import (
	"fmt"

	"resvirt/experiments/stats"
)

// The interval of 500 recoveries in 500 failures.
func ExampleClopperPearson() {
	i := stats.ClopperPearson(500, 500)
	fmt.Printf("%.2f to %.2f %%\n", 100*i.Low, 100*i.High)
	// Output: 99.26 to 100.00 %
}

// Of 1000 faults, 12 do harm under the first setting alone, 2 under the second alone.
func ExamplePairedDifference() {
	i := stats.PairedDifference(12, 2, 1000)
	fmt.Printf("%+.2f to %+.2f points, p = %.3f\n", 100*i.Low, 100*i.High, stats.McNemar(12, 2))
	// Output: +0.24 to +1.75 points, p = 0.013
}
