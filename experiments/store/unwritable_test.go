package store

import (
	"path/filepath"
	"strings"
	"testing"
)

// What is found in a database that cannot be written is found all the same, and not
// kept: whether the table is there or not.
func TestNothingIsKeptWhereNothingCanBeWritten(t *testing.T) {
	for _, kept := range []bool{false, true} {
		db, err := Open(filepath.Join(t.TempDir(), "x.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		cause := []Cause{{Setting: "full", Index: 1, Text: "a", Line: "b"}}
		if kept {
			if err := db.KeepFinding("x", "p", 1); err != nil {
				t.Fatal(err)
			}
			if err := db.KeepCauses("1", cause); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.sql.Exec("PRAGMA query_only = 1"); err != nil { // as a file that is read-only
			t.Fatal(err)
		}
		if err := db.KeepFinding("x", "p", 2); err != nil {
			t.Error(err)
		}
		if err := db.KeepCauses("2", cause); err != nil {
			t.Error(err)
		}
		var v int
		if ok, err := db.Finding("x", "p", &v); ok != kept || kept && v != 1 || err != nil {
			t.Errorf("with tables %v: %v %v %v", kept, ok, v, err)
		}
	}
}

// A database whose run never came to a golden run is not one without runs.
func TestDatabaseWithoutCampaign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReader(path); err == nil || !strings.Contains(err.Error(), "holds no campaign yet") {
		t.Error(err)
	}
}
