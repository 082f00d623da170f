package bench

import (
	"testing"

	"resvirt/hw/machine"
)

// BenchmarkKernels measures every kernel with the fast engine.
func BenchmarkKernels(b *testing.B) {
	for _, k := range Kernels() {
		b.Run(k.Name, func(b *testing.B) {
			for b.Loop() {
				r, err := Run(k.Name, machine.Fast{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(r.MIPS(), "MIPS")
				if k.Count != 0 {
					b.ReportMetric(float64(k.Count)/r.Host.Seconds(), "events/s")
				}
				b.ReportMetric(float64(r.Instructions), "instructions")
			}
		})
	}
}
