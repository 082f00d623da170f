package main

import (
	"bytes"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestFormatted(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || untracked(path)):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if pretty, err := format.Source(text); err != nil || !bytes.Equal(pretty, text) {
			t.Errorf("%s is not as gofmt writes it (%v)", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestVet(t *testing.T) { tool(t, "vet", "./...") }

// TestStaticcheck runs the version that go.mod names.
func TestStaticcheck(t *testing.T) { tool(t, "tool", "staticcheck", "./...") }

func tool(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOGC=400") // a third less time, for some more memory
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go %v: %v\n%s", args, err, out)
	}
}
