package report_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/report"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
)

const weightedText = `name = "toy"
runs = 40
faults = {types = ["failstop", "register", "memory", "register"], instructions = 50}
deadline = {detection_us = 10, recovery_us = 10}
golden = {snapshots = 8, digests = 80, misses = 4}
setting = [{name = "none"}, {name = "full", steps = ["restart", "patch"]}]
published = [{setting = "full", fault = "failstop", success = 90, source = "a table"}]
`

// A report of a small campaign against sums over its rows.
func TestReportSections(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	e, err := experiments.Parse("toy", []byte(weightedText))
	if err != nil {
		t.Fatal(err)
	}
	_, err = campaign.Run(context.Background(), e, toy.System{Version: "1"}, campaign.Options{
		Path: path, Workers: 2, Text: []byte(weightedText), Stage: func(string) {}, Progress: func(campaign.Progress) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := reportOf(t, path)
	if len(r.Cells) != 6 {
		t.Fatalf("%d cells", len(r.Cells))
	}
	rows := toyrun.Rows(t, path)
	for _, c := range r.Cells {
		want := 40
		if c.Fault == "register" {
			want = 80 // it stands there twice
		}
		if c.Runs != want {
			t.Errorf("%s %s: %d runs, want %d", c.Setting, c.Fault, c.Runs, want)
		}
		// A fifth of the toy's instructions are the target's, and the window is 80 %.
		if x := c.Extrapolated; x == nil || x.Instructions < 6000 || x.Instructions > 6160 || x.Low > x.Failures || x.High < x.Failures {
			t.Errorf("%s %s: %+v", c.Setting, c.Fault, x)
		} else if c.Fault == "memory" && x.Variants != 64 {
			t.Errorf("two bytes of each class are 64 bits, the extrapolation has %v", x.Variants)
		}
		if (c.Compared == nil) != (c.Setting == "full") {
			t.Errorf("%s %s: compared %+v", c.Setting, c.Fault, c.Compared)
		}
		if c.Compared != nil {
			checkCompared(t, rows, &c)
		}
		if n := c.Outcomes["recovered"]; n > 0 && (len(c.Steps) != 4 || c.Steps[3].Mean != 99_000 || c.Steps[3].Runs != n || c.Steps[1].Name != "patch") {
			t.Errorf("%s %s: steps %+v", c.Setting, c.Fault, c.Steps)
		}
	}
	checkForms(t, r)
}

// checkCompared counts the pairs of a cell again.
func checkCompared(t *testing.T, rows map[string]experiments.Row, c *report.Cell) {
	here, there, unknown := 0, 0, 0
	for _, a := range rows {
		if a.Setting != c.Setting || a.Plan.Kind.String() != c.Fault || !a.Outcome.Applied() {
			continue
		}
		other := experiments.Row{Setting: "full", Index: a.Index}
		b := rows[other.Run()]
		switch o := a.Outcome.String(); {
		case o == "tool_error" || o == "unsupported":
			unknown++
		case a.Outcome.Unsurvived() && !b.Outcome.Unsurvived():
			here++
		case b.Outcome.Unsurvived() && !a.Outcome.Unsurvived():
			there++
		}
	}
	if k := c.Compared; k.OnlyHere != here || k.OnlyThere != there || k.Unknown != unknown || k.Pairs+unknown != c.Applied || k.Low > k.Difference || k.High < k.Difference {
		t.Errorf("%s %s: %+v, want %d, %d and %d unknown", c.Setting, c.Fault, k, here, there, unknown)
	}
}

// checkForms looks at the report as text and as JSON.
func checkForms(t *testing.T, r *report.Report) {
	var text, form strings.Builder
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ours beside the published", "[1] a table", "(A) and full (B)", "extrapolated", "step by step"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	for line := range strings.Lines(text.String()) {
		if utf8.RuneCountInString(line) > 101 {
			t.Errorf("too wide: %s", line)
		}
	}
	if err := r.JSON(&form); err != nil {
		t.Fatal(err)
	}
	var cells []map[string]any
	if err := json.Unmarshal([]byte(form.String()), &cells); err != nil || len(cells) != len(r.Cells) {
		t.Fatalf("%d cells: %v", len(cells), err)
	}
	for _, key := range []string{"published", "compared", "extrapolated", "steps"} {
		if _, ok := cells[0][key]; !ok {
			t.Errorf("JSON has no %s", key)
		}
	}
}

func TestShortGoldenRunIsWarnedOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	if _, err := toyrun.Run(t, context.Background(), path, func(_ *experiments.Experiment, o *campaign.Options) { o.Runs = 1 }); err != nil {
		t.Fatal(err)
	}
	r := reportOf(t, path)
	for _, c := range []struct {
		switches uint64
		warned   bool
	}{{1000, false}, {49, true}} {
		var text strings.Builder
		r.Campaign.Golden.Counters.CPUs[1].Switches = c.switches
		if err := r.Text(&text); err != nil || strings.Contains(text.String(), "warning: 49 context switches on CPU 1") != c.warned {
			t.Errorf("%d switches: %v\n%s", c.switches, err, text.String())
		}
	}
}
