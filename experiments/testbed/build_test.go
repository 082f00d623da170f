package testbed

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestSourcesAreComplete: a database holds the sources of every package that its
// images are made of.
func TestSourcesAreComplete(t *testing.T) {
	root, err := ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"list", "-deps"}
	for _, p := range imagePackages {
		args = append(args, p.pkg)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for pkg := range strings.Lines(string(out)) {
		name, ok := strings.CutPrefix(strings.TrimSpace(pkg), modulePath+"/")
		if !ok {
			continue
		}
		ours++
		if !slices.ContainsFunc(sourceDirs, func(dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }) {
			t.Errorf("images are made of %s, whose sources no database gets: see sourceDirs", name)
		}
	}
	if ours < len(imagePackages) {
		t.Errorf("only %d packages", ours)
	}
}
