package store

import "fmt"

// RunRef names a row.
type RunRef struct {
	Setting string
	Index   int
	Outcome string
}

func (r RunRef) String() string { return fmt.Sprintf("%s/%d", r.Setting, r.Index) }

// Runs lists the rows of an outcome, or all, by setting and index.
func (db *DB) Runs(outcome string) ([]RunRef, error) {
	if err := db.whole("runs", ""); err != nil {
		return nil, err
	}
	rows, err := db.sql.Query("SELECT setting, idx, outcome FROM runs WHERE campaign = 1 AND (? = '' OR outcome = ?) ORDER BY setting, idx", outcome, outcome)
	if err != nil {
		return nil, db.explain(err)
	}
	defer rows.Close()
	var list []RunRef
	for rows.Next() {
		var r RunRef
		if err := rows.Scan(&r.Setting, &r.Index, &r.Outcome); err != nil {
			return nil, db.explain(err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
