package machine

import (
	"testing"

	"resvirt/sim"
)

// A bit of the exit code under the overlay: fetched, not read, gone when written.
func TestFlipFetch(t *testing.T) {
	exit := []byte{0xb0, 21, 0xe6, 0xf4}                            // mov al, 21; out 0xf4, al
	read := []byte{0xa0, 0x27, 0, 0x10, 0, 0xe6, 0xf4, 21}          // mov al, [0x100027]; out 0xf4, al
	write := append([]byte{0xc6, 0x05, 0x28, 0, 0x10, 0, 21}, 0xb0) // mov byte [0x100028], 21
	write = append(write, exit[1:]...)
	for _, c := range []struct {
		name string
		code []byte
		pa   uint64
		want uint32
	}{
		{"fetched", exit, 0x100021, 23<<1 | 1},
		{"not read", read, 0x100027, 21<<1 | 1},
		{"written", write, 0x100028, 21<<1 | 1},
	} {
		for _, e := range []Engine{Plain{}, Fast{}} {
			m := boot(t, flat(c.code...))
			m.SetEngine(e)
			m.FlipFetch(c.pa, 2)
			if s := m.Run(Until{Position: 100}); s.Reason != Exit || s.Code != c.want {
				t.Errorf("%s, %s: %v, want %d", c.name, e.Name(), s, c.want)
			}
		}
	}
}

// Both engines agree on two processors whose code is struck, and a fork goes on
// as what it was taken of.
func TestFlipsOfTwoProcessors(t *testing.T) {
	for seed := range uint64(30) {
		r := sim.Stream(seed, "overlay")
		var ends [3]end
		at, bit := 1+r.Uint64N(40_000), uint8(1)<<r.Uint64N(8)
		var pa uint64
		for k, e := range []Engine{Plain{}, Fast{}, Fast{}} {
			m := boot(t, smpKernel)
			m.SetEngine(e)
			m.Run(Until{Position: at})
			if k == 0 {
				pa, _ = m.Translate(m.Next(), m.CPU(m.Next()).RIP)
				pa += r.Uint64N(15)
			}
			clean := m.Digest()
			m.FlipFetch(pa, bit)
			if m.Digest() == clean {
				t.Fatal("a flip is no state")
			}
			m.Run(Until{Position: at + 500})
			if k == 2 {
				other := NewFrom(m.Snapshot())
				m.EndFlips()
				m.Run(Until{Position: at + 3000})
				if seed%2 == 0 {
					m.Restore(other.Snapshot())
					other = m
				}
				m = other
			}
			stop := m.Run(Until{Position: at + 100_000})
			ends[k] = end{stop, m.Digest(), m.Position(), m.Scoped(), string(m.Serial())}
		}
		if ends[0] != ends[1] || ends[1] != ends[2] {
			t.Fatalf("seed %d: plain %+v\nfast  %+v\nfork  %+v", seed, ends[0], ends[1], ends[2])
		}
	}
}
