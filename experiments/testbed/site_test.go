package testbed

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// Each check of the VMM is told in the line in which it stands.
func TestChecksAreToldWhereTheyStand(t *testing.T) {
	s := realLab(t).System.(*VI)
	inlined := 0
	for _, c := range []struct{ report, line string }{{"main.assertFailed", "assert("}, {"main.disbelieved", "disbelieve("}} {
		for _, ret := range returnsFrom(t, s.images["vmm"], c.report) {
			p := s.target.Site(faults.Cause{PC: ret, Check: true})
			if line := sourceLine(t, p); !strings.Contains(line, c.line) {
				t.Errorf("the check at %#x is told as %+v, which says %q", ret, p, line)
			}
			if p.Inlined != "" {
				inlined++
			}
		}
	}
	if inlined == 0 {
		t.Error("no check stands in a function that is inlined")
	}
}

// An assertion, and doubt of what a guest asks, that fail as the machine runs.
func TestFailedChecksAreToldWhereTheyStand(t *testing.T) {
	l := realLab(t)
	s := l.System.(*VI)
	vmm := s.images["vmm"]
	for _, c := range []struct{ function, line string }{
		{"main.assertFailed", "assert("},
		{"main.disbelieved", "disbelieve("},
	} {
		entry, _ := vmm.Addr(c.function)
		ret := returnsFrom(t, vmm, c.function)[0]
		w := &campaign.Worker{Lab: l}
		if ok, why := w.ToTrigger(faults.Draw(l.Series, 0, l.Model, l.Golden.Span)[0]); !ok {
			t.Fatal(why)
		}
		m := w.Machine
		m.SetPolicy(1<<len(s.steps) - 1)
		call(t, m, m.Next(), entry, ret)
		o := faults.Observe(m, s.target, &l.Golden.Golden, m.Policy())
		if len(o.Detections) == 0 {
			t.Fatalf("a call of %s is not detected", c.function)
		}
		d := o.Detections[0]
		if line := sourceLine(t, d.Place); d.What != "assertion" || !strings.Contains(line, c.line) || d.Place.PC != ret {
			t.Errorf("what calls %s failed: %s, %+v, which says %q", c.function, d.What, d.Place, line)
		}
	}
}

// call makes a processor execute a function, with argument 1, that will return to ret.
func call(t *testing.T, m faults.Machine, cpu int, entry, ret uint64) {
	t.Helper()
	sp := m.Register(cpu, 4) &^ 15
	pa, ok := m.Translate(cpu, sp-64)
	if !ok {
		t.Fatalf("the stack at %#x is not mapped", sp)
	}
	m.WritePhys(pa, binary.LittleEndian.AppendUint64(nil, ret))
	m.SetRegister(cpu, 4, sp-64)
	m.SetRegister(cpu, 0, 1)
	m.SetRegister(cpu, faults.RIP, entry)
}

// returnsFrom lists the addresses behind all calls of a function.
func returnsFrom(t *testing.T, m *image.Image, function string) []uint64 {
	t.Helper()
	to, ok := m.Addr(function)
	if !ok {
		t.Fatalf("there is no function %s", function)
	}
	var list []uint64
	for _, f := range m.Symbols() {
		if fn, ok := m.Func(f.Start); !ok || fn != f {
			continue
		}
		for pc := f.Start; pc < f.End; {
			code := make([]byte, 15)
			if inspect.Initial(m)(pc, code) != nil {
				break
			}
			i, err := x86asm.Decode(code, 64)
			if err != nil {
				break
			}
			pc += uint64(i.Len)
			if rel, ok := i.Args[0].(x86asm.Rel); ok && i.Op == x86asm.CALL && pc+uint64(int64(rel)) == to {
				list = append(list, pc)
			}
		}
	}
	if len(list) == 0 {
		t.Fatalf("nothing calls %s", function)
	}
	return list
}

// sourceLine is the text of a place's line.
func sourceLine(t *testing.T, p faults.Place) string {
	t.Helper()
	root, err := ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, p.File))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if p.Line < 1 || p.Line > len(lines) {
		t.Fatalf("%+v is not a line of the source", p)
	}
	return strings.TrimSpace(lines[p.Line-1])
}
