package image

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// withoutRuntime are the packages of the standard library that images may
// import. Others would work if they need no runtime and no initialization,
// which is checked in the machine code anyway. But that check names places
// inside the library, while an error about an import is clear to its author.
var withoutRuntime = []string{"unsafe", "math/bits", "sync/atomic"}

// listed is the output of `go list -json` about a package.
type listed struct {
	ImportPath, Dir, Name               string
	Standard                            bool
	Module                              struct{ Path string }
	GoFiles, SFiles, HFiles, EmbedFiles []string
}

// imports checks what the packages of an image import.
type imports struct {
	root     string
	packages map[string]*listed
	reasons  map[string]string // by package that was checked, "" = nothing is wrong
}

// checkImports reports if the package of an image is no main package, or
// imports, directly or not, what needs a runtime. It has a line for each place.
func checkImports(root string, list []listed) error {
	if len(list) == 0 {
		return errors.New("BUG: go list lists no package")
	}
	c := imports{root, map[string]*listed{}, map[string]string{}}
	for i := range list {
		c.packages[list[i].ImportPath] = &list[i]
	}
	main := &list[len(list)-1]
	var errs []error
	err := c.each(main, func(f *ast.File, at func(token.Pos) string) bool {
		if f.Name.Name != "main" {
			errs = append(errs, fmt.Errorf("%s: package %s: an image is made of a package main", at(f.Name.Pos()), f.Name.Name))
		}
		for _, i := range f.Imports {
			if why := c.why(i); why != "" {
				errs = append(errs, fmt.Errorf("%s: import %s: %s; code of an image may import %s, and packages that do so",
					at(i.Pos()), i.Path.Value, why, strings.Join(withoutRuntime, ", ")))
			}
		}
		return true
	})
	return errors.Join(append(errs, err)...)
}

// why says what is wrong with an import, "" if nothing is.
func (c *imports) why(i *ast.ImportSpec) string {
	path, err := strconv.Unquote(i.Path.Value)
	p := c.packages[path]
	switch {
	case err != nil:
		return err.Error()
	case slices.Contains(withoutRuntime, path):
		return ""
	case p == nil || p.Standard: // cgo's "C" is no package
		return "it needs the Go runtime"
	}
	if _, known := c.reasons[path]; known {
		return c.reasons[path]
	}
	c.reasons[path] = ""
	why := ""
	err = c.each(p, func(f *ast.File, at func(token.Pos) string) bool {
		for _, i := range f.Imports {
			if w := c.why(i); w != "" && why == "" {
				if strings.HasPrefix(w, "it needs") {
					w = "it imports " + i.Path.Value + " (" + at(i.Pos()) + "), which needs the Go runtime"
				}
				why = w
			}
		}
		return why == ""
	})
	if err != nil {
		why = err.Error()
	}
	c.reasons[path] = why
	return why
}

// each calls do for the files of a package until it returns false. at formats a
// place as the compiler does.
func (c *imports) each(p *listed, do func(f *ast.File, at func(token.Pos) string) bool) error {
	for _, name := range p.GoFiles {
		set := token.NewFileSet()
		path := filepath.Join(p.Dir, name)
		f, err := parser.ParseFile(set, path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		at := func(pos token.Pos) string {
			where := path
			if r, err := filepath.Rel(c.root, path); err == nil {
				where = filepath.ToSlash(r)
			}
			return fmt.Sprintf("%s:%d", where, set.Position(pos).Line)
		}
		if !do(f, at) {
			break
		}
	}
	return nil
}
