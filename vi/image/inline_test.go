package image

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The functions of an address, through none to three expanded calls.
func TestCalls(t *testing.T) {
	const pkg = "vi/image/testdata/nested"
	m, err := BuildGuest(moduleRoot, "./"+pkg, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(moduleRoot, pkg, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(function, mark string) string {
		i := slices.IndexFunc(strings.Split(string(text), "\n"), func(l string) bool { return strings.HasSuffix(l, "// in "+mark) })
		return fmt.Sprintf("%s %s/main.go:%d", function, pkg, i+1)
	}
	one, two, three := at("main.one", "one"), at("main.two", "two"), at("main.three", "three")
	want := [][]string{
		{at("main.start", "start, nothing")},
		{one, at("main.start", "start, one")},
		{one, two, at("main.start", "start, two")},
		{one, two, three, at("main.start", "start, three")},
	}
	var got [][]string
	for _, pc := range callsTo(t, m, "main.start", "main.check") {
		var chain []string
		for _, c := range m.Calls(pc) {
			chain = append(chain, fmt.Sprintf("%s %s:%d", c.Function, c.File, c.Line))
		}
		got = append(got, chain)
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the calls are in\n%q, they should be in\n%q", got, want)
	}
	if c := m.Calls(1); len(c) != 0 {
		t.Errorf("address 1 has %v", c)
	}
}

// callsTo lists where a function calls another, at run addresses.
func callsTo(t *testing.T, m *Image, from, to string) []uint64 {
	t.Helper()
	l, err := load(m.ELF)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCode(l, m.Slide, "")
	if err != nil {
		t.Fatal(err)
	}
	caller, ok1 := c.named(from)
	called, ok2 := c.named(to)
	if !ok1 || !ok2 {
		t.Fatalf("%s or %s is not there", from, to)
	}
	var list []uint64
	err = c.each(c.funcs[caller.addr], func(i inst) error {
		if addr, ok := i.target(); ok && addr == called.addr {
			list = append(list, i.addr+m.Slide)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
