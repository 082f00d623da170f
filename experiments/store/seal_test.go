package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/explain"
	"resvirt/experiments/report"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/internal/toyrun"
)

// reading are the commands that read a database, by the tables that they read.
var reading = []struct {
	name   string
	tables string
	run    func(db *store.DB, b *bytes.Buffer) error
}{
	{"report", "campaigns settings runs sessions planned", func(db *store.DB, b *bytes.Buffer) error {
		r, err := report.Of(db)
		if err != nil {
			return err
		}
		return errors.Join(r.Text(b), r.Hosts(b))
	}},
	{"list", "campaigns runs", func(db *store.DB, b *bytes.Buffer) error {
		list, err := db.Runs(store.RunFilter{})
		if err != nil {
			return err
		}
		return report.RunsCSV(b, list)
	}},
	{"show", "campaigns runs", func(db *store.DB, b *bytes.Buffer) error { return retrace.Show(db, b, "full", 1) }},
	{"replay", "campaigns settings parts runs", func(db *store.DB, b *bytes.Buffer) error {
		r, err := retrace.Execute(context.Background(), db, toyrun.Stored, "full", 1, 4, campaign.Teller{})
		if err != nil {
			return err
		}
		return r.Text(b)
	}},
	{"explain", "campaigns settings parts runs", func(db *store.DB, b *bytes.Buffer) error {
		x, err := explain.Run(context.Background(), db, toyrun.Stored, "full", 1, campaign.Teller{})
		if err != nil && strings.Contains(err.Error(), "damaged") {
			return err
		}
		fmt.Fprintln(b, x, err) // the toy has nothing to look into
		return nil
	}},
	{"causes", "campaigns settings parts runs causes", func(db *store.DB, b *bytes.Buffer) error {
		c, err := explain.CausesOf(context.Background(), db, toyrun.Stored, store.CauseFilter{}, campaign.Teller{})
		if err != nil {
			return err
		}
		return c.Text(b)
	}},
}

// written is a small campaign's database as a file's content.
func written(t *testing.T) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "toy.db")
	if _, err := toyrun.Run(t, context.Background(), path, few); err != nil {
		t.Fatal(err)
	}
	return path, read(t, path)
}

func few(_ *experiments.Experiment, o *campaign.Options) { o.Runs = 3 }

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// perform lets a command read a database with this content.
func perform(t *testing.T, path string, content []byte, command int) (string, error) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenReader(path)
	if err != nil {
		return "", err
	}
	defer db.Close()
	var b bytes.Buffer
	err = reading[command].run(db, &b)
	return b.String(), err
}

// edit changes the database without the program.
func edit(t *testing.T, path string, content []byte, do func(*sql.DB)) []byte {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	do(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, path)
}

func must(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// A flipped bit in any column of any record is refused by each command that
// reads the record's table, with an error that names it; other commands are not
// affected.
func TestFlippedBitsAreRefused(t *testing.T) {
	t.Parallel()
	path, clean := written(t)
	right := answers(t, path, clean)
	caused := read(t, path) // its causes are known now, so that nothing is read to find them
	r := rand.New(rand.NewPCG(1, 1))
	for table, name := range map[string]string{
		"campaigns": "the head of its campaign", "settings": "setting ", "parts": "part ", "runs": "run ", "sessions": "the session of ", "causes": "the cause of run ", "planned": "the plan of setting ",
	} {
		content := clean
		if table == "causes" {
			content = caused
		}
		for _, column := range columns(t, path, content, table) {
			damaged := edit(t, path, content, func(db *sql.DB) { flip(t, db, r, table, column) })
			for i, c := range reading {
				if !strings.Contains(" "+c.tables+" ", " "+table+" ") {
					if out, err := perform(t, path, damaged, i); err != nil || out != right[i] {
						t.Errorf("%s.%s damaged, %s, which does not read it: %v\n%s", table, column, c.name, err, out)
					}
					continue
				}
				out, err := perform(t, path, damaged, i)
				if err == nil || !strings.Contains(err.Error(), path+": "+name) || !strings.Contains(err.Error(), "is damaged") {
					// A command about one run does not read others.
					if !(table == "runs" && (c.name == "show" || c.name == "replay" || c.name == "explain") && err == nil && out == right[i]) {
						t.Errorf("%s.%s damaged, %s: %v\n%s", table, column, c.name, err, out)
					}
				}
			}
			if strings.Contains("campaigns settings runs", table) {
				if _, err := toyrun.Run(t, context.Background(), path, few); err == nil || !strings.Contains(err.Error(), "is damaged") {
					t.Errorf("%s.%s damaged, and run goes on: %v", table, column, err)
				}
			}
		}
	}
}

// answers is the output of the commands when nothing is damaged; the last command
// makes causes.
func answers(t *testing.T, path string, content []byte) (list []string) {
	t.Helper()
	for i, c := range reading {
		out, err := perform(t, path, content, i)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		list = append(list, out)
	}
	return list
}

func columns(t *testing.T, path string, content []byte, table string) (names []string) {
	edit(t, path, content, func(db *sql.DB) {
		rows, err := db.Query("SELECT * FROM " + table + " LIMIT 1")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if names, err = rows.Columns(); err != nil {
			t.Fatal(err)
		}
	})
	return names
}

// flip flips a bit of the last record whose column has one.
func flip(t *testing.T, db *sql.DB, r *rand.Rand, table, column string) {
	t.Helper()
	key := map[string]string{"campaigns": "id", "settings": "name", "planned": "setting", "parts": "name", "runs": "setting || '/' || idx", "sessions": "started", "causes": "setting || '/' || idx"}[table]
	var record, value any
	err := db.QueryRow(fmt.Sprintf("SELECT %s, %s FROM %s WHERE coalesce(length(%s), 0) > 0 ORDER BY 1 DESC LIMIT 1", key, column, table, column)).Scan(&record, &value)
	if errors.Is(err, sql.ErrNoRows) { // NULL or empty in all of them
		must(t, db, fmt.Sprintf("UPDATE %s SET %s = 'x'", table, column))
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	switch v := value.(type) {
	case int64:
		value = v ^ 1<<r.IntN(62)
	case float64:
		value = v + 1
	case string:
		b := []byte(v)
		b[r.IntN(len(b))] ^= 1 << r.IntN(7)
		value = string(b)
	case []byte:
		v[r.IntN(len(v))] ^= 1 << r.IntN(8)
	}
	must(t, db, fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = ?", table, column, key), value, record)
}

// Whichever bit of the file flips, a command's output is the same as before, or
// it refuses. There is never another output.
func TestNoFlippedBitIsBelieved(t *testing.T) {
	t.Parallel()
	path, content := written(t)
	right := answers(t, path, content)
	r := rand.New(rand.NewPCG(2, 2))
	refused := 0
	for range 300 {
		at, bit := r.IntN(len(content)), r.IntN(8)
		damaged := bytes.Clone(content)
		damaged[at] ^= 1 << bit
		i := r.IntN(len(reading))
		out, err := perform(t, path, damaged, i)
		if err != nil {
			refused++
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("bit %d of byte %d flipped: %s takes more than a line: %v", bit, at, reading[i].name, err)
			}
		} else if out != right[i] {
			t.Errorf("bit %d of byte %d flipped: %s now says\n%s", bit, at, reading[i].name, out)
		}
	}
	if refused < 10 { // most of so small a file is empty
		t.Errorf("only %d of 300 flips were noticed", refused)
	}
}

// One bit lies between the format and the one before seals.
func TestFlippedFormatIsRefused(t *testing.T) {
	t.Parallel()
	path, content := written(t)
	damaged := edit(t, path, content, func(db *sql.DB) { must(t, db, "UPDATE meta SET value = '4' WHERE key = 'format'") })
	for i, c := range reading {
		if _, err := perform(t, path, damaged, i); err == nil || !strings.Contains(err.Error(), path+": its format is damaged") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := toyrun.Run(t, context.Background(), path, few); err == nil || !strings.Contains(err.Error(), "its format is damaged") {
		t.Errorf("run: %v", err)
	}
}

// A database of the format before seals can be read, except for damaged parts,
// but cannot be continued.
func TestUnsealedDatabases(t *testing.T) {
	path, content := written(t)
	old := edit(t, path, content, func(db *sql.DB) {
		for _, table := range []string{"campaigns", "settings", "parts", "runs", "sessions"} {
			must(t, db, "ALTER TABLE "+table+" DROP COLUMN seal")
		}
		must(t, db, "UPDATE meta SET value = '4' WHERE key = 'format'")
	})
	for i, c := range reading {
		want, err := perform(t, path, content, i)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := perform(t, path, old, i); err != nil || out != want {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
	}
	if _, err := toyrun.Run(t, context.Background(), path, few); err == nil || !strings.Contains(err.Error(), "older program") {
		t.Errorf("run goes on: %v", err)
	}
	r := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		damaged := edit(t, path, old, func(db *sql.DB) { flip(t, db, r, "parts", "digest") })
		if _, err := perform(t, path, damaged, 3); err == nil || !strings.Contains(err.Error(), path+": part image the toy is damaged") {
			t.Errorf("replay: %v", err)
		}
	}
}
