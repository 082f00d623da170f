package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/internal/toyrun"
)

// A list of runs has the numbers of causes, and is filtered by them as well as by the
// causes as a report counts them. The toy's causes have no numbers, so that those of
// one run are changed, in a database of the format before seals.
func TestListsHaveNumbersOfCauses(t *testing.T) {
	path, content := written(t)
	edit(t, path, content, func(db *sql.DB) {
		for _, table := range strings.Fields("campaigns settings parts runs sessions planned") {
			must(t, db, "ALTER TABLE "+table+" DROP COLUMN seal")
		}
		must(t, db, "UPDATE meta SET value = ? WHERE key = 'format'", store.OlderFormat)
		must(t, db, "UPDATE runs SET cause = 'VM lost: a VM: error N', reason = 'd2: error 17' WHERE setting = 'full' AND idx = 1")
	})
	db, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, part := range []string{"d2: error 17", "a VM: error N"} {
		list, err := db.Runs(store.RunFilter{Cause: part})
		if err != nil || len(list) != 1 || list[0].String() != "full/1" || list[0].Cause != "VM lost: d2: error 17" {
			t.Errorf("--cause %q: %+v, %v", part, list, err)
		}
	}
}

// Where no VM is made late, nothing is said of the papers' rule, neither in lists nor
// of a single run; and the JSON of a run has one style of names, and words as people
// write them.
func TestPapersRuleWantsALateVM(t *testing.T) {
	for _, late := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "toy.db")
		_, err := toyrun.Run(t, context.Background(), path, func(e *experiments.Experiment, o *campaign.Options) {
			if o.Runs = 3; late {
				o.Text = []byte(toyrun.Text + "vmm = {control = true, late = 1}\n")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		db, err := store.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		list, err := db.Runs(store.RunFilter{})
		if err != nil || len(list) == 0 || (list[0].Paper != nil) != late {
			t.Errorf("late %v: %+v, %v", late, list, err)
		}
		var text strings.Builder
		if err := retrace.ShowJSON(db, &text, "full", 0); err != nil {
			t.Fatal(err)
		}
		var row struct {
			Paper  *bool `json:"recovered_paper"`
			Strike struct {
				Before string
				Place  struct{ PC string }
			}
		}
		if err := json.Unmarshal([]byte(text.String()), &row); err != nil || (row.Paper != nil) != late {
			t.Fatalf("late %v: %v\n%s", late, err, text.String())
		}
		if row.Strike.Place.PC != "0x1008" || row.Strike.Before != "0x1008" {
			t.Errorf("words of a run: %+v", row.Strike)
		}
		if names := regexp.MustCompile(`"\w*[A-Z]\w*":`).FindAllString(text.String(), -1); names != nil {
			t.Errorf("names %q", names)
		}
	}
}
