package store_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"resvirt/experiments/store"
)

// A finding is read back by the program that made it, and the last one counts. A
// damaged one is refused, or counts as missing.
func TestFindings(t *testing.T) {
	path, _ := written(t)
	with := func(f func(db *store.DB)) {
		t.Helper()
		db, err := store.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		f(db)
	}
	with(func(db *store.DB) {
		var v []int
		if ok, err := db.Finding("x", "p", &v); ok || err != nil {
			t.Errorf("in a database without findings: %v %v", ok, err)
		}
		for _, n := range []int{1, 2} {
			if err := db.KeepFinding("x", "p", []int{n}); err != nil {
				t.Fatal(err)
			}
		}
		if ok, err := db.Finding("x", "p", &v); !ok || err != nil || len(v) != 1 || v[0] != 2 {
			t.Errorf("%v %v %v", v, ok, err)
		}
		for _, other := range [][2]string{{"y", "p"}, {"x", "q"}} {
			if ok, err := db.Finding(other[0], other[1], &v); ok || err != nil {
				t.Errorf("%v: %v %v", other, ok, err)
			}
		}
	})
	content := read(t, path)
	for column, seen := range map[string]bool{"campaign": false, "name": false, "program": false, "text": true, "seal": true} {
		damaged := edit(t, path, content, func(db *sql.DB) { must(t, db, "UPDATE findings SET "+column+" = '[3]'") })
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		with(func(db *store.DB) {
			var v []int
			ok, err := db.Finding("x", "p", &v)
			if ok || seen != (err != nil && strings.Contains(err.Error(), path+": finding x is damaged")) {
				t.Errorf("%s damaged: %v %v %v", column, v, ok, err)
			}
		})
	}
}
