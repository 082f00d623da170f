package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestOptimizedForms executes every case that stands for an instruction without
// its flags, or for a comparison with the branch after it, in both engines.
func TestOptimizedForms(t *testing.T) {
	t.Run("64", func(t *testing.T) { optimizedForms(t, &dialect64) })
	t.Run("32", func(t *testing.T) { optimizedForms(t, &dialect32) })
}

func optimizedForms(t *testing.T, in *dialect) {
	w := newTwins(t)
	w.in = in
	r, g := rand.New(rand.NewPCG(7, 7)), newNativeGen(7)
	p := newPool(in, r, g)
	run := func(code uint16, first, second []byte) {
		t.Helper()
		program := slices.Concat(first, second, slices.Repeat([]byte{0x90}, 16))
		i, _ := Decode(first, in.mode)
		if i.Base == RIPReg {
			return // at another place it means another address: the pool has other encodings
		}
		for range 3 {
			w.start(r, g, program)
			for _, c := range []*CPU{w.plain, w.fast} {
				c.RIP = twinCode
			}
			w.piece(uint64(1+r.IntN(4)), 1<<40)
		}
		page := new([4096]byte)
		copy(page[:], program)
		ops := in.optimize(newBlock(in, nil, 0, page, &noCosts).parts())
		if !slices.ContainsFunc(ops, func(u uop) bool { return u.code == code }) {
			t.Errorf("% x: case %d is not used", program, code)
		}
	}
	for key, code := range in.ops {
		if key.mod != modQuiet {
			continue
		}
		key.mod = modNone
		for _, first := range p.known[in.ops[key]][:min(2, len(p.known[in.ops[key]]))] {
			run(code, first, []byte{0x31, 0xc0}) // xor eax, eax writes all flags
		}
	}
	for key, code := range in.pairs {
		for _, first := range p.known[in.ops[key.first]][:min(2, len(p.known[in.ops[key.first]]))] {
			run(code, first, []byte{0x70 | key.cc, 5})
		}
	}
}

func (b *block) parts() ([]uop, []Inst) { return b.rest.exact, b.rest.insts }
