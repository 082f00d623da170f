package machine

import (
	"math"
	"math/rand/v2"
	"testing"

	"resvirt/hw/cpu"
)

// TestEngines takes the two-processor kernel through both engines in the same
// random pieces: the states between the pieces must be equal.
func TestEngines(t *testing.T) {
	plain, fast := boot(t, smpKernel), boot(t, smpKernel)
	plain.spec.Engine, fast.spec.Engine = Plain{}, Fast{}
	r := rand.New(rand.NewPCG(1, 2))
	for {
		u := Until{Position: plain.Position() + 1 + r.Uint64N(500)}
		if r.IntN(3) == 0 {
			u = Until{Scoped: 1 + r.Uint64N(500)}
		}
		a, b := plain.Run(u), fast.Run(u)
		if a != b || plain.Position() != fast.Position() || plain.Digest() != fast.Digest() {
			t.Fatalf("after %+v: plain %v at %d, fast %v at %d", u, a, plain.Position(), b, fast.Position())
		}
		if a.Reason.Final() {
			break
		}
	}
	if plain.state.Final.Reason != Exit {
		t.Fatalf("the kernel ended with %v", plain.state.Final)
	}
}

// TestModifiedCode overwrites an instruction that the fast engine knows, from
// outside and by the code itself.
func TestModifiedCode(t *testing.T) {
	for _, engine := range []Engine{Plain{}, Fast{}} {
		m := boot(t, smpKernel)
		m.spec.Engine = engine
		m.Run(Until{Position: 26_000})
		c := m.CPU(0)
		if c.CR0&cpu.CR0PG == 0 {
			t.Fatal("the kernel has not reached 64-bit mode")
		}
		const at = 0x30_0000
		// inc eax; mov byte [rip+1], 0xc8 (the ModRM of what follows, which makes
		// inc eax a dec); inc eax; jmp back
		m.WritePhys(at, []byte{0xff, 0xc0, 0xc6, 0x05, 1, 0, 0, 0, 0xc8, 0xff, 0xc0, 0xeb, 0xf3})
		c.RIP, c.GPR[cpu.RAX], c.RFLAGS = at, 0, 2
		c.Resync()
		for range 8 {
			engine.Run(c, &Budget{Clock: math.MaxInt64, Retired: c.Retired + 1, Levels: 1, Scoped: math.MaxUint64})
		}
		if c.GPR[cpu.RAX] != 0 {
			t.Errorf("%s: eax is %d after two rounds of inc and a dec that was an inc", engine.Name(), c.GPR[cpu.RAX])
		}
	}
}
