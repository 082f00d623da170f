package bench

import (
	"testing"
	"time"

	"resvirt/hw/machine"
)

// BenchmarkHooks compares a run without hooks with one in which an address is
// watched that is never executed: this is the cost of hooks that do not strike.
func BenchmarkHooks(b *testing.B) {
	for b.Loop() {
		var ratios []float64
		for range 9 {
			var took [2]time.Duration
			for armed := range 2 {
				m, err := Boot("interp", machine.Fast{})
				if err != nil {
					b.Fatal(err)
				}
				if armed == 1 {
					m.Watch(0x7fff_0000_0000)
				}
				took[armed] = Time(func() { m.Run(machine.Until{}) })
			}
			ratios = append(ratios, took[1].Seconds()/took[0].Seconds())
		}
		b.ReportMetric(100*(median(ratios)-1), "%-dearer")
	}
}
