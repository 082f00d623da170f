package cpu

import (
	"math/rand/v2"
	"testing"

	"resvirt/hw/mem"
)

// both does the same to the memories of the twins.
func (w *twins) both(f func(*mem.Memory)) {
	f(w.plain.Mem)
	f(w.fast.Mem)
}

// load gives both a program, and a state in which nothing is random.
func (w *twins) load(code []byte, at uint64) {
	for _, c := range []*CPU{w.plain, w.fast} {
		c.Mem.Restore(w.memory)
		c.State = w.clean
		c.Stop, c.exc, c.EndTurn = Stop{}, exception{}, false
		c.Limit = 1 << 62
		c.GPR, c.RIP = [16]uint64{RSP: twinData + 0x800}, at
		c.Mem.WriteBytes(at, code)
		c.Resync()
	}
}

// TestOverlay flips one bit under a small loop, whose block is decoded by then,
// and counts what RAX became.
func TestOverlay(t *testing.T) {
	loop := []byte{0x48, 0x83, 0xc0, 1, 0xeb, 0xfa} // add rax, 1; jmp .-4
	read := []byte{
		0x48, 0x83, 0xc1, 1, // add rcx, 1
		0x8a, 0x05, 0xf9, 0xff, 0xff, 0xff, // mov al, [rip-7]: the immediate above
		0xeb, 0xf4}
	write := []byte{
		0x48, 0x83, 0xc1, 1, // add rcx, 1
		0xc6, 0x05, 0xf8, 0xff, 0xff, 0xff, 1, // mov byte [rip-8], 1: the immediate above
		0xeb, 0xf3}
	for _, c := range []struct {
		name string
		code []byte
		at   uint64
		flip uint64 // offset of the byte
		mask uint8
		reg  int
		want uint64 // growth of the register in 12 instructions
	}{
		{"none", loop, twinCode, 0, 0, RAX, 6},
		{"immediate", loop, twinCode, 3, 2, RAX, 18},
		{"instruction across pages", loop, twinCode + 0xffe, 3, 2, RAX, 18},
		{"first byte in the page before", loop, twinCode + 0xfff, 2, 1, RCX, 6},
		{"data sees memory", read, twinCode, 3, 2, RAX, 1},
		{"fetch does not", read, twinCode, 3, 2, RCX, 12},
		{"a write ends it", write, twinCode, 3, 2, RCX, 3 + 1 + 1 + 1},
	} {
		w := newTwins(t)
		w.load(c.code, c.at)
		for range 3 { // decoded
			w.piece(uint64(len(c.code)/5+1)*4, 1<<40)
		}
		for w.plain.RIP != c.at {
			w.piece(1, 1<<40)
		}
		w.both(func(m *mem.Memory) { m.FlipFetch(c.at+c.flip, c.mask) })
		before, long := w.fast.GPR[c.reg], w.fast.LongWay()
		if c.reg == RAX && c.name == "data sees memory" {
			before = 0
		}
		for range 12 {
			w.piece(1, 1<<40)
		}
		if got := w.fast.GPR[c.reg] - before; got != c.want {
			t.Errorf("%s: grew by %d, want %d", c.name, got, c.want)
		}
		if c.at == twinCode && &c.code[0] == &loop[0] && w.fast.LongWay()-long > 2 {
			t.Errorf("%s: %d instructions in the long way", c.name, w.fast.LongWay()-long)
		}
		w.both((*mem.Memory).EndFlips)
		w.piece(40, 1<<40)
	}
}

// TestOverlaidBlocksAgree runs random programs, which now and then write
// themselves, in pieces under overlays that come and go.
func TestOverlaidBlocksAgree(t *testing.T) {
	w, g := newTwins(t), newNativeGen(9)
	r := rand.New(rand.NewPCG(9, 9))
	parts := [][]byte{
		{0x48, 0xff, 0xc0}, {0x48, 0x01, 0xd8}, {0x48, 0x89, 0x07}, {0x48, 0x8b, 0x1e}, {0x75, 0xf0}, {0x72, 0x09},
		{0x83, 0xc1, 0x7f}, {0x88, 0x15, 0xf0, 0xff, 0xff, 0xff}, {0xeb, 0x05}, {0x90}, {0x0f, 0xaf, 0xc8},
		{0x48, 0x8d, 0x44, 0x8b, 0x10}, {0xf3, 0x48, 0xab}, {0x48, 0x85, 0xc9}, {0xe8, 0x20, 0, 0, 0}, {0x58},
	}
	var retired, long uint64
	for range 2500 {
		var code []byte
		for len(code) < twinPages<<12-16 {
			code = append(code, parts[r.IntN(len(parts))]...)
		}
		w.start(r, g, code)
		longBefore := w.fast.LongWay()
		for k := range 40 {
			if !w.piece(1+r.Uint64N(60), int64(1+r.Uint64N(30_000))) {
				break
			}
			switch r.IntN(6) {
			case 0, 1: // near what executes
				pa, mask := twinCode+(w.fast.RIP+r.Uint64N(40))&0xfff|r.Uint64N(twinPages)<<12, uint8(1)<<r.IntN(8)
				w.both(func(m *mem.Memory) { m.FlipFetch(pa, mask) })
			case 2:
				if k%7 == 0 {
					w.both((*mem.Memory).EndFlips)
				}
			case 3:
				s := w.fast.Mem.Snapshot()
				w.fast.Mem.Restore(s)
				w.fast.Resync()
			}
		}
		retired, long = retired+w.fast.Retired, long+w.fast.LongWay()-longBefore
	}
	if retired < 50_000 || long > retired*6/10 {
		t.Errorf("%d instructions, %d in the long way: it is not the block engine that is tested", retired, long)
	}
}
