package store

import (
	"database/sql"
	"errors"
	"fmt"

	"resvirt/experiments"
	"resvirt/faults"
)

// causesSchema is created when causes are first asked for; a database without
// the table is valid.
const causesSchema = `
CREATE TABLE IF NOT EXISTS causes (
  campaign INTEGER NOT NULL, setting TEXT NOT NULL, idx INTEGER NOT NULL, version TEXT NOT NULL,
  cause TEXT NOT NULL, line TEXT NOT NULL, seal TEXT NOT NULL,
  PRIMARY KEY (campaign, setting, idx, version)
) WITHOUT ROWID;
`

// FailedRun is a run that did harm.
type FailedRun struct {
	Setting, Fault string
	Index          int
}

// Key names the run.
func (r *FailedRun) Key() string { return fmt.Sprintf("%s/%d", r.Setting, r.Index) }

// Failed lists the runs that did harm, by setting as the experiment orders
// them, fault type and index.
func (db *DB) Failed(f CauseFilter) ([]FailedRun, error) {
	if err := errors.Join(db.whole("settings", ""), db.whole("runs", "")); err != nil {
		return nil, err
	}
	rows, err := db.sql.Query(`SELECT r.setting, r.fault, r.idx, r.outcome FROM runs r JOIN settings s ON s.campaign = r.campaign AND s.name = r.setting
		WHERE r.campaign = 1 AND (? = '' OR r.setting = ?) AND (? = '' OR r.fault = ?) ORDER BY s.position, s.name, r.fault, r.idx`,
		f.Setting, f.Setting, f.Fault, f.Fault)
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	var list []FailedRun
	for rows.Next() {
		var r FailedRun
		var text string
		if err := rows.Scan(&r.Setting, &r.Fault, &r.Index, &text); err != nil {
			return nil, db.wrapped(err)
		}
		o, err := faults.ParseOutcome(text)
		if err != nil {
			return nil, fmt.Errorf("database %s: run %s: %w", db.path, r.Key(), err)
		}
		if o.Unsurvived() {
			list = append(list, r)
		}
	}
	return list, rows.Err()
}

// KnownCauses reads what was found before.
func (db *DB) KnownCauses(version string) (map[string]Cause, error) {
	known := map[string]Cause{}
	if ok, err := db.has("causes"); err != nil || !ok {
		return known, err
	}
	if err := db.whole("causes", ""); err != nil {
		return nil, err
	}
	rows, err := db.sql.Query("SELECT setting, idx, cause, line FROM causes WHERE campaign = 1 AND version = ?", version)
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Cause
		if err := rows.Scan(&c.Setting, &c.Index, &c.Text, &c.Line); err != nil {
			return nil, db.wrapped(err)
		}
		known[fmt.Sprintf("%s/%d", c.Setting, c.Index)] = c
	}
	return known, rows.Err()
}

// wrappedIfAny is wrapped for an error that may be nil.
func (db *DB) wrappedIfAny(err error) error {
	if err == nil {
		return nil
	}
	return db.wrapped(err)
}

// KeepCauses stores what was found, unless the database cannot be written.
func (db *DB) KeepCauses(version string, list []Cause) error {
	return db.keep(causesSchema, func(tx *sql.Tx) error {
		for _, c := range list {
			values := []any{1, c.Setting, c.Index, version, c.Text, c.Line}
			if _, err := tx.Exec("INSERT OR REPLACE "+sealedInto("causes", len(values)), sealed("causes", values)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// CauseFilter selects runs; an empty field selects all.
type CauseFilter struct{ Setting, Fault string }

// Cause is the cause of one run.
type Cause struct {
	Setting    string
	Index      int
	Text, Line string
}

// Check refuses a setting that the database does not have, and an unknown fault type.
func (f CauseFilter) Check(db *DB) error {
	if f.Setting != "" {
		if _, err := db.Setting(f.Setting); err != nil {
			return err
		}
	}
	if f.Fault != "" {
		if _, err := faults.ParseKind(f.Fault); err != nil {
			return experiments.FileError{Err: err}
		}
	}
	return nil
}
