package machine

import (
	_ "embed"
	"testing"

	"resvirt/sim"
)

// chipsetKernel is testdata/chipset.S, assembled.
//
//go:embed testdata/chipset.bin
var chipsetKernel []byte

func bootPC(t testing.TB, kernel []byte, engine Engine) *Machine {
	t.Helper()
	spec := DefaultSpec()
	spec.MemBytes, spec.Engine = 16<<20, engine
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	m.Firmware()
	if err := m.LoadMultiboot(kernel, "test", nil); err != nil {
		t.Fatal(err)
	}
	return m
}

const chipsetOutput = "timer by 8259\ntimer by I/O APIC\nclock\ndeadline\ninput:abc\noff\n"

// finish runs the kernel to its end and types what it waits for.
func finish(m *Machine) end {
	for {
		s := m.Run(limit)
		if s.Reason != Waiting {
			return end{s, m.Digest(), m.Position(), m.Scoped(), string(m.Serial())}
		}
		m.Input([]byte("abc"))
	}
}

func TestChipsetKernel(t *testing.T) {
	m := bootPC(t, chipsetKernel, Fast{})
	got := finish(m)
	if got.stop.Reason != PowerOff || got.serial != chipsetOutput {
		t.Fatalf("%v at %v, position %d; output:\n%s", got.stop, m.Now(), m.Position(), got.serial)
	}
	t.Logf("%d instructions, %v", m.Position(), m.Now())
	if plain := finish(bootPC(t, chipsetKernel, Plain{})); plain != got {
		t.Errorf("the plain engine ends as %+v, the fast one as %+v", plain, got)
	}
}

// TestChipsetOracle: run to the end = snapshot, restore into a fresh or a used
// machine, run to the end; at random moments, asleep or not.
func TestChipsetOracle(t *testing.T) {
	want := finish(bootPC(t, chipsetKernel, Fast{}))
	r := sim.Stream(1, t.Name())
	m := bootPC(t, chipsetKernel, Fast{})
	used := bootPC(t, chipsetKernel, Fast{})
	for at := sim.Time(0); m.Final().Reason == None; at += r.TimeIn(0, 40*sim.Millisecond) {
		if s := m.Run(Until{Time: at}); s.Reason == Waiting {
			break
		}
		snap := m.Snapshot()
		used.Restore(snap)
		for name, x := range map[string]*Machine{"fork": NewFrom(snap), "restored": used} {
			if x.Digest() != m.Digest() {
				t.Fatalf("%v: %s has another digest", m.Now(), name)
			}
			if got := finish(x); got != want {
				t.Fatalf("%v: %s ends as %+v, the original as %+v", m.Now(), name, got, want)
			}
		}
	}
	if got := finish(m); got != want {
		t.Errorf("with snapshots: %+v, without: %+v", got, want)
	}
}

// TestPowerOnIsQuiet: no device has an event pending at power-on, and after the
// firmware there is the next tick alone.
func TestPowerOnIsQuiet(t *testing.T) {
	m, err := New(DefaultSpec())
	if err != nil {
		t.Fatal(err)
	}
	if n := m.state.Queue.Len(); n != 0 {
		t.Errorf("%d events at power-on", n)
	}
	m.Firmware()
	if n := m.state.Queue.Len(); n != 1 {
		t.Errorf("%d events after the firmware", n)
	}
}
