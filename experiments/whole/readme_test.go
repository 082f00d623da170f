package whole

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
)

// TestReadmeShowsThisProgram: the table of `run quick` in README is of the images, rules and
// semantics that are here, which its campaign's digest names, and so of these
// results; and its form is that of a report now. go generate . makes it anew.
func TestReadmeShowsThisProgram(t *testing.T) {
	t.Parallel()
	goMod := read(t, "go.mod")
	if m := regexp.MustCompile(`(?m)^toolchain (\S+)$`).FindStringSubmatch(goMod); m == nil || m[1] != runtime.Version() {
		t.Skipf("%s makes other images than the toolchain that go.mod names", runtime.Version())
	}
	_, text, _ := strings.Cut(read(t, "README.md"), "<!-- BEGIN OUTPUT OF: go run . run quick -->\n```\n")
	text, _, ok := strings.Cut(text, "```\n<!-- END OUTPUT -->")
	if !ok {
		t.Fatal("README.md has no output of `go run . run quick` between its marks")
	}
	shown, now := strings.Split(text, "\n"), strings.Split(smallReport(t), "\n")
	for i, line := range now[:slices.Index(now, "")] {
		if i >= len(shown) || shown[i] != line {
			t.Fatalf("README shows %q, this program prints %q: go generate .", shown[min(i, len(shown)-1)], line)
		}
	}
	// What has no number in it a report of fewer faults has too, but for columns' widths.
	for _, line := range now {
		words := strings.Fields(line)
		if len(words) == 0 || strings.ContainsAny(line, "0123456789") {
			continue
		}
		i := slices.IndexFunc(shown, func(s string) bool { return slices.Equal(strings.Fields(s), words) })
		if i < 0 {
			t.Fatalf("README does not show, or not in this place: %q: go generate .", line)
		}
		shown = shown[i+1:]
	}
}

// smallReport is that of a few faults of quick.
func smallReport(t *testing.T) string {
	q := lab(t)
	path := filepath.Join(t.TempDir(), "quick.db")
	_, err := experiments.Run(context.Background(), q.exp, q.lab.System(), experiments.Options{
		Path: path, Text: q.text, Runs: 4, Workers: 1, Stage: func(string) {}, Progress: func(experiments.Progress) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := experiments.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Report()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func read(t *testing.T, name string) string {
	b, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
