package testbed

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"resvirt/experiments"
)

// What the sources say of recovery steps, for an experiment whose settings name one that
// does not exist: its user need not wait for the compiler to be told.

// checkSteps refuses settings with steps that the VMM's sources do not have. If their
// table cannot be read there, nothing is refused: the image is asked once it is built.
func checkSteps(root string, settings []experiments.Setting) error {
	if known := stepsInSources(root); known != nil {
		return experiments.CheckSteps(settings, known)
	}
	return nil
}

// stepsInSources are the names in the VMM's table of recovery steps, in the order of
// their bits; nil if that is not plain from the sources.
func stepsInSources(root string) []string {
	s := stepSources{root: root, fset: token.NewFileSet(), values: map[ast.Expr]types.TypeAndValue{}}
	file, err := parser.ParseFile(s.fset, filepath.Join(root, "vi/vmm/steps.go"), nil, 0)
	if err != nil {
		return nil
	}
	s.check("main", []*ast.File{file})
	variable := strings.TrimPrefix(stepTable, "main.")
	var table *ast.CompositeLit
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Names) == 1 && v.Names[0].Name == variable && len(v.Values) == 1 {
			table, _ = v.Values[0].(*ast.CompositeLit)
		}
		return table == nil
	})
	if table == nil {
		return nil
	}
	return s.names(table)
}

// stepSources reads the constants of the VMM's sources.
type stepSources struct {
	root   string
	fset   *token.FileSet
	values map[ast.Expr]types.TypeAndValue
}

// check finds the values of constants. Errors are of no interest: the other files of the
// package are missing.
func (s *stepSources) check(path string, files []*ast.File) *types.Package {
	c := types.Config{Importer: s, Error: func(error) {}}
	p, _ := c.Check(path, s.fset, files, &types.Info{Types: s.values})
	return p
}

// Import reads a package that the VMM's sources import, as go/types wants it.
func (s *stepSources) Import(path string) (*types.Package, error) {
	dir, ours := strings.CutPrefix(path, modulePath+"/")
	if !ours {
		return nil, errors.New("no constant of the table is from " + path)
	}
	names, err := filepath.Glob(filepath.Join(s.root, filepath.FromSlash(dir), "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(s.fset, name, nil, 0)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return s.check(path, files), nil
}

// names are the names of the table's entries.
func (s *stepSources) names(table *ast.CompositeLit) []string {
	list := make([]string, len(table.Elts))
	for _, e := range table.Elts {
		entry, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return nil
		}
		i, ok := constant.Int64Val(constant.ToInt(s.value(entry.Key)))
		fields, isStruct := entry.Value.(*ast.CompositeLit)
		if !ok || !isStruct || i < 0 || i >= int64(len(list)) {
			return nil
		}
		for _, f := range fields.Elts {
			if f, ok := f.(*ast.KeyValueExpr); ok && isNamed(f.Key, "name") && s.value(f.Value).Kind() == constant.String {
				list[i] = constant.StringVal(s.value(f.Value))
			}
		}
	}
	if slices.Contains(list, "") {
		return nil
	}
	return list
}

// value is that of a constant expression, else unknown.
func (s *stepSources) value(e ast.Expr) constant.Value {
	if v := s.values[e].Value; v != nil {
		return v
	}
	return constant.MakeUnknown()
}

func isNamed(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}
