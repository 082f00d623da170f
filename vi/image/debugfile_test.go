package image

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"strings"
	"testing"
)

// debugKinds are images of each way of placing one.
var debugKinds = []struct {
	pkg  string
	kind Kind
}{{"./vi/vmm", VMM}, {"./vi/appvm", Guest}, {"./vi/control", Control}, {"./workloads/unixbench", User}}

// What a debugger reads of an image is what the image's own tables say, at the addresses
// at which it runs: functions, lines, variables, bytes.
func TestDebugFile(t *testing.T) {
	for _, k := range debugKinds {
		t.Run(k.kind.String(), func(t *testing.T) {
			m, err := Build(Spec{Root: moduleRoot, Pkg: k.pkg, Kind: k.kind})
			if err != nil {
				t.Fatal(err)
			}
			b, err := m.DebugFile()
			if err != nil {
				t.Fatal(err)
			}
			f, err := elf.NewFile(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if f.Entry != m.Entry || f.Type != elf.ET_EXEC {
				t.Errorf("entry %#x, want %#x; %v", f.Entry, m.Entry, f.Type)
			}
			sameSymbols(t, m, f)
			sameBytes(t, m, f)
			d, err := f.DWARF()
			if err != nil {
				t.Fatal(err)
			}
			sameFunctions(t, m, d)
			sameLines(t, m, d)
			sameFrames(t, m, f)
		})
	}
}

func sameSymbols(t *testing.T, m *Image, f *elf.File) {
	list, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range list {
		if at, ok := m.Addr(s.Name); ok && strings.HasPrefix(s.Name, "main.") {
			if n++; at != s.Value {
				t.Errorf("%s is at %#x, want %#x", s.Name, s.Value, at)
			}
		}
	}
	if n < 5 {
		t.Errorf("only %d symbols", n)
	}
}

// sameBytes compares what is loaded at the entry point and at the first variables.
func sameBytes(t *testing.T, m *Image, f *elf.File) {
	text := f.Section(".text")
	data, err := text.Data()
	if err != nil {
		t.Fatal(err)
	}
	got := data[m.Entry-text.Addr:][:64]
	want := make([]byte, 64)
	if m.initial(m.Entry, want); !bytes.Equal(got, want) || bytes.Count(want, []byte{0}) == 64 {
		t.Errorf("code at the entry point is % x, want % x", got, want)
	}
	if bytes.Contains(data, reloadG) && m.Kind != User {
		t.Error("code is not what was loaded: a reload of g through FS is left")
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD && p.Type != elf.PT_NULL {
			t.Errorf("a program header of type %v", p.Type)
		}
	}
}

// sameFunctions compares functions, and the places of variables.
func sameFunctions(t *testing.T, m *Image, d *dwarf.Data) {
	functions, variables := 0, 0
	for r := d.Reader(); ; {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		at, ok := m.Addr(name)
		low, low0 := e.Val(dwarf.AttrLowpc).(uint64)
		loc, _ := e.Val(dwarf.AttrLocation).([]byte)
		switch {
		case e.Tag == dwarf.TagSubprogram && low0 && strings.HasPrefix(name, "main."):
			// A function may have an entry for each calling convention.
			functions++
			if f, ok := m.Func(low); !ok || f.Start != low || strings.TrimSuffix(f.Name, ".abi0") != name {
				t.Errorf("function %s begins at %#x, where %v is", name, low, f)
			}
		case e.Tag == dwarf.TagVariable && len(loc) == 9 && ok:
			if variables++; loc[0] != 3 || f64(loc[1:]) != at {
				t.Errorf("variable %s has location % x, want %#x", name, loc, at)
			}
		}
	}
	if functions < 3 || variables < 3 {
		t.Errorf("only %d functions, %d variables", functions, variables)
	}
}

func f64(b []byte) (v uint64) {
	for i := range b {
		v |= uint64(b[i]) << (8 * i)
	}
	return v
}

// sameLines compares the line tables at the first instruction of each function.
func sameLines(t *testing.T, m *Image, d *dwarf.Data) {
	lines := map[uint64]dwarf.LineEntry{}
	for r := d.Reader(); ; r.SkipChildren() {
		unit, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if unit == nil {
			break
		}
		lr, err := d.LineReader(unit)
		if err != nil || lr == nil {
			continue
		}
		for e := (dwarf.LineEntry{}); lr.Next(&e) == nil; {
			if _, ok := lines[e.Address]; !ok && !e.EndSequence {
				lines[e.Address] = e
			}
		}
	}
	n := 0
	for _, s := range m.Symbols() {
		e, ok := lines[s.Start]
		file, line, known := m.Line(s.Start)
		if !ok || !known || !strings.HasPrefix(s.Name, "main.") {
			continue
		}
		if n++; e.Line != line || !strings.HasSuffix(e.File.Name, file) {
			t.Errorf("%s begins at %s:%d, want %s:%d", s.Name, e.File.Name, e.Line, file, line)
		}
	}
	if n < 3 {
		t.Errorf("only %d functions have lines", n)
	}
}

// sameFrames looks for the functions that have a description of their frames.
func sameFrames(t *testing.T, m *Image, f *elf.File) {
	b, err := f.Section(".debug_frame").Data()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = units(b, func(u *cursor) error {
		if u.u32() != 1<<32-1 {
			at := f64(u.take(8))
			if s, ok := m.Func(at); !ok || s.Start != at {
				t.Errorf("a frame at %#x, which is in %v", at, s)
			}
			n++
		}
		return nil
	})
	if err != nil || n < 20 {
		t.Errorf("%d frames, %v", n, err)
	}
}

// Debug information that is not what the linker writes is refused, and read to no end.
func FuzzDebugInfo(f *testing.F) {
	m, err := Build(Spec{Root: moduleRoot, Pkg: "./vi/image/testdata/tiny", Kind: Guest})
	if err != nil {
		f.Fatal(err)
	}
	file, err := elf.NewFile(bytes.NewReader(m.ELF))
	if err != nil {
		f.Fatal(err)
	}
	for name := range slidesDWARF {
		b, err := file.Section(name).Data()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, b[:min(len(b), 2000)])
	}
	l, err := load(m.ELF)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if slides := slidesDWARF[name]; slides != nil {
			_ = slides(&debugFile{m: m, f: file, l: l}, bytes.Clone(b))
		}
	})
}
