package bench

import (
	"fmt"
	"testing"

	"resvirt/hw/machine"
)

// TestKernels runs every kernel to its end: each checks its own result.
func TestKernels(t *testing.T) {
	for _, k := range Kernels() {
		if r, err := Run(k.Name, machine.Fast{}); err != nil || r.MIPS() <= 0 {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}

// TestForkBytes holds forks to what they may take before they dirty pages.
func TestForkBytes(t *testing.T) {
	for _, row := range []struct{ ram, most uint64 }{{256 << 20, 1 << 20}, {8 << 30, 2 << 20}} {
		if n, err := ForkBytes(row.ram); err != nil || n > row.most {
			t.Errorf("a fork of %d MiB takes %d bytes, more than %d (%v)", row.ram>>20, n, row.most, err)
		}
	}
}

// TestStateCost measures once, with everything that can be wrong but the time.
func TestStateCost(t *testing.T) {
	if c, err := MeasureState(50, 1); err != nil || c.Dirty != 50 || c.Restore <= 0 || c.Snapshot <= 0 || c.Fork <= 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func BenchmarkState(b *testing.B) {
	for _, dirty := range []int{0, 50, 1000} {
		b.Run(fmt.Sprint(dirty), func(b *testing.B) {
			for b.Loop() {
				c, err := MeasureState(dirty, 20)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(c.Snapshot.Microseconds()), "snapshot-µs")
				b.ReportMetric(float64(c.Restore.Microseconds()), "restore-µs")
				b.ReportMetric(float64(c.Fork.Microseconds()), "fork-µs")
			}
		})
	}
}

func BenchmarkScaling(b *testing.B) {
	for b.Loop() {
		x, err := Scaling(5)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(x, "times-one")
	}
}
