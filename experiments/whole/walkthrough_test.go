package whole

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
)

// What docs/extending.md says step by step works: its program, its experiment and its
// recovery step are built as they stand there, in a copy of the clone, a fault is run, and
// it can be replayed when the sources are gone.
func TestExtendingWalksThrough(t *testing.T) {
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	doc := read(t, filepath.Join("docs", "extending.md"))
	clone := t.TempDir()
	for _, name := range []string{"vi", "workloads"} {
		if err := os.CopyFS(filepath.Join(clone, name), os.DirFS(filepath.Join("..", "..", name))); err != nil {
			t.Fatal(err)
		}
	}
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(clone, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "docs/recovery.md"} {
		put(name, read(t, name))
	}
	copied := regexp.MustCompile(`cp workloads/unixbench/\{(.*)\} workloads/sorts/`).FindStringSubmatch(doc)
	if copied == nil {
		t.Fatal("nothing is copied")
	}
	for _, name := range strings.Split(copied[1], ",") {
		put("workloads/sorts/"+name, read(t, "workloads/unixbench/"+name))
	}
	written := regexp.MustCompile("(?s)\n`([a-z0-9_./]+)`(?:, at the root of the clone)?:\n\n```[a-z]+\n(.*?)```\n").FindAllStringSubmatch(doc, -1)
	if len(written) != 3 {
		t.Fatalf("%d files are written", len(written))
	}
	toml := ""
	for _, w := range written {
		put(w[1], w[2])
		if w[1] == "sorts.toml" {
			toml = w[2]
		}
	}
	diff := regexp.MustCompile("(?s)```diff\n(.*?)```").FindStringSubmatch(doc)
	more := regexp.MustCompile("(?s)before `full`.*?```toml\n(.*?)```").FindStringSubmatch(doc)
	if diff == nil || more == nil {
		t.Fatal("the step's edit or its setting is not there")
	}
	edit(t, clone, diff[1], put)
	t.Chdir(clone)
	text := []byte(toml + "\n" + more[1])
	e, err := experiments.Parse("sorts.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(sys.Steps(), "domain_locks") {
		t.Errorf("the image has the steps %v", sys.Steps())
	}
	path, fault := filepath.Join(t.TempDir(), "sorts.db"), 0
	_, err = campaign.Run(t.Context(), e, sys, campaign.Options{
		Path: path, Text: text, Only: &fault, Workers: 1, Stage: func(string) {}, Progress: func(campaign.Progress) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vi", "workloads"} {
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := retrace.Execute(t.Context(), db, testbed.Stored, "domain_locks", fault, 4, campaign.Teller{})
	if err != nil || len(r.Differences) > 0 {
		t.Fatalf("%v, %v", r, err)
	}
	var b bytes.Buffer
	if err := r.Text(&b); err != nil || !strings.Contains(b.String(), "recovery: domain_locks") || !strings.Contains(b.String(), "identical") {
		t.Errorf("%v\n%s", err, b.String())
	}
	parts, err := db.Parts()
	if err != nil || !slices.ContainsFunc(parts, func(p experiments.Part) bool { return p.Name == "workloads/sorts/main.go" }) {
		t.Errorf("the program's source is not kept: %v", err)
	}
}

// edit applies a diff of which each added line stands behind one that is there, or in
// the place of one.
func edit(t *testing.T, clone, diff string, put func(name, text string)) {
	t.Helper()
	name, text, before := "", "", ""
	for line := range strings.Lines(diff) {
		if file, ok := strings.CutPrefix(line, "--- "); ok {
			name = strings.TrimSpace(file)
			text = read(t, name)
			if b, err := os.ReadFile(filepath.Join(clone, name)); err == nil {
				text = string(b)
			}
			continue
		}
		mark, rest := line[0], line[1:]
		if mark != '+' {
			before = rest
			if mark == '-' {
				before = strings.TrimSuffix(rest, "\n")
			}
			continue
		}
		after := before + rest
		if !strings.HasSuffix(before, "\n") {
			after = strings.TrimSuffix(rest, "\n")
		}
		if strings.Count(text, before) != 1 {
			t.Fatalf("%s has %q %d times", name, before, strings.Count(text, before))
		}
		text = strings.Replace(text, before, after, 1)
		put(name, text)
	}
}
