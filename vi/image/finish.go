package image

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// blockSize is the size and alignment of a CPU's block: g lies at its base and
// is found by masking the stack pointer.
const blockSize = seam.Block

// prepare does the steps that are the same for the VMM and for guest kernels: relocate,
// remove FS, redirect, check. It returns the memory of the image and its ranges at link
// addresses. foreign are the segments whose bases are not the image's own.
func prepare(linked []byte, module string, slide uint64, foreign ...x86asm.Reg) (*loaded, *code, ranges, error) {
	l, err := load(linked)
	if err != nil {
		return nil, nil, ranges{}, err
	}
	r, err := l.ranges()
	if err != nil {
		return nil, nil, r, err
	}
	if err := l.relocate(slide); err != nil {
		return nil, nil, r, err
	}
	c, err := newCode(l, slide, module)
	if err != nil {
		return nil, nil, r, err
	}
	reached, err := c.walk([]uint64{l.f.Entry}, needsNoRuntime)
	if err != nil {
		return nil, nil, r, err
	}
	var errs []error
	for _, f := range reached.seen {
		errs = append(errs, c.removeFS(f, foreign))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, r, err
	}
	if err := c.redirect(reached, true); err != nil {
		return nil, nil, r, err
	}
	for _, name := range []string{".gopclntab", ".rela", ".rela.plt", ".dynstr", ".dynsym", ".hash", ".gnu.version", ".gnu.version_r", ".dynamic", ".go.buildinfo", ".go.fipsinfo"} {
		l.zero(name)
	}
	return l, c, r, nil
}

// redirect makes the checks of the runtime that can be reached jump to
// main.failed. If fill is set, every function that cannot be reached becomes
// breakpoints, so that a wild jump there is caught and dead code does not count
// as the image's.
func (c *code) redirect(r *reach, fill bool) error {
	failed, ok := c.named("main.failed")
	if !ok {
		return errors.New("no function main.failed: the main package must declare TEXT ·failed(SB) and refer to it from ·entry")
	}
	for _, start := range c.starts {
		f := c.funcs[start]
		kind, redirect := r.redirs[start]
		switch {
		case redirect:
			if err := c.jump(f, kind, failed.addr); err != nil {
				return err
			}
		case fill && r.seen[start] == nil:
			b := c.l.at(f.start)[:f.end-f.start]
			for i := range b {
				b[i] = 0xcc
			}
		}
	}
	return nil
}

// named finds a symbol by its Go or assembly name.
func (c *code) named(name string) (symbol, bool) {
	for _, n := range []string{name, name + ".abi0"} {
		if s, ok := c.syms.byName[n]; ok {
			return s, true
		}
	}
	return symbol{}, false
}

// fillInfo writes the image's record of itself.
func (c *code) fillInfo(info bare.Info) error {
	const name = "resvirt/vi/bare.Image"
	s, ok := c.syms.byName[name]
	if !ok {
		return nil // this image does not use the record
	}
	if size := uint64(binary.Size(info)); s.size != size || s.addr+size > c.l.fileHi {
		return fmt.Errorf("%s has %d bytes at %#x, the builder writes %d into data", name, s.size, s.addr, size)
	}
	b, err := binary.Append(nil, binary.LittleEndian, info)
	if err != nil {
		return err
	}
	copy(c.l.at(s.addr), b)
	return nil
}

// findWords takes for addresses what looks like them in the data of a program that is not
// position independent, and so has no list of them: beginnings of functions, and what lies
// in data. At worst a function counts as reached that is not.
func (c *code) findWords() {
	text := c.l.f.Section(".text")
	for at := alignUp(text.Addr+text.Size, 8); at+8 <= c.l.fileHi; at += 8 {
		v := binary.LittleEndian.Uint64(c.l.at(at))
		if c.funcs[v] != nil || v >= text.Addr+text.Size && v < c.l.hi {
			c.l.relocs = append(c.l.relocs, at)
		}
	}
}

// finishUser redirects the runtime's failures of a static program; the rest of
// the linker's output stays as it is. Its g is where the compiler keeps it, at FS:-8.
func finishUser(m *Image, module string) error {
	l, err := load(m.ELF)
	if err != nil {
		return err
	}
	c, err := newCode(l, 0, module)
	if err != nil {
		return err
	}
	c.findWords()
	r, err := c.walk([]uint64{l.f.Entry}, needsNoRuntime)
	if err != nil {
		return err
	}
	if err := c.redirect(r, true); err != nil {
		return err
	}
	l.zero(".gopclntab")
	m.Base, m.Entry = l.lo, l.f.Entry
	m.File = staticELF(l)
	m.symbols, err = readSymbols(l.f, 0, module, nil)
	return err
}
