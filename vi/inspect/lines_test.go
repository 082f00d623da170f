package inspect

import (
	"slices"
	"strings"
	"testing"
)

// A place in the source stands for all code that it became: also where the compiler has
// expanded it.
func TestBreakpointsOfAFunctionThatIsExpandedEverywhere(t *testing.T) {
	v := views(t)[0]
	list, err := v.Breakpoints("assert")
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]bool{}
	for _, b := range list {
		calls := v.image.Calls(b.Addr)
		if len(calls) < 2 || calls[0].Function != "main.assert" || calls[len(calls)-1].Function != b.Function || !b.Expanded {
			t.Errorf("%+v: %v", b, calls)
		}
		in[b.Function] = true
	}
	// Each function in which an instruction belongs to an assertion must be there.
	for _, s := range v.image.Symbols() {
		for pc := s.Start; pc < s.End && strings.HasPrefix(s.Name, "main."); pc++ {
			if c := v.image.Calls(pc); len(c) > 1 && c[0].Function == "main.assert" && !in[s.Name] {
				t.Errorf("%s has an assertion at %#x, and no breakpoint", s.Name, pc)
				break
			}
		}
	}
	if len(list) < 50 || len(in) < 30 {
		t.Errorf("%d breakpoints in %d functions", len(list), len(in))
	}
}

// Every breakpoint of a line lies where a statement of that line begins.
func TestBreakpointsOfLines(t *testing.T) {
	v := views(t)[0]
	checked := 0
	for line := 1; line < 130; line += 3 {
		list, err := v.Breakpoints("vmm/hypercall.go:" + itoa(line))
		if err != nil {
			if line < 100 {
				t.Error(err)
			}
			continue
		}
		for _, b := range list {
			row, ok := v.Row(b.Addr)
			file, at, _ := v.image.Line(b.Addr)
			if !ok || row.Start != b.Addr || !row.Stmt || row.Line != b.Line || b.Line < line || file != b.File || at != b.Line || file != "vi/vmm/hypercall.go" {
				t.Errorf("line %d: %+v, row %+v, %s:%d", line, b, row, file, at)
			}
			checked++
		}
	}
	if checked < 40 {
		t.Errorf("only %d breakpoints were checked", checked)
	}
}

func itoa(n int) string {
	return string(rune('0'+n/100)) + string(rune('0'+n/10%10)) + string(rune('0'+n%10))
}

func TestPlacesThatAreNone(t *testing.T) {
	list := views(t)
	for _, c := range []struct {
		image     int
		place, is string
	}{
		{0, "main.nonesuch", "no function main.nonesuch"},
		{0, "nonesuch.go:3", "no file nonesuch.go"},
		{0, "hypercall.go:x", "write file:line"},
		{0, "hypercall.go:0", "write file:line"},
		{0, "hypercall.go:99999", "no code at line 99999"},
		{0, "", "no function"},
		{0, ":", "write file:line"},
		{1, "entry_amd64.s:20", "write more of its path"},
	} {
		got, err := list[c.image].Breakpoints(c.place)
		if err == nil || !strings.Contains(err.Error(), c.is) {
			t.Errorf("%q: %d places, error %v, should say %q", c.place, len(got), err, c.is)
		}
	}
}

func TestFunctionsByName(t *testing.T) {
	v := views(t)[0]
	names := func(pattern string) (list []string) {
		for _, f := range v.Functions(pattern) {
			list = append(list, f.Name)
			if addr, ok := v.image.Addr(f.Name); f.Start != 0 && (!ok || addr != f.Start) {
				t.Errorf("%s begins at %#x, its symbol is at %#x", f.Name, f.Start, addr)
			}
		}
		return list
	}
	if got := names("DISPATCH"); !slices.Equal(got, []string{"main.dispatch"}) {
		t.Errorf("functions called dispatch: %v", got)
	}
	if got := names("hyper*"); len(got) < 25 || !slices.Contains(got, "main.hyperIret") || slices.ContainsFunc(got, func(n string) bool { return !strings.HasPrefix(n, "main.hyper") }) {
		t.Errorf("functions hyper*: %v", got)
	}
	if f := v.Functions("assert?"); len(f) != 0 {
		t.Errorf("functions assert?: %+v", f)
	}
	if f := v.Functions("assert*"); len(f) != 2 || f[1].Name != "main.assert" || f[1].Start != 0 || f[1].Expanded < 100 {
		t.Errorf("functions assert*: %+v", f)
	}
	if got := names("["); len(got) != 0 {
		t.Errorf("functions [: %v", got)
	}
}

// Spots change where the chain of expanded calls or the line does, and only there.
func TestSpotsAreLinesOfOneCall(t *testing.T) {
	v := views(t)[0]
	compared, deepest := 0, 0
	for _, name := range []string{"main.hypercall", "main.doSoft", "main.schedule", "main.(*page).get"} {
		addr, ok := v.image.Addr(name)
		f, _ := v.image.Func(addr)
		if !ok {
			t.Fatalf("there is no function %s", name)
		}
		for pc := f.Start + 1; pc < f.End; pc++ {
			a, ok1 := v.Spot(pc - 1)
			b, ok2 := v.Spot(pc)
			before, now := v.image.Calls(pc-1), v.image.Calls(pc)
			if !ok1 || !ok2 || b.Depth != len(now)-1 || b.File != now[0].File || b.Line != now[0].Line {
				t.Fatalf("%s: spot %+v, calls %v", v.image.Where(pc), b, now)
			}
			if !slices.Equal(before, now) && a == b {
				t.Errorf("%s: %v and %v are one spot", v.image.Where(pc), before, now)
			}
			if row, ok := v.Row(pc); ok && row.Start < pc && a != b {
				t.Errorf("%s: the spot changes within a row", v.image.Where(pc))
			}
			compared++
			deepest = max(deepest, b.Depth)
		}
	}
	if compared < 1000 || deepest < 2 {
		t.Errorf("%d addresses, at most %d expanded calls", compared, deepest)
	}
}
