package machine

import (
	_ "embed"
	"testing"

	"resvirt/sim"
)

// modesKernel is testdata/modes.S, assembled.
//
//go:embed testdata/modes.bin
var modesKernel []byte

// TestModesKernel takes both engines through all modes of the processor.
func TestModesKernel(t *testing.T) {
	var first end
	for _, e := range []Engine{Plain{}, Fast{}} {
		m := boot(t, modesKernel)
		m.spec.Engine = e
		got := endOf(m)
		if got.stop.Reason != Exit || got.stop.Code != 1 || got.serial != "PSGUCTVRADLK\n" {
			t.Errorf("%s: %v; output:\n%s", e.Name(), got.stop, got.serial)
		}
		if first.position != 0 && got != first {
			t.Errorf("engines differ: %+v, %+v", first, got)
		}
		first = got
	}
}

// TestModesSnapshots restores into a fresh machine after each of many positions
// on the way through the modes.
func TestModesSnapshots(t *testing.T) {
	want := endOf(boot(t, modesKernel))
	r := sim.Stream(1, t.Name())
	m := boot(t, modesKernel)
	for range 40 {
		m.Run(Until{Position: m.Position() + 1 + r.Uint64N(want.position/20)})
		if m.Final().Reason != None {
			break
		}
		fresh := boot(t, smpKernel)
		fresh.Restore(m.Snapshot())
		if got := endOf(fresh); got != want {
			t.Fatalf("restored at position %d: %+v, want %+v", m.Position(), got, want)
		}
	}
}
