package inspect

import (
	"debug/dwarf"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"resvirt/vi/image"
)

// declared are the names of all that the debug information and the symbols of an
// image have: functions, also those that the compiler put into their callers,
// variables, types and constants.
func declared(t *testing.T, v *View) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for r := v.dwarf.Reader(); ; {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
		if name, ok := e.Val(dwarf.AttrName).(string); ok && e.Tag != dwarf.TagCompileUnit {
			names[name] = true
		}
		if e.Tag != dwarf.TagCompileUnit {
			r.SkipChildren()
		}
	}
	for _, s := range v.image.Symbols() {
		names[s.Name] = true
		names[strings.TrimSuffix(s.Name, ".abi0")] = true
	}
	return names
}

// ofVMM matches the first name in a text that begins with one of the VMM's, and
// what stands behind it.
var ofVMM = regexp.MustCompile(`^((?:main|resvirt/vi/(?:abi|bare))\.(?:\(\*?\w+\)\.)?\w*)(.*)`)

// looked is a name for which a source looks; a part is the beginning of several
// names.
type looked struct {
	name string
	part bool
}

// lookedFor lists the names of the VMM's in a source, with their places.
func lookedFor(t *testing.T, path string) map[looked]token.Position {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	begins := map[ast.Expr]bool{} // expressions to which something is added, or which are prefixes
	list := map[looked]token.Position{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "HasPrefix") || ok && strings.HasPrefix(s.Sel.Name, "TrimPrefix") {
				for _, a := range n.Args {
					begins[a] = true
				}
			}
		case *ast.BinaryExpr:
			begins[n.X] = true
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if m := ofVMM.FindStringSubmatch(text); err == nil && n.Kind == token.STRING && m != nil {
				list[looked{m[1], begins[n] || strings.HasPrefix(m[2], "%") || strings.HasSuffix(m[1], ".")}] = set.Position(n.Pos())
			}
		}
		return true
	})
	return list
}

// files are the names of the VMM's source files that a source mentions.
func files(t *testing.T, path string) (list []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && len(text) > 3 && strings.HasSuffix(text, ".go") && !strings.HasPrefix(text, "_") && !strings.ContainsAny(text, "* ") {
				list = append(list, text)
			}
		}
		return true
	})
	return list
}

// Every name of the VMM's for which the host looks exists. Without this test, a
// renamed one would never be found, and nobody would notice.
func TestNamesAreTheVMMs(t *testing.T) {
	m, err := image.Build(image.Spec{Root: "../..", Pkg: "./vi/vmm", Kind: image.VMM})
	if err != nil {
		t.Fatal(err)
	}
	v, err := Open(m)
	if err != nil {
		t.Fatal(err)
	}
	names, n := declared(t, v), 0
	for _, room := range []string{"experiments", "faults", "ui", "vi/inspect"} {
		err := filepath.WalkDir(filepath.Join("../..", room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, name := range files(t, path) {
				if found, _ := filepath.Glob("../vmm/" + filepath.Base(name)); len(found) == 0 {
					t.Errorf("%s: the VMM has no file %s", path, name)
				}
			}
			for l, at := range lookedFor(t, path) {
				n++
				if found := names[l.name]; !found && !(l.part && begun(names, l.name)) {
					t.Errorf("%v: the VMM's image has no %s", at, l.name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 50 {
		t.Errorf("only %d names", n)
	}
	if names["main.nonesuch"] || begun(names, "main.none") {
		t.Error("what is not there was found")
	}
}

func begun(names map[string]bool, part string) bool {
	for name := range names {
		if strings.HasPrefix(name, part) {
			return true
		}
	}
	return false
}
