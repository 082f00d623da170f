package image

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each mistake in a package is reported in a line with its place.
func TestMistakesInPackages(t *testing.T) {
	const entry = "#include \"textflag.h\"\nTEXT ·entry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0\n\tLEAQ ·failed(SB), AX\n\tCALL ·start(SB)\nTEXT ·failed(SB),NOSPLIT|NOFRAME,$0\n\tUD2\n"
	for _, c := range []struct {
		name string
		main string
		more map[string]string
		want []string // one line each
	}{
		{"an import", "package main\n\nimport (\n\t\"math/bits\"\n\t\"fmt\"\n)\n\nfunc start() { fmt.Print(bits.Len(1)) }\nfunc main() {}\n", nil,
			[]string{`mine/main.go:5: import "fmt": it needs the Go runtime`}},
		{"imports of imports", "package main\n\nimport \"resvirt/far\"\n\nfunc start() { far.F() }\nfunc main() {}\n",
			map[string]string{"far/far.go": "package far\n\nimport \"resvirt/near\"\n\nfunc F() { near.F() }\n", "near/near.go": "package near\n\nimport \"os\"\n\nfunc F() { os.Exit(1) }\n"},
			[]string{`mine/main.go:3: import "resvirt/far": it imports "os" (near/near.go:3), which needs the Go runtime`}},
		{"cgo", "package main\n\nimport \"C\"\n\nfunc start() {}\nfunc main() {}\n", nil, []string{"build constraints exclude all Go files"}},
		{"no such import", "package main\n\nimport \"no/such\"\n\nfunc start() { such.F() }\nfunc main() {}\n", nil, []string{"mine/main.go:3:8: package no/such is not in std"}},
		{"no such module", "package main\n\nimport \"example.com/such\"\n\nfunc start() { such.F() }\nfunc main() {}\n", nil,
			[]string{"mine/main.go:3:8: no required module provides package example.com/such"}},
		{"two unknown names", "package main\n\nfunc start() { a() }\nfunc main() { b() }\n", nil, []string{"mine/main.go:3:16: undefined: a", "mine/main.go:4:15: undefined: b"}},
		{"syntax", "package main\n\nfunc start( {}\n", nil, []string{"mine/main.go:3:13: "}},
		{"no command", "// Package mine is none.\npackage mine\n", nil, []string{"mine/main.go:2: package mine: an image is made of a package main"}},
		{"allocation", "package main\n\nvar p *[8]int\n\nfunc start() {\n\tp = new([8]int)\n}\nfunc main() {}\n", nil,
			[]string{"mine/main.go:6 (main.start): heap allocation (a variable escapes) needs runtime.newobject"}},
		{"no entry", "package main\n\nfunc main() {}\n", map[string]string{"mine/entry_amd64.s": ""}, []string{`missing entry symbol "main.entry": the image begins at`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			files := map[string]string{"go.mod": "module resvirt\n\ngo 1.24\n", "mine/main.go": c.main, "mine/entry_amd64.s": entry}
			for name, text := range c.more {
				files[name] = text
			}
			for name, text := range files {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			_, err := BuildUser(root, "./mine", t.TempDir())
			if err == nil {
				t.Fatal("it is accepted")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(c.want) {
				t.Errorf("%d lines, not %d:\n%v", len(lines), len(c.want), err)
			}
			for i, want := range c.want {
				if i < len(lines) && !strings.Contains(lines[i], want) {
					t.Errorf("line %d is %q, want %q", i+1, lines[i], want)
				}
			}
			if !strings.HasPrefix(lines[0], "image ./mine: ") {
				t.Errorf("%q does not say which image", lines[0])
			}
		})
	}
}
