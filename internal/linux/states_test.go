package linux

import (
	"testing"

	"resvirt/hw/machine"
	"resvirt/sim"
)

// TestLinuxStates stops Linux at moments of its start. From each, a machine
// restored from a snapshot and one with the plain engine must go on as the
// original does.
func TestLinuxStates(t *testing.T) {
	s := start(t, 2, true, make([]byte, 1<<20))
	for _, at := range []sim.Time{10, 50, 150, 400, 700} {
		s.m.Run(machine.Until{Time: at * sim.Millisecond})
		snapshot := s.m.Snapshot()
		until := machine.Until{Position: s.m.Position() + 300_000}
		want := s.m.Run(until)
		digest, now := s.m.Digest(), s.m.Now()
		for name, engine := range map[string]machine.Engine{"restored": machine.Fast{}, "plain": machine.Plain{}} {
			m := machine.NewFrom(snapshot)
			m.SetEngine(engine)
			if got := m.Run(until); got != want || m.Now() != now || m.Digest() != digest {
				t.Errorf("from %d ms on, %s: %v at %v with digest %v; the original: %v at %v with %v", at, name, got, m.Now(), m.Digest(), want, now, digest)
			}
		}
	}
}
