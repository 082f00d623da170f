package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// findingsSchema is made when the first finding is kept. The result of executing a
// run again is a function of the row and the program: so a program does not use the
// findings of another.
const findingsSchema = `
CREATE TABLE IF NOT EXISTS findings (
  campaign INTEGER NOT NULL, name TEXT NOT NULL, program TEXT NOT NULL, -- its digest
  text TEXT NOT NULL, seal TEXT NOT NULL, -- JSON
  PRIMARY KEY (campaign, name)
) WITHOUT ROWID;
`

// Program is the digest of the running program.
func Program() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("this program does not know its own file: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// Finding reads into v what this program found under a name; ok is false if it has
// not found it yet.
func (db *DB) Finding(name, program string, v any) (ok bool, err error) {
	if ok, err := db.has("findings"); err != nil || !ok {
		return false, err
	}
	const which = "WHERE campaign = 1 AND name = ? AND program = ?"
	if err := db.whole("findings", which, name, program); err != nil {
		return false, err
	}
	var text string
	err = db.sql.QueryRow("SELECT text FROM findings "+which, name, program).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, db.wrapped(err)
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return false, db.damaged("finding "+name, err)
	}
	return true, nil
}

// KeepFinding stores a finding in place of one of the same name, unless the database
// cannot be written.
func (db *DB) KeepFinding(name, program string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return db.keep(findingsSchema, func(tx *sql.Tx) error {
		values := []any{1, name, program, string(text)}
		_, err := tx.Exec("INSERT OR REPLACE "+sealedInto("findings", len(values)), sealed("findings", values)...)
		return err
	})
}

// has tells whether there is a table.
func (db *DB) has(table string) (bool, error) {
	var n int
	err := db.sql.QueryRow("SELECT count(*) FROM sqlite_master WHERE name = ?", table).Scan(&n)
	return n > 0, db.wrappedIfAny(err)
}

// keep makes a table that not all databases have and runs f in a transaction, unless
// the file cannot be written, or is of the older format: what it is about was found
// all the same, and is found again the next time.
func (db *DB) keep(schema string, f func(*sql.Tx) error) error {
	if !db.sealed {
		return nil
	}
	err := db.tx(func(tx *sql.Tx) error {
		if _, err := tx.Exec(schema); err != nil {
			return err
		}
		return f(tx)
	})
	if errors.Is(err, errUnwritable) {
		return nil
	}
	return err
}
