package report

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"resvirt/experiments/store"
	"resvirt/sim"
)

// Names of columns are unique, and docs/definitions.md defines each.
func TestColumnsAreUniqueAndDefined(t *testing.T) {
	definitions, err := os.ReadFile("../../docs/definitions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(definitions), "\n## Columns\n")
	var report, list strings.Builder
	r := &Report{Cells: []Cell{newCell("e", "s", "t", "failstop", map[store.Cell]int{{Setting: "s", Fault: "failstop", Outcome: "recovered"}: 3, {Setting: "s", Fault: "failstop", Outcome: "silent"}: 1})}}
	if err := r.CSV(&report); err != nil {
		t.Fatal(err)
	}
	ps := sim.Time(5)
	runs := []store.RunLine{{Setting: "s", Index: 7, Detection: &ps}}
	if err := RunsCSV(&list, runs); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{report.String(), list.String()} {
		lines, err := csv.NewReader(strings.NewReader(table)).ReadAll()
		if err != nil || len(lines) != 2 {
			t.Fatalf("%d lines: %v", len(lines), err)
		}
		seen := map[string]bool{}
		for _, name := range lines[0] {
			if seen[name] {
				t.Errorf("column %s stands there twice", name)
			}
			seen[name] = true
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("docs/definitions.md does not say what column %s is", name)
			}
		}
	}
	if got := field(t, report.String(), "recovered_of_manifested") + " " + field(t, report.String(), "recovered_of_detected") + " " + field(t, report.String(), "unsurvived_of_applied"); got != "0.75 1 0.25" {
		t.Errorf("shares of 3 recovered, 1 silent: %s", got)
	}
	var object []map[string]any
	var form strings.Builder
	if err := RunsJSON(&form, runs); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(form.String()), &object); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(list.String(), "\n")
	for _, name := range strings.Split(head, ",") {
		if _, ok := object[0][name]; !ok {
			t.Errorf("JSON of runs lacks %s", name)
		}
	}
}

// field is the value of a column in the first line of a table.
func field(t *testing.T, table, name string) string {
	lines, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range lines[0] {
		if n == name {
			return lines[1][i]
		}
	}
	t.Fatalf("no column %s", name)
	return ""
}
