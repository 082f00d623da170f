package store

import (
	"database/sql"
	"errors"

	"resvirt/experiments"
)

// plannedSchema is made when a campaign runs; an older database does not say how
// many runs were to be.
const plannedSchema = `
CREATE TABLE IF NOT EXISTS planned (
  campaign INTEGER NOT NULL, setting TEXT NOT NULL,
  runs INTEGER NOT NULL, seal TEXT NOT NULL, -- of each entry of faults.types
  PRIMARY KEY (campaign, setting)
) WITHOUT ROWID;
`

// Plan keeps how many runs of each entry of faults.types a command wants of these
// settings, so that reports can say whether they are all there. A command that runs
// a single fault wants no other number than the one before it.
func (db *DB) Plan(settings []experiments.Setting, runs int, single bool) error {
	how := "INSERT OR REPLACE "
	if single {
		how = "INSERT OR IGNORE "
	}
	return db.tx(func(tx *sql.Tx) error {
		if _, err := tx.Exec(plannedSchema); err != nil {
			return err
		}
		for _, s := range settings {
			values := []any{1, s.Name, runs}
			if _, err := tx.Exec(how+sealedInto("planned", len(values)), sealed("planned", values)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Planned is what the last command that ran a setting wanted; ok is false where
// that is not known.
func (db *DB) Planned(setting string) (runs int, ok bool, err error) {
	if ok, err := db.has("planned"); err != nil || !ok {
		return 0, false, err
	}
	if err := db.whole("planned", ""); err != nil { // a damaged name would not be found
		return 0, false, err
	}
	err = db.sql.QueryRow("SELECT runs FROM planned WHERE campaign = 1 AND setting = ?", setting).Scan(&runs)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, db.wrapped(err)
	}
	return runs, true, nil
}
