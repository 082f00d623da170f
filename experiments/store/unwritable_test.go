package store

import (
	"path/filepath"
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
