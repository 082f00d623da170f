package softfloat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFunctions compares with values from tables of constants, cut to 64 bits
// and rounded by hand.
func TestFunctions(t *testing.T) {
	one, half, ten := Number64(math.Float64bits(1)), Number64(math.Float64bits(0.5)), Number64(math.Float64bits(10))
	minus := Number64(math.Float64bits(-1))
	for _, row := range []struct {
		name string
		f    func(e *Env) Extended
		mode Rounding
		want Extended
	}{
		{"arctan 1", func(e *Env) Extended { return e.Arctan80(one, one) }, Nearest, Extended{0xc90fdaa22168c235, 0x3ffe}},
		{"arctan 1, down", func(e *Env) Extended { return e.Arctan80(one, one) }, Down, Extended{0xc90fdaa22168c234, 0x3ffe}},
		{"angle of -1", func(e *Env) Extended { return e.Arctan80(minus, Number{}) }, Nearest, Extended{0xc90fdaa22168c235, 0x4000}},
		{"log2 10", func(e *Env) Extended { return e.Log80(ten, one) }, Nearest, Extended{0xd49a784bcd1b8afe, 0x4000}},
		{"log2 10, up", func(e *Env) Extended { return e.Log80(ten, one) }, Up, Extended{0xd49a784bcd1b8aff, 0x4000}},
		{"log2 8", func(e *Env) Extended { return e.Log80(NumberInt(8), minus) }, Up, Extended{0xc000000000000000, 0xc000}},
		{"log2 (1 + 9)", func(e *Env) Extended { return e.Log1p80(NumberInt(9), one) }, Nearest, Extended{0xd49a784bcd1b8afe, 0x4000}},
		{"sqrt 2 - 1", func(e *Env) Extended { return e.Exp80(half) }, Nearest, Extended{0xd413cccfe7799211, 0x3ffd}},
		{"2^-1 - 1", func(e *Env) Extended { return e.Exp80(minus) }, Nearest, Extended{0x8000000000000000, 0xbffe}},
		{"cos of little, down", func(e *Env) Extended { v, _ := e.Cos80(Number80(Extended{1 << 63, 0x3000})); return v }, Down, Extended{^uint64(0), 0x3ffe}},
		{"sin of little, up", func(e *Env) Extended { v, _ := e.Sin80(Number80(Extended{1 << 63, 0x3000})); return v }, Up, Extended{1 << 63, 0x3000}},
		{"tan of little, up", func(e *Env) Extended { v, _ := e.Tan80(Number80(Extended{1 << 63, 0x3000})); return v }, Up, Extended{1<<63 + 1, 0x3000}},
	} {
		e := &Env{X87: true, Round: row.mode}
		if got := row.f(e); got != row.want {
			t.Errorf("%s: %x:%x, want %x:%x", row.name, got.Exp, got.Mant, row.want.Exp, row.want.Mant)
		}
	}
}

// TestRemainderAgainstMath compares complete reductions, which are exact, with
// the standard library's.
func TestRemainderAgainstMath(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	partial := 0
	for range 50000 {
		a, b := math.Float64frombits(operand(r)), math.Float64frombits(operand(r))
		if math.IsNaN(a) || math.IsNaN(b) {
			continue
		}
		for _, nearest := range []bool{false, true} {
			e := &Env{X87: true}
			got := e.Rem80(Number64(math.Float64bits(a)), Number64(math.Float64bits(b)), nearest)
			want := math.Mod(a, b)
			if nearest {
				want = math.Remainder(a, b)
			}
			x := math.Float64frombits(e.To64(Number80(got.Value)))
			if !got.Complete {
				partial++
			} else if x != want && !math.IsNaN(want) {
				t.Fatalf("%g rem %g, nearest %v: %g, want %g", a, b, nearest, x, want)
			}
		}
	}
	if partial == 0 {
		t.Error("no reduction was partial")
	}
}

// TestDecimals goes to packed decimals and back.
func TestDecimals(t *testing.T) {
	e := &Env{X87: true}
	for _, v := range []int64{0, 1, -1, 9, 10, -123456789012345678, 999_999_999_999_999_999, -999_999_999_999_999_999} {
		digits, top := e.ToDecimal80(NumberInt(v))
		if back := NumberDecimal(digits, top); back != NumberInt(v) {
			t.Errorf("%d becomes %x:%x", v, top, digits)
		}
	}
	if digits, top := e.ToDecimal80(NumberInt(-42)); digits != 0x42 || top != 0x8000 {
		t.Errorf("-42 becomes %x:%x", top, digits)
	}
	if digits, top := e.ToDecimal80(NumberInt(1e18)); digits != 0xc000<<48 || top != 0xffff || e.Flags&Invalid == 0 {
		t.Errorf("10^18 becomes %x:%x", top, digits)
	}
}

// TestScale compares FSCALE and FXTRACT with the standard library.
func TestScale(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 13))
	for range 2000 {
		x, n := r.NormFloat64(), r.IntN(1000)-500
		e := &Env{X87: true}
		a := Number64(math.Float64bits(x))
		got := e.To64(Number80(e.Scale80(a, Number64(math.Float64bits(float64(n)+0.25*float64(n&1))))))
		if n < 0 { // the fraction is cut off, toward zero
			got = e.To64(Number80(e.Scale80(a, Number64(math.Float64bits(float64(n)-0.25)))))
		}
		if want := math.Ldexp(x, n); got != math.Float64bits(want) {
			t.Fatalf("%g scaled by %d: %#x, want %g", x, n, got, want)
		}
		exponent, significand := e.Extract80(a)
		frac, exp := math.Frexp(x)
		if exponent != NumberInt(int64(exp-1)).Extended() || e.To64(Number80(significand)) != math.Float64bits(2*frac) {
			t.Fatalf("%g taken apart: %v %v", x, exponent, significand)
		}
	}
}
