package store

import (
	"fmt"

	"resvirt/faults"
	"resvirt/sim"
)

// Cell is the key by which rows are counted.
type Cell struct{ Setting, Fault, Outcome string }

// Counts is the number of rows of each outcome in each cell.
func (db *DB) Counts() (map[Cell]int, error) {
	rows, err := db.sql.Query("SELECT setting, fault, outcome, count(*) FROM runs WHERE campaign = 1 GROUP BY setting, fault, outcome")
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	counts := map[Cell]int{}
	for rows.Next() {
		var k Cell
		var n int
		if err := rows.Scan(&k.Setting, &k.Fault, &k.Outcome, &n); err != nil {
			return nil, db.wrapped(err)
		}
		counts[k] = n
	}
	return counts, rows.Err()
}

// RecoveredPaper is the number of rows of a cell that are recovered by the papers' rule.
func (db *DB) RecoveredPaper(setting, fault string) (n int, err error) {
	err = db.sql.QueryRow("SELECT count(*) FROM runs WHERE campaign = 1 AND setting = ? AND fault = ? AND recovered_paper", setting, fault).Scan(&n)
	if err != nil {
		return 0, db.wrapped(err)
	}
	return n, nil
}

// Latencies reads a column of virtual times of one cell: detection_ps of all
// detected runs, or recovery_ps of the recovered ones.
func (db *DB) Latencies(column, setting, fault string) ([]sim.Time, error) {
	query := "SELECT detection_ps FROM runs WHERE campaign = 1 AND setting = ? AND fault = ? AND detected IS NOT NULL"
	if column == "recovery_ps" {
		query = "SELECT recovery_ps FROM runs WHERE campaign = 1 AND setting = ? AND fault = ? AND outcome = 'recovered' AND recovery_ps IS NOT NULL"
	}
	return db.times(query, setting, fault)
}

// times reads a column of virtual times.
func (db *DB) times(query string, args ...any) ([]sim.Time, error) {
	rows, err := db.sql.Query(query, args...)
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	var list []sim.Time
	for rows.Next() {
		var t int64
		if err := rows.Scan(&t); err != nil {
			return nil, db.wrapped(err)
		}
		list = append(list, sim.Time(t))
	}
	return list, rows.Err()
}

// Fates are the outcomes of the faults of one type under one setting, by index.
type Fates map[int]faults.Outcome

// Fates are those of all runs, by setting and fault type.
func (db *DB) Fates() (map[[2]string]Fates, error) {
	rows, err := db.sql.Query("SELECT setting, fault, idx, outcome FROM runs WHERE campaign = 1")
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	all := map[[2]string]Fates{}
	for rows.Next() {
		var key [2]string
		var index int
		var text string
		if err := rows.Scan(&key[0], &key[1], &index, &text); err != nil {
			return nil, db.wrapped(err)
		}
		o, err := faults.ParseOutcome(text)
		if err != nil {
			return nil, fmt.Errorf("database %s: run %s/%d: %w", db.path, key[0], index, err)
		}
		if all[key] == nil {
			all[key] = Fates{}
		}
		all[key][index] = o
	}
	return all, rows.Err()
}

// HangLatencies lists the detection latencies of runs first detected as hangs.
func (db *DB) HangLatencies(setting, fault string) ([]sim.Time, error) {
	return db.times("SELECT detection_ps FROM runs WHERE campaign = 1 AND setting = ? AND fault = ? AND detected = 'hang' AND outcome <> ?",
		setting, fault, faults.ToolError.String())
}
