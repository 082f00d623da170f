package gdb

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"resvirt/experiments/recording"
)

// Symbols are the files that a debugger needs of what is debugged: images with their
// debug information at the addresses at which they run, and sources.
type Symbols struct {
	Images  []SymbolFile // the first is the main one
	Sources recording.Sources
	More    []string // paths of further ELF files, which are as they are loaded
}

// SymbolFile is an image as an ELF file.
type SymbolFile struct {
	Name string
	ELF  []byte
}

// SymbolsOf are those of a recording.
func SymbolsOf(r *recording.Recording) (*Symbols, error) {
	s := &Symbols{Sources: r.Sources}
	for _, name := range r.Guests.ImageNames() {
		im, _ := r.Guests.Image(name)
		b, err := im.DebugFile()
		if err != nil {
			return nil, err
		}
		s.Images = append(s.Images, SymbolFile{name, b})
	}
	return s, nil
}

// Write writes the files into a directory, together with a file of commands for gdb, whose
// path it returns, to connect at an address.
func (s *Symbols) Write(dir, address string) (script string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	var out strings.Builder
	// Sources first: gdb warns of those that are newer than an image.
	sources := filepath.Join(dir, "src")
	for name, lines := range s.Sources {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return "", fmt.Errorf("source file %q of the database has no place below a directory", name)
		}
		if err := renew(filepath.Join(sources, module, filepath.FromSlash(name)), []byte(strings.Join(lines, "\n"))); err != nil {
			return "", err
		}
	}
	for i, f := range s.Images {
		path := filepath.Join(dir, f.Name+".elf")
		if err := renew(path, f.ELF); err != nil {
			return "", err
		}
		if i == 0 {
			fmt.Fprintf(&out, "file %s\n", quoted(path))
		} else {
			fmt.Fprintf(&out, "add-symbol-file %s\n", quoted(path))
		}
	}
	if len(s.Sources) > 0 {
		fmt.Fprintf(&out, "directory %s\n", quoted(sources))
	}
	for _, path := range s.More {
		if HasSymbols(path) {
			fmt.Fprintf(&out, "add-symbol-file %s\n", quoted(path))
		}
	}
	fmt.Fprintf(&out, commands, address)
	script = filepath.Join(dir, "connect.gdb")
	return script, renew(script, []byte(out.String()))
}

// module is the first part of the paths that debug information has.
const module = "resvirt"

// commands end the file. gdb does not know that a command of monitor may move the machine.
const commands = `target remote %s
define hookpost-monitor
maintenance flush register-cache
maintenance flush dcache
end
monitor ` + refreshes + "\n"

// HasSymbols tells whether a file is of ELF, and so can have symbols.
func HasSymbols(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// quoted is a path as gdb's commands read it.
func quoted(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// renew writes a file unless it has this content. Readers see all of it or nothing.
func renew(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
