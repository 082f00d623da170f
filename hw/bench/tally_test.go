package bench

import (
	"slices"
	"testing"

	"resvirt/hw/machine"
)

// BenchmarkTally measures what it costs to count by class (boot --stats): each
// kernel without and with it, by turns.
func BenchmarkTally(b *testing.B) {
	for _, k := range Kernels() {
		b.Run(k.Name, func(b *testing.B) {
			var took [2][]float64
			for n := 0; b.Loop(); n++ {
				for i := range 2 {
					counted := (n + i) % 2
					m, err := Boot(k.Name, machine.Fast{})
					if err != nil {
						b.Fatal(err)
					}
					if counted == 1 {
						m.CountClasses()
					}
					took[counted] = append(took[counted], Time(func() { m.Run(machine.Until{}) }).Seconds())
				}
			}
			b.ReportMetric(median(took[1])/median(took[0]), "times-dearer")
			b.ReportMetric(slices.Min(took[1])/slices.Min(took[0]), "best-times-dearer")
		})
	}
}
