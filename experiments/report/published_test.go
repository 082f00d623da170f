package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"resvirt/experiments"
)

// Of every experiment that ships, the table fits 100 columns, whatever ours is.
func TestPublishedTableFits(t *testing.T) {
	for _, name := range experiments.Shipped() {
		e, _, err := experiments.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r := &Report{}
		for _, s := range e.Settings {
			for _, f := range e.Faults.Kinds() {
				n := 500
				r.Cells = append(r.Cells, Cell{Setting: s.Name, Fault: f, Detected: 1000, Recovered: 1000, RecoveredPaper: &n})
			}
		}
		r.addPublished(e.Published)
		var b strings.Builder
		r.publishedTable(&b)
		if (b.Len() > 0) != (len(e.Published) > 0) {
			t.Errorf("%s has %d published figures and a table of %d bytes", name, len(e.Published), b.Len())
		}
		if n := strings.Count(b.String(), "]\n"); n != len(e.Published) {
			t.Errorf("%s: %d lines for %d published figures", name, n, len(e.Published))
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(line); n > 101 {
				t.Errorf("%s: %d columns: %s", name, n-1, line)
			}
		}
	}
}

func TestPublishedTable(t *testing.T) {
	f := func(v float64) *float64 { return &v }
	r := &Report{Cells: []Cell{{Setting: "a", Fault: "code", Detected: 1000, Recovered: 989}, {Setting: "b", Fault: "code"}}}
	r.addPublished([]experiments.Published{
		{Setting: "a", Fault: "code", Success: f(98.9), NoVM: f(95), Interval: []float64{0.86, 0.55}, Source: "one"},
		{Setting: "a", Fault: "code", NoVM: f(82.2), Interval: []float64{2.4, 2.4}, Source: "two"},
		{Setting: "b", Fault: "code", Success: f(5.6), Source: "one"},
	})
	var b strings.Builder
	r.publishedTable(&b)
	want := `
ours beside the published figures, percent of detected failures:
                             ours,  ours,            publ.,     publ.,
  setting  fault             strict  paper             paper     strict  from
        a   code  98.90 -0.86/+0.55      -  98.9 -0.86/+0.55       95.0   [1]
        a   code  98.90 -0.86/+0.55      -                 -  82.2 ±2.4   [2]
        b   code                  -      -               5.6          -   [1]
  [1] one
  [2] two
`
	if strings.Join(strings.Fields(b.String()), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("%s\nwant %s", b.String(), want)
	}
}

// The distance of the last setting to a published figure is divided into what the
// published mechanism gains here, and what the last setting gains over it.
func TestGapTable(t *testing.T) {
	f, n := 90.74, func(v int) *int { return &v }
	cell := func(setting string, k, of int) Cell {
		return Cell{Setting: setting, Fault: "code", Detected: of, Recovered: k, RecoveredPaper: n(k), PaperOfDetected: shareOf(k, of)}
	}
	r := &Report{Cells: []Cell{cell("reboot", 5681, 5786), cell("reset", 5573, 5786), cell("ours", 6002, 6109)}}
	for _, s := range []string{"reboot", "reset", "ours"} {
		r.addPublished([]experiments.Published{{Setting: s, Fault: "code", Success: &f, Source: "one"}})
	}
	var b strings.Builder
	r.publishedTable(&b)
	for _, want := range []string{
		"reboot code 98.19 +7.45 98.25 +0.06 [-0.41, +0.55]", // of final: nothing of it is shown to be ours
		"reset code 96.32 +5.58 98.25 +1.9 [+1.3, +2.5]",
	} {
		if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
