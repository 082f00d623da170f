package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestOptimizedForms executes every case that stands for an instruction without
// its flags, or for a comparison with the branch after it, in both engines.
func TestOptimizedForms(t *testing.T) {
	w := newTwins(t)
	r, g := rand.New(rand.NewPCG(7, 7)), newNativeGen(7)
	p := newPool(r, g)
	run := func(code uint16, first, second []byte) {
		t.Helper()
		program := slices.Concat(first, second, slices.Repeat([]byte{0x90}, 16))
		i, _ := Decode(first, Mode64)
		if i.Base == RIPReg {
			return // moved, it reaches elsewhere: the pool has others
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
		ops := optimize(newBlock(0, page, &noCosts).parts())
		if !slices.ContainsFunc(ops, func(u uop) bool { return u.code == code }) {
			t.Errorf("% x: case %d is not used", program, code)
		}
	}
	for key, code := range uopCodes {
		if key.mod != modQuiet {
			continue
		}
		key.mod = modNone
		for _, first := range p.known[uopCodes[key]][:min(2, len(p.known[uopCodes[key]]))] {
			run(code, first, []byte{0x31, 0xc0}) // xor eax, eax writes all flags
		}
	}
	for key, code := range uopPairs {
		for _, first := range p.known[uopCodes[key.first]][:min(2, len(p.known[uopCodes[key.first]]))] {
			run(code, first, []byte{0x70 | key.cc, 5})
		}
	}
}

func (b *block) parts() ([]uop, []Inst) { return b.rest.exact, b.rest.insts }
