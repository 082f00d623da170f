package experiments

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"resvirt/faults"
)

// causesSchema is made when causes are first asked for; a database without the
// table is as good as before.
const causesSchema = `
CREATE TABLE IF NOT EXISTS causes (
  campaign INTEGER NOT NULL, setting TEXT NOT NULL, idx INTEGER NOT NULL, version TEXT NOT NULL,
  cause TEXT NOT NULL, line TEXT NOT NULL, seal TEXT NOT NULL,
  PRIMARY KEY (campaign, setting, idx, version)
) WITHOUT ROWID;
`

// failedRun is a run that did harm.
type failedRun struct {
	setting, fault string
	index          int
}

func (r *failedRun) key() string { return fmt.Sprintf("%s/%d", r.setting, r.index) }

// failed lists the runs that did harm, by setting as the experiment orders
// them, fault type and index.
func (db *DB) failed(f CauseFilter) ([]failedRun, error) {
	if err := errors.Join(db.whole("settings", ""), db.whole("runs", "")); err != nil {
		return nil, err
	}
	rows, err := db.sql.Query(`SELECT r.setting, r.fault, r.idx, r.outcome FROM runs r JOIN settings s ON s.campaign = r.campaign AND s.name = r.setting
		WHERE r.campaign = 1 AND (? = '' OR r.setting = ?) AND (? = '' OR r.fault = ?) ORDER BY s.position, s.name, r.fault, r.idx`,
		f.Setting, f.Setting, f.Fault, f.Fault)
	if err != nil {
		return nil, db.explain(err)
	}
	defer rows.Close()
	var list []failedRun
	for rows.Next() {
		var r failedRun
		var text string
		if err := rows.Scan(&r.setting, &r.fault, &r.index, &text); err != nil {
			return nil, db.explain(err)
		}
		o, err := faults.ParseOutcome(text)
		if err != nil {
			return nil, fmt.Errorf("database %s: run %s: %w", db.path, r.key(), err)
		}
		if o.Unsurvived() {
			list = append(list, r)
		}
	}
	return list, rows.Err()
}

// knownCauses reads what was found before.
func (db *DB) knownCauses() (map[string]causeOf, error) {
	known := map[string]causeOf{}
	var n int
	if err := db.sql.QueryRow("SELECT count(*) FROM sqlite_master WHERE name = 'causes'").Scan(&n); err != nil || n == 0 {
		return known, db.explainOr(err)
	}
	if err := db.whole("causes", ""); err != nil {
		return nil, err
	}
	rows, err := db.sql.Query("SELECT setting, idx, cause, line FROM causes WHERE campaign = 1 AND version = ?", causesVersion)
	if err != nil {
		return nil, db.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c causeOf
		if err := rows.Scan(&c.setting, &c.index, &c.cause, &c.line); err != nil {
			return nil, db.explain(err)
		}
		known[fmt.Sprintf("%s/%d", c.setting, c.index)] = c
	}
	return known, rows.Err()
}

func (db *DB) explainOr(err error) error {
	if err == nil {
		return nil
	}
	return db.explain(err)
}

// keepCauses stores what was found, unless the database cannot be written.
func (db *DB) keepCauses(list []causeOf) error {
	if !db.sealed {
		return nil // its table is of the older format
	}
	if _, err := db.sql.Exec(causesSchema); err != nil {
		var e sqlite3.Error
		if errors.As(err, &e) && e.Code == sqlite3.ErrReadonly {
			return nil
		}
		return db.explain(err)
	}
	return db.tx(func(tx *sql.Tx) error {
		for _, c := range list {
			values := []any{1, c.setting, c.index, causesVersion, c.cause, c.line}
			if _, err := tx.Exec("INSERT OR REPLACE "+sealedInto("causes", len(values)), sealed("causes", values)...); err != nil {
				return err
			}
		}
		return nil
	})
}
