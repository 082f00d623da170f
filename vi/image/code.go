package image

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sort"

	"golang.org/x/arch/x86/x86asm"
)

// function is one function's machine code, at link addresses.
type function struct {
	name       string
	start, end uint64
}

// code is the disassembled view of an image on which the builder's checks work.
type code struct {
	l      *loaded
	syms   *symbols // at link addresses
	funcs  map[uint64]*function
	starts []uint64
	slide  uint64
}

func newCode(l *loaded, slide uint64, module string) (*code, error) {
	syms, err := readSymbols(l.f, 0, module, nil)
	if err != nil {
		return nil, err
	}
	c := &code{l: l, syms: syms, funcs: map[uint64]*function{}, slide: slide}
	for _, s := range syms.sorted {
		if s.code && s.size > 0 && c.funcs[s.addr] == nil {
			c.funcs[s.addr] = &function{s.name, s.addr, s.addr + s.size}
			c.starts = append(c.starts, s.addr)
		}
	}
	return c, nil
}

// holding is the function that contains a link address.
func (c *code) holding(addr uint64) *function {
	i := sort.Search(len(c.starts), func(i int) bool { return c.starts[i] > addr })
	if i == 0 {
		return nil
	}
	if f := c.funcs[c.starts[i-1]]; addr < f.end {
		return f
	}
	return nil
}

// inst is an instruction at its link address.
type inst struct {
	x86asm.Inst
	addr uint64
}

// target is the address that a direct branch goes to or a memory operand
// relative to RIP names.
func (i inst) target() (addr uint64, ok bool) {
	next := i.addr + uint64(i.Len)
	for _, a := range i.Args {
		switch a := a.(type) {
		case x86asm.Rel:
			return next + uint64(int64(a)), true
		case x86asm.Mem:
			if a.Base == x86asm.RIP {
				return next + uint64(int64(int32(a.Disp))), true // the disassembler does not extend the sign
			}
		}
	}
	return 0, false
}

// through says whether an instruction addresses memory through one of some segments.
func (i inst) through(segments []x86asm.Reg) bool {
	for _, a := range i.Args {
		if m, ok := a.(x86asm.Mem); ok && slices.Contains(segments, m.Segment) {
			return true
		}
	}
	return false
}

// system are encodings that the disassembler does not know: their first bytes and length.
var system = []struct {
	bytes []byte
	len   int
}{
	{[]byte{0x0f, 0x01, 0xca}, 3}, // CLAC
	{[]byte{0x0f, 0x01, 0xcb}, 3}, // STAC
	{[]byte{0x0f, 0x01, 0xd1}, 3}, // XSETBV
	{[]byte{0x0f, 0x00, 0xc8}, 3}, // STR EAX
}

// each disassembles f and calls do for each instruction until it returns an error.
func (c *code) each(f *function, do func(inst) error) error {
	for pc := f.start; pc < f.end; {
		raw := c.l.at(pc)[:f.end-pc]
		in, err := x86asm.Decode(raw, 64)
		if err != nil {
			n := 0
			for _, s := range system {
				if len(raw) >= s.len && string(raw[:len(s.bytes)]) == string(s.bytes) {
					n = s.len
				}
			}
			if n == 0 {
				return fmt.Errorf("%s: bytes % x do not disassemble", c.where(pc), raw[:min(8, len(raw))])
			}
			in = x86asm.Inst{Len: n}
		}
		if err := do(inst{in, pc}); err != nil {
			return err
		}
		pc += uint64(in.Len)
	}
	return nil
}

// where names a link address as file:line (function).
func (c *code) where(pc uint64) string {
	at := fmt.Sprintf("%#x", pc)
	if f := c.holding(pc); f != nil {
		at = f.name
	}
	if file, line, ok := c.syms.line(pc); ok {
		return fmt.Sprintf("%s:%d (%s)", file, line, at)
	}
	return at
}

// reloadG is what the compiler emits in position-independent code after each
// call into assembly: MOVQ $-8, R14; MOVQ FS:(R14), R14.
var reloadG = []byte{0x49, 0xc7, 0xc6, 0xf8, 0xff, 0xff, 0xff, 0x64, 0x4d, 0x8b, 0x36}

// maskG replaces reloadG: MOVQ SP, R14; ANDQ $-65536, R14; NOP. It has the same
// length, and finds g at the base of the block in which the stack lies.
var maskG = []byte{0x49, 0x89, 0xe6, 0x49, 0x81, 0xe6, 0x00, 0x00, 0xff, 0xff, 0x90}

// removeFS rewrites the reloads of g in f and reports any other use of the segments that
// are not the image's own.
func (c *code) removeFS(f *function, foreign []x86asm.Reg) error {
	for pc := f.start; pc+uint64(len(reloadG)) <= f.end; pc++ {
		if b := c.l.at(pc); string(b[:len(reloadG)]) == string(reloadG) {
			copy(b, maskG)
		}
	}
	return c.each(f, func(i inst) error {
		if i.through(foreign) {
			return fmt.Errorf("%s: %v uses a segment whose base is not the image's own: FS belongs to processes, in the VMM GS to guests", c.where(i.addr), i.Inst)
		}
		return nil
	})
}

// jump overwrites the start of f with PUSHQ $kind; JMP to.
func (c *code) jump(f *function, kind uint8, to uint64) error {
	if f.end-f.start < 7 {
		return fmt.Errorf("%s is %d bytes long, too short for a redirection of 7", f.name, f.end-f.start)
	}
	b := c.l.at(f.start)
	b[0], b[1], b[2] = 0x6a, kind, 0xe9
	binary.LittleEndian.PutUint32(b[3:], uint32(to-(f.start+7)))
	for i := uint64(7); i < f.end-f.start; i++ {
		b[i] = 0xcc // nothing else of f runs
	}
	return nil
}
