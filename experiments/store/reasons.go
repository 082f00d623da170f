package store

import (
	"fmt"

	"resvirt/faults"
)

// Count is how many runs share a reason.
type Count struct {
	Text string
	Runs int
}

// reasons counts the values of a text column, most frequent first.
func (db *DB) reasons(column, where string, args ...any) ([]Count, error) {
	query := fmt.Sprintf("SELECT %s, count(*) n FROM runs WHERE campaign = 1 AND %s GROUP BY 1 ORDER BY n DESC, 1", column, where)
	rows, err := db.sql.Query(query, args...)
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	var list []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Text, &c.Runs); err != nil {
			return nil, db.wrapped(err)
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// CauseCounts counts why recoveries failed under a setting.
func (db *DB) CauseCounts(setting string) ([]Count, error) {
	return db.reasons("cause", "cause != '' AND setting = ?", setting)
}

// OutcomeReasons counts the reasons of an outcome's runs.
func (db *DB) OutcomeReasons(o faults.Outcome) ([]Count, error) {
	return db.reasons("reason", "outcome = ?", o.String())
}
