package inspect

import (
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// argumentOrder are the registers in which Go passes the first words of arguments
// (cmd/compile/abi-internal.md, amd64).
var argumentOrder = []int{RAX, RBX, RCX, RDI, RSI, 8, 9, 10, R11}

// Where a function begins, its arguments are in registers by Go's calling convention.
// What the debug information says must agree with the convention, which is computed here
// from the types.
func TestParametersAreWhereTheCallingConventionPutsThem(t *testing.T) {
	for _, v := range views(t) {
		d, err := v.details()
		if err != nil {
			t.Fatal(err)
		}
		compared, functions, wrong := 0, 0, 0
		for _, c := range d.codes {
			if strings.HasSuffix(c.file, ".s") || !v.real(d, c) || !strings.Contains(c.file, "vi/") && !strings.Contains(c.file, "workloads/") {
				continue
			}
			r := Registers{PC: c.low + v.image.Slide, Known: GeneralRegisters}
			for i := range r.GPR {
				r.GPR[i] = 0x1111111111111111 * uint64(i)
			}
			r.GPR[RSP] = 0x7000
			next, here := 0, 0
			for _, l := range v.Locals(v.Frame(r, nothing), nothing) {
				if !l.Param || l.Result || l.Call > 0 {
					continue
				}
				words := registersFor(l.typ)
				if words == 0 || next+words > len(argumentOrder) {
					break // from here on the convention is not computed
				}
				regs := argumentOrder[next : next+words]
				next += words
				if l.Absent != Present {
					continue // the function does not use it
				}
				here++
				for i, reg := range regs {
					if !slices.ContainsFunc(l.Parts, func(p Part) bool {
						return p.Offset == int64(8*i) && (p.Absent != Present || p.InRegister && p.Register == reg)
					}) {
						t.Logf("%s: word %d of %s is in %+v, the convention says %s", c.name, i, l.Name, l.Parts, RegisterNames[reg])
						wrong++
					}
				}
			}
			if compared += here; here > 0 {
				functions++
			}
		}
		t.Logf("%s: %d parameters of %d functions", v.image.Name, compared, functions)
		// Where a parameter is assigned another one, the compiler gives both the place of
		// the second from the first instruction on: the only error of its that is known.
		if compared < 25 || wrong > compared/300 {
			t.Errorf("%s: of %d parameters %d are elsewhere", v.image.Name, compared, wrong)
		}
	}
}

// registersFor is how many registers a parameter takes, 0 where that needs more of the
// convention than is here.
func registersFor(typ dwarf.Type) int {
	switch kindOf(typ) {
	case Unsigned, Signed, Bool, Pointer, FuncValue:
		return 1
	case String:
		return 2
	case Slice:
		return 3
	}

	return 0
}

func nothing(uint64, []byte) error { return errors.New("nothing is mapped") }

// Values in registers, on the stack and in pieces of both are read by their types.
func TestVariablesHaveTheValuesOfTheirPlaces(t *testing.T) {
	v := views(t)[0]
	addr, _ := v.image.Addr("main.dispatch")
	r := Registers{PC: addr, Known: GeneralRegisters}
	r.GPR = [16]uint64{RAX: 17, RBX: 0x10001, RCX: 3, RDI: 4, RSI: 5, 8: 6, RSP: 0x7000}
	want := map[string]string{"nr": "17", "a1": "0x10001", "a2": "3", "a3": "4", "a4": "5", "a5": "6"}
	for _, l := range v.Locals(v.Frame(r, nothing), nothing) {
		text, known := want[l.Name]
		if !known {
			continue
		}
		if got := v.ShowLocal(&l, Style{}); got != text || !l.Param || l.Function != "main.dispatch" || l.Type() != "uint64" {
			t.Errorf("%s is %s, should be %s: %+v", l.Name, got, text, l)
		}
		delete(want, l.Name)
	}
	if len(want) > 0 {
		t.Errorf("main.dispatch has no parameters %v", want)
	}
	// A caller has lost what was in registers.
	f := Frame{Registers: r, Called: true}
	f.PC, f.Known = addr+1, 1<<RSP
	for _, l := range v.Locals(f, nothing) {
		if l.Name == "nr" && l.Absent != Overwritten {
			t.Errorf("nr of a caller: %v", l.Absent)
		}
	}
}

// Pieces: a string in registers whose length alone is known.
func TestPiecesOfAValueAreKnownOneByOne(t *testing.T) {
	v := views(t)[0]
	str, err := v.Var("main.unfitNames", nil)
	if err != nil {
		t.Fatal(err)
	}
	str, _ = str.Index(0)
	f := Frame{Registers: Registers{Known: 1 << RBX}}
	f.GPR[RBX] = 5
	d, _ := v.details()
	parts := d.parts(&unit{}, []byte{opReg0, opPiece, 8, opReg0 + 3, opPiece, 8}, 16, &f, 0)
	if len(parts) != 2 || parts[0].Absent != Overwritten || parts[1].Register != RBX || !parts[1].InRegister {
		t.Fatalf("parts %+v", parts)
	}
	str.copy, str.Addr = compose(parts, 16, &f, nothing), 0
	if n, err := str.Follow("len"); err != nil || mustUint(t, n) != 5 {
		t.Errorf("the length is not known: %v", err)
	}
	if got := v.Show(str, Style{}); got != Overwritten.String() {
		t.Errorf("a string without a begin is shown as %s", got)
	}
	if got := d.parts(&unit{}, []byte{0xff}, 8, &f, 0); len(got) != 1 || got[0].Absent != Undecodable {
		t.Errorf("an operation that does not exist: %+v", got)
	}
}

func mustUint(t *testing.T, v Value) uint64 {
	t.Helper()
	n, err := v.Uint()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Whatever registers and memory hold, looking ends and says something.
func TestDamagedStatesAreLookedAtWithoutHarm(t *testing.T) {
	for _, v := range views(t) {
		for seed := range uint64(600) {
			lookAtDamage(v, seed)
		}
	}
}

func FuzzDamagedStates(f *testing.F) {
	list := views(f)
	f.Add(uint64(1), uint8(0))
	f.Fuzz(func(t *testing.T, seed uint64, which uint8) { lookAtDamage(list[int(which)%len(list)], seed) })
}

// lookAtDamage draws a state from a seed: an address in the code, registers and memory
// of which some hold anything and some addresses that make sense.
func lookAtDamage(v *View, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 17))
	symbols := v.image.Symbols()
	code := func() uint64 {
		s := symbols[rng.IntN(len(symbols))]
		return s.Start + rng.Uint64N(max(1, s.End-s.Start))
	}
	const stack = 0xffff82d0402b0000
	anything := func() uint64 {
		switch rng.IntN(5) {
		case 0:
			return rng.Uint64()
		case 1:
			return stack + rng.Uint64N(1<<16)
		case 2:
			return ^uint64(0) - rng.Uint64N(64)
		case 3:
			return rng.Uint64N(64)
		}
		return code()
	}
	mem := func(va uint64, b []byte) error {
		if seed%7 == 3 && va&0x3000 == 0 {
			return errors.New("not mapped")
		}
		at := rand.New(rand.NewPCG(va, seed))
		for i := range b {
			b[i] = byte(at.Uint32())
		}
		if len(b) == 8 && at.IntN(2) == 0 {
			binary.LittleEndian.PutUint64(b, anything())
		}
		return nil
	}
	r := Registers{PC: code(), Known: rng.Uint32()}
	for i := range r.GPR {
		r.GPR[i] = anything()
	}
	if rng.IntN(4) > 0 {
		r.GPR[RSP], r.Known = stack+8*rng.Uint64N(1<<13), AllRegisters
	}
	list, end := v.Backtrace(r, mem, 40)
	if len(list) == 0 || len(list) > 40 || end == Continues || end.String() == "" {
		panic(fmt.Sprintf("seed %d: %d frames, %v", seed, len(list), end))
	}
	style := Style{Width: 40, Known: func(uint64) (Value, bool) { return Value{}, false }}
	for _, f := range list {
		for _, l := range v.Locals(f, mem) {
			if text := v.ShowLocal(&l, style); text == "" || len([]rune(text)) > 40 {
				panic(fmt.Sprintf("seed %d: %s is shown as %q", seed, l.Name, text))
			}
			if l.Absent == Present {
				children, total, _ := l.Value.Children(rng.IntN(3), 4)
				if len(children) > 4 || total < len(children) {
					panic(fmt.Sprintf("seed %d: %s has %d of %d parts", seed, l.Name, len(children), total))
				}
				for _, c := range children {
					v.Show(c, style)
				}
			}
		}
		v.AtEntry(f, 0, mem)
		v.Row(f.PC)
	}
}

// Damaged debug information is an error or a told absence, never a panic.
func FuzzDamagedLocationLists(f *testing.F) {
	v := views(f)[0]
	d, err := v.details()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1, 0, 4, 0, 9, 1, 0x50}, []byte{0x91, 0x70, 0x93, 8}, uint64(4))
	f.Fuzz(func(t *testing.T, list, expr []byte, pc uint64) {
		e := &detail{lists: list, addrs: d.addrs}
		frame := &Frame{CFAKnown: true, Registers: Registers{Known: GeneralRegisters}}
		if got, why := e.expression(d.units[0], 0, pc); why == Present {
			e.parts(d.units[0], got, 8, frame, 0)
		}
		for _, size := range []int64{0, 1, 8, 24} {
			end := int64(0)
			for _, p := range e.parts(d.units[0], expr, size, frame, 0) {
				if p.Offset != end || p.Size < 0 {
					t.Fatalf("parts of %x are not beside each other", expr)
				}
				end += p.Size
			}
			if end != size {
				t.Fatalf("parts of %x have %d bytes, the value has %d", expr, end, size)
			}
		}
		if rules, err := readFrames(list); err == nil {
			e.frames = rules
			e.frameAt(pc)
		}
	})
}
