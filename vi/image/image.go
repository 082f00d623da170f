// Package image turns a Go main package into something that boots without the
// Go runtime, and reads its symbols and lines back.
//
// There are five kinds. The VMM is a flat Multiboot image slid to a high virtual
// address. A guest kernel is an ELF64 file with Xen's notes, slid to the top 2 GiB.
// The kernels of control and driver domain are like it, but at other addresses, so that
// an address tells the image. A user program is a static ELF64 file at a low address.
// All are built by the stock toolchain; this package relocates them, removes the
// uses of FS, redirects functions that must not run, and proves from the machine
// code that nothing which can be reached needs the runtime.
package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Kind says what the image boots on.
type Kind uint8

// Kinds of image.
const (
	VMM     Kind = iota // Multiboot, ring 0
	Guest               // ELF64 with Xen notes
	User                // ELF64, ring 3
	Control             // as Guest, at an address of its own
	Driver              // as Guest, at another
)

// String names the kind as it appears in cache files and messages.
func (k Kind) String() string {
	return [...]string{"vmm", "guest", "user", "control", "driver"}[k]
}

// Image is a built image with what the host knows of it.
type Image struct {
	Kind   Kind
	Name   string // import path
	File   []byte // what a loader loads
	Digest string // SHA-256 of File, hexadecimal
	ELF    []byte // linker output, with symbols and DWARF at link addresses
	Slide  uint64 // run address minus link address, modulo 2^64
	Base   uint64 // virtual address of File's first loaded byte
	Phys   uint64 // VMM: its physical address
	Entry  uint64 // virtual entry point
	// Sources are the module's files that it was built from, by their paths in
	// the module; of a stored image they are not known.
	Sources []string

	symbols *symbols
}

// Addr is the run address of a symbol, by its linker name ("main.policy").
func (m *Image) Addr(name string) (uint64, bool) {
	s, ok := m.symbols.byName[name]
	return s.addr, ok
}

// Symbol is a function or variable.
type Symbol struct {
	Name       string
	Start, End uint64
}

// Func is the function that contains a run address.
func (m *Image) Func(pc uint64) (Symbol, bool) {
	return m.symbols.find(pc, true)
}

// Var is the variable that contains a run address.
func (m *Image) Var(addr uint64) (Symbol, bool) {
	return m.symbols.find(addr, false)
}

// Symbols lists all symbols by address.
func (m *Image) Symbols() []Symbol {
	list := make([]Symbol, 0, len(m.symbols.sorted))
	for _, s := range m.symbols.sorted {
		list = append(list, Symbol{s.name, s.addr, s.addr + s.size})
	}
	return list
}

// Line is the source position of a run address, relative to the module root
// ("vi/vmm/trap.go"). For a return address pass pc-1.
func (m *Image) Line(pc uint64) (file string, line int, ok bool) {
	return m.symbols.line(pc)
}

// Where formats pc as function+offset and file:line, for messages.
func (m *Image) Where(pc uint64) string {
	f, ok := m.Func(pc)
	if !ok {
		return fmt.Sprintf("%#x", pc)
	}
	at := fmt.Sprintf("%s+%#x", f.Name, pc-f.Start)
	if file, line, ok := m.Line(pc); ok {
		at += fmt.Sprintf(" (%s:%d)", file, line)
	}
	return at
}

func digest(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
