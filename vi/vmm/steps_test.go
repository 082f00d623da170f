package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each step has a name of its own, and the policy word allows them one by one.
func TestStepTable(t *testing.T) {
	recoverable(t)
	seen := map[string]bool{}
	for i, s := range recoverySteps {
		if s.name == "" || seen[s.name] {
			t.Errorf("step %d is called %q", i, s.name)
		}
		seen[s.name] = true
		persist().policy = 1 << i
		for k := range recoverySteps {
			if allowed(uint(k)) != (k == i) {
				t.Errorf("policy %#x: step %d allowed: %v", persist().policy, k, allowed(uint(k)))
			}
		}
	}
}

// sourceFiles are the package's files of Go without its tests, by name.
func sourceFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = f
	}
	return files
}

// functions are the names of a file's functions and methods, in order.
func functions(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			names = append(names, fn.Name.Name)
		}
	}
	return names
}

// A step can be found by its name: one file describes it, in a comment that
// begins with "Step" and the name. The file, a function in it and the step's
// constant have the step's name. If a file describes several steps, the file and
// a function have the name of the first.
func TestStepsAreFound(t *testing.T) {
	files := sourceFiles(t)
	told := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		first := true
		for line := range strings.Lines(string(text)) {
			step, ok := strings.CutPrefix(line, "// Step ")
			step, _, _ = strings.Cut(step, ". ")
			if !ok {
				continue
			}
			if told[step] {
				t.Errorf("%s: step %s is told twice", name, step)
			}
			told[step] = true
			if !first {
				continue
			}
			first = false
			if name != "recover_"+step+".go" && name != step+".go" {
				t.Errorf("%s is the file of step %s", name, step)
			}
			like := strings.ReplaceAll(step, "_", "")
			if !slices.ContainsFunc(functions(files[name]), func(fn string) bool {
				return strings.HasPrefix(strings.ToLower(fn), like)
			}) {
				t.Errorf("%s: no function is called like step %s", name, step)
			}
		}
	}
	constants := map[string]bool{}
	ast.Inspect(files["steps.go"], func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			constants[strings.ToLower(v.Names[0].Name)] = true
		}
		return true
	})
	doc, err := os.ReadFile("../../docs/recovery.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range recoverySteps {
		if !strings.Contains(string(doc), "`"+s.name+"`") {
			t.Errorf("docs/recovery.md does not say when step %s comes", s.name)
		}
		if !told[s.name] {
			t.Errorf("no file tells what step %s is", s.name)
		}
		if like := "step" + strings.ReplaceAll(s.name, "_", ""); !constants[like] {
			t.Errorf("step %s: no constant is called %s", s.name, like)
		}
		delete(told, s.name)
	}
	for step := range told {
		t.Errorf("step %s is none", step)
	}
}

// Runs in which nothing is detected are the same under all settings that detect
// alike: outside recovery's files only disbelieve asks for a step, through
// disbelieved, and only for those that are marked as detecting in the table.
func TestDetectingSteps(t *testing.T) {
	named := map[string]bool{} // constants of steps that somebody disbelieves by
	for name, f := range sourceFiles(t) {
		recovers := name == "recover.go" || strings.HasPrefix(name, "recover_") || name == "steps.go"
		function := ""
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				function = n.Name.Name
			case *ast.SelectorExpr:
				if n.Sel.Name == "policy" && !recovers && name != "persist.go" {
					t.Errorf("%s: %s reads the policy", name, function)
				}
			case *ast.CallExpr:
				callee, ok := n.Fun.(*ast.Ident)
				switch {
				case !ok:
				case (callee.Name == "allowed" || callee.Name == "begin") && !recovers:
					t.Errorf("%s: %s asks for a step", name, function)
				case callee.Name == "disbelieve":
					step, ok := n.Args[1].(*ast.Ident)
					if !ok {
						t.Fatalf("%s: %s disbelieves by a step that is no constant", name, function)
					}
					named[strings.ToLower(step.Name)] = true
				}
			}
			return true
		})
	}
	for _, s := range recoverySteps {
		if by := named["step"+strings.ReplaceAll(s.name, "_", "")]; by != s.detects {
			t.Errorf("step %s: the table says it detects: %v; somebody disbelieves by it: %v", s.name, s.detects, by)
		}
	}
}

// TestWaysBack: the steps that are marked as ways back in the table are those among
// which chooseMode chooses.
func TestWaysBack(t *testing.T) {
	chosen := map[string]bool{}
	for _, f := range sourceFiles(t) {
		for _, d := range f.Decls {
			if f, ok := d.(*ast.FuncDecl); !ok || f.Name.Name != "chooseMode" {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if callee, ok := call.Fun.(*ast.Ident); ok && callee.Name == "begin" {
						chosen[strings.ToLower(call.Args[0].(*ast.Ident).Name)] = true
					}
				}
				return true
			})
		}
	}
	for _, s := range recoverySteps {
		if by := chosen["step"+strings.ReplaceAll(s.name, "_", "")]; by != s.back {
			t.Errorf("step %s: the table says it is a way back: %v; chooseMode chooses it: %v", s.name, s.back, by)
		}
	}
}
