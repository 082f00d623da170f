package cpu

import (
	"math/rand/v2"
	"testing"

	"resvirt/hw/softfloat"
)

// TestDoublesOfTheHost compares what the host computes with softfloat, result
// and flags, on operands with exponents of all kinds.
func TestDoublesOfTheHost(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	operand := func() uint64 {
		v := r.Uint64() << (r.Uint64N(2) * r.Uint64N(53)) >> 12
		exp := []uint64{0, 1, 2, 52, 1000, 1022, 1023, 1024, 1075, 2040, 2045, 2046, 2047}[r.IntN(13)]
		return v | exp<<52 | r.Uint64N(2)<<63
	}
	taken := map[string]int{}
	for range 400_000 {
		a, b := operand(), operand()
		if r.IntN(8) == 0 {
			b = a ^ r.Uint64N(2)<<63 ^ r.Uint64N(2)
		}
		for _, row := range []struct {
			name string
			host func(uint32, uint64, uint64) (uint64, bool)
			soft op64
		}{
			{"add", addDouble, (*softfloat.Env).Add64},
			{"sub", subDouble, (*softfloat.Env).Sub64},
			{"mul", mulDouble, (*softfloat.Env).Mul64},
			{"div", divDouble, (*softfloat.Env).Div64},
		} {
			v, ok := row.host(mxcsrOrdinary, a, b)
			if !ok {
				continue
			}
			taken[row.name]++
			var e softfloat.Env
			if want := row.soft(&e, a, b); v != want || e.Flags&^softfloat.Inexact != 0 {
				t.Fatalf("%s %#x %#x: host %#x, softfloat %#x with flags %#x", row.name, a, b, v, want, e.Flags)
			}
		}
		if f, ok := compareDouble(a, b); ok {
			taken["compare"]++
			var e softfloat.Env
			c := CPU{}
			if c.setRelation(e.Compare64(a, b, false)); c.RFLAGS != f || e.Flags != 0 {
				t.Fatalf("compare %#x %#x: host %#x, softfloat %#x with flags %#x", a, b, f, c.RFLAGS, e.Flags)
			}
		}
	}
	for _, op := range []string{"add", "sub", "mul", "div", "compare"} {
		if taken[op] < 10_000 {
			t.Errorf("%s: the host computed %d times only", op, taken[op])
		}
	}
	for _, mode := range []uint32{0, mxcsrOrdinary &^ mxcsrPE, mxcsrOrdinary &^ (1 << mxcsrMasks), mxcsrOrdinary | 1<<mxcsrRC} {
		if _, ok := addDouble(mode, 1<<60, 1<<60); ok {
			t.Errorf("MXCSR %#x is no ordinary mode", mode)
		}
	}
}
