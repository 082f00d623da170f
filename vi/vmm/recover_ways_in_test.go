package main

import (
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const waysIn = "recover_ways_in.go"

// mentions finds, for each function or method of the package, the functions that
// name it, as "file function", in Go and in assembly.
func mentions(t *testing.T) map[string][]string {
	t.Helper()
	by := map[string][]string{}
	add := func(name, file, function string) {
		if at := file + " " + function; name != function && !slices.Contains(by[name], at) {
			by[name] = append(by[name], at)
		}
	}
	files := sourceFiles(t)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		for _, d := range files[file].Decls {
			function := "-"
			if fn, ok := d.(*ast.FuncDecl); ok {
				function = fn.Name.Name
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					add(id.Name, file, function)
				}
				return true
			})
		}
	}
	names, err := filepath.Glob("*.s")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files of assembly, %v", len(names), err)
	}
	symbol := regexp.MustCompile(`(TEXT\s+)?·(\w+)(\+\S*)?\(SB\)`)
	for _, file := range names {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		function := "-"
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "//")
			for _, m := range symbol.FindAllStringSubmatch(line, -1) {
				if m[1] != "" {
					function = m[2]
				}
				add(m[2], file, function)
			}
		}
	}
	return by
}

// The ways into recovery are those that recover_ways_in.go lists, and no others: the
// functions that lead to recovery are called only from the places that stand here.
// Enter a new way in into the list at the head of that file, and here.
func TestWaysIntoRecovery(t *testing.T) {
	by := mentions(t)
	for way, want := range map[string][]string{
		"assertFailed":  {"panic.go assert"},
		"disbelieved":   {"doubt.go disbelieve"},
		"fatalTrap":     {"trap.go trapFromVMM"},
		"hang":          {"watchdog.go handleNMI"},
		"failed":        {"entry_amd64.s entry"}, // and the image's builder
		"stoppedByNMI":  {"watchdog.go handleNMI"},
		"stopInterrupt": {"irq.go handleIRQ"},

		// Behind the ways in.
		"panicOn":      {waysIn + " assertFailed", waysIn + " disbelieved", waysIn + " fatalTrap"},
		"hangOn":       {waysIn + " hang"},
		"detectPanic":  {"recover_amd64.s panicOn", "recover_amd64.s failed"},
		"detectHang":   {"recover_amd64.s hangOn"},
		"onFreshStack": {"recover_amd64.s panicOn", "recover_amd64.s hangOn", "recover_amd64.s failed"},
		"noteFailure":  {waysIn + " detectPanic", waysIn + " detectHang"},
		"recoverVMM":   {waysIn + " detectPanic", waysIn + " detectHang"},
		"park":         {"recover.go recoverVMM", waysIn + " stoppedByNMI", waysIn + " stopInterrupt"},
	} {
		if got := by[way]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s is reached from %q, the list says %q", way, got, want)
		}
		delete(by, way)
	}
	for _, fn := range functions(sourceFiles(t)[waysIn]) {
		if at, ok := by[fn]; ok {
			t.Errorf("%s in %s is not in the test's list; it is reached from %q", fn, waysIn, at)
		}
	}
}
