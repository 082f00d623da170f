package softfloat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// operand draws an encoding from the corners of the format as often as from
// its middle.
func operand(r *rand.Rand) uint64 {
	v := r.Uint64()
	switch r.IntN(6) {
	case 0:
		return v &^ (0x7ff << 52) // denormal or zero
	case 1:
		return v&^(0x7ff<<52) | uint64(1023-60+r.IntN(120))<<52
	case 2:
		return v & (1<<63 | 0x7ff<<52 | 7)
	case 3:
		return v | 0x7ff<<52
	case 4:
		return v &^ (1<<uint(r.IntN(53)) - 1)
	}
	return v
}

// The host's own arithmetic is the oracle for round-to-nearest results; the
// test against the processor in hw/cpu checks modes and flags.
func TestDoubleAgainstHost(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300000 {
		a, b := operand(r), operand(r)
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		rows := []struct {
			op        string
			got, want uint64
		}{
			{"add", new(Env).Add64(a, b), math.Float64bits(x + y)},
			{"sub", new(Env).Sub64(a, b), math.Float64bits(x - y)},
			{"mul", new(Env).Mul64(a, b), math.Float64bits(x * y)},
			{"div", new(Env).Div64(a, b), math.Float64bits(x / y)},
			{"sqrt", new(Env).Sqrt64(a), math.Float64bits(math.Sqrt(x))},
			{"narrow", uint64(new(Env).Narrow(a)), uint64(math.Float32bits(float32(x)))},
			{"through extended", new(Env).To64(Number80(new(Env).Load80(Number64(a)))), a},
		}
		for _, row := range rows {
			nan := math.IsNaN(math.Float64frombits(row.got)) && math.IsNaN(math.Float64frombits(row.want))
			nan = nan || row.op == "narrow" && math.IsNaN(float64(math.Float32frombits(uint32(row.got)))) && math.IsNaN(x)
			if row.got != row.want && !nan {
				t.Fatalf("%s %#x %#x: got %#x, want %#x", row.op, a, b, row.got, row.want)
			}
		}
	}
}

func TestIntegers(t *testing.T) {
	rows := []struct {
		in   float64
		mode Rounding
		out  int64
		ok   bool
		raw  Flags
	}{
		{2.5, Nearest, 2, true, Inexact},
		{3.5, Nearest, 4, true, Inexact},
		{-2.5, Down, -3, true, Inexact},
		{-2.5, Zero, -2, true, Inexact},
		{2.1, Up, 3, true, Inexact},
		{-0x1p63, Nearest, -1 << 63, true, 0},
		{0x1p63, Nearest, -1 << 63, false, Invalid},
		{1e300, Zero, -1 << 63, false, Invalid},
		{0, Up, 0, true, 0},
	}
	for _, row := range rows {
		e := &Env{}
		v, ok := e.ToInt64(math.Float64bits(row.in), 64, row.mode)
		if v != row.out || ok != row.ok || e.Flags != row.raw {
			t.Errorf("%v mode %d: got %d %v flags %#x", row.in, row.mode, v, ok, e.Flags)
		}
		if ok {
			if f := new(Env).FromInt64(v); math.Float64frombits(f) != float64(v) {
				t.Errorf("FromInt64(%d) = %#x", v, f)
			}
		}
	}
}
