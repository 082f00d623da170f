package store

import (
	"path/filepath"
	"testing"
)

// A report reads one state of the database, even while a campaign writes.
func TestStill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	writer, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if _, err := writer.sql.Exec("INSERT INTO campaigns VALUES (1, 'd', 'toy', '', 1, '', '', '{}', '', '')"); err != nil {
		t.Fatal(err)
	}
	reader, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	count := func() (n int) {
		if err := reader.sql.QueryRow("SELECT count(*) FROM meta").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	err = reader.Still(func() error {
		a := count()
		if _, err := writer.sql.Exec("INSERT INTO meta VALUES ('more', 'x')"); err != nil {
			return err
		}
		if b := count(); a != before || b != a {
			t.Errorf("%d, then %d, then %d rows", before, a, b)
		}
		return nil
	})
	if after := count(); err != nil || after != before+1 {
		t.Errorf("%d rows before, %d after: %v", before, after, err)
	}
}
