package whole

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"resvirt/experiments/campaign"
	"resvirt/experiments/report"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
)

// TestReadmeShowsThisProgram: the table of `run quick` in README is of the images, rules and
// semantics that are here, which its campaign's digest names, and so of these
// results; and its form is that of a report now. go generate . makes it anew.
func TestReadmeShowsThisProgram(t *testing.T) {
	t.Parallel()
	ownToolchain(t)
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
	// Rows of tables and of lists of causes depend on how many faults there are, and with
	// them the columns' widths.
	for _, line := range now {
		form := formOf(line)
		if form == "" || slices.Contains(rows, strings.Fields(form)[0]) {
			continue
		}
		i := slices.IndexFunc(shown, func(s string) bool { return formOf(s) == form })
		if i < 0 {
			t.Fatalf("README does not show, or not in this place: %q: go generate .", line)
		}
		shown = shown[i+1:]
	}
}

// TestReadmesExampleIsOne: the run that README looks closer at ended as README says.
func TestReadmesExampleIsOne(t *testing.T) {
	t.Parallel()
	text := read(t, "README.md")
	m := regexp.MustCompile(`<!-- EXAMPLE RUN OF quick.db: (\w+) under (\w+), (\w+) under (\w+) -->`).FindStringSubmatch(text)
	if m == nil {
		t.Fatal("README.md has no mark of an example")
	}
	wants := map[string]string{m[2]: m[1], m[4]: m[3]}
	runs := regexp.MustCompile(`quick\.db (\w+)/([0-9]+)`).FindAllStringSubmatch(text, -1)
	if len(runs) == 0 {
		t.Fatal("README.md looks at no run")
	}
	q := lab(t)
	index, err := strconv.Atoi(runs[0][2])
	if err != nil {
		t.Fatal(err)
	}
	ended := map[string]string{}
	for _, r := range q.lab.Trials(nil, index, q.exp.Settings) {
		ended[r.Setting] = r.Outcome.String()
	}
	for _, r := range runs {
		if r[2] != runs[0][2] || wants[r[1]] == "" || ended[r[1]] != wants[r[1]] {
			t.Errorf("README shows %s/%s as an example, which ended as %q: go generate .", r[1], r[2], ended[r[1]])
		}
	}
}

// TestFollowedFaultIsOfThisProgram: the run that docs/one-fault.md follows goes in these images
// as it is told there: in each setting it ends at the same position, and in the same way.
func TestFollowedFaultIsOfThisProgram(t *testing.T) {
	t.Parallel()
	ownToolchain(t)
	text := read(t, filepath.Join("docs", "one-fault.md"))
	runs := regexp.MustCompile(`<!-- BEGIN OUTPUT OF: go run \. \w+ quick\.db (\w+)/([0-9]+)[ ;]`).FindAllStringSubmatch(text, -1)
	if len(runs) == 0 {
		t.Fatal("docs/one-fault.md shows no output of a run")
	}
	q := lab(t)
	index, err := strconv.Atoi(runs[0][2])
	if err != nil {
		t.Fatal(err)
	}
	ends := map[string]string{}
	for _, r := range q.lab.Trials(nil, index, q.exp.Settings) {
		ends[r.Setting] = fmt.Sprintf("%12d  %14v       outcome: %s\n", r.EndPosition, r.EndTime, retrace.OutcomeText(&r))
	}
	for _, r := range runs {
		if end := ends[r[1]]; r[2] != runs[0][2] || end == "" || !strings.Contains(text, end) {
			t.Errorf("docs/one-fault.md follows %s/%s, which ends here with %q: go generate . and tell what happens now", r[1], r[2], end)
		}
	}
}

// ownToolchain skips a test of what documents show of images if this compiler makes others.
func ownToolchain(t *testing.T) {
	t.Helper()
	if m := regexp.MustCompile(`(?m)^toolchain (\S+)$`).FindStringSubmatch(read(t, "go.mod")); m == nil || m[1] != runtime.Version() {
		t.Skipf("%s makes other images than the toolchain that go.mod names", runtime.Version())
	}
}

// rows begin with the names of quick's settings, or with a number.
var rows = []string{"none", "basic", "full", "N"}

var number = regexp.MustCompile(`[0-9]+`)

// formOf is a line without its numbers and widths.
func formOf(line string) string {
	return number.ReplaceAllString(strings.Join(strings.Fields(line), " "), "N")
}

// smallReport is a report on a few faults of quick.
func smallReport(t *testing.T) string {
	q := lab(t)
	path := filepath.Join(t.TempDir(), "quick.db")
	_, err := campaign.Run(context.Background(), q.exp, q.lab.System, campaign.Options{
		Path: path, Text: q.text, Runs: 4, Workers: 1, Stage: func(string) {}, Progress: func(campaign.Progress) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := report.Of(db)
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
