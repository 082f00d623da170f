package experiments

import "resvirt/sim"

type cellKey struct{ setting, fault, outcome string }

// counts is the number of rows of each outcome in each cell.
func (db *DB) counts() (map[cellKey]int, error) {
	rows, err := db.sql.Query("SELECT setting, fault, outcome, count(*) FROM runs WHERE campaign = 1 GROUP BY setting, fault, outcome")
	if err != nil {
		return nil, db.explain(err)
	}
	defer rows.Close()
	counts := map[cellKey]int{}
	for rows.Next() {
		var k cellKey
		var n int
		if err := rows.Scan(&k.setting, &k.fault, &k.outcome, &n); err != nil {
			return nil, db.explain(err)
		}
		counts[k] = n
	}
	return counts, rows.Err()
}

// recoveredPaper is the number of rows of a cell that are recovered by the papers' rule.
func (db *DB) recoveredPaper(setting, fault string) (n int, err error) {
	err = db.sql.QueryRow("SELECT count(*) FROM runs WHERE campaign = 1 AND setting = ? AND fault = ? AND recovered_paper", setting, fault).Scan(&n)
	if err != nil {
		return 0, db.explain(err)
	}
	return n, nil
}

// latencies reads a column of virtual times of one cell: detection_ps of all
// detected runs, or recovery_ps of the recovered ones.
func (db *DB) latencies(column, setting, fault string) ([]sim.Time, error) {
	query := "SELECT detection_ps FROM runs WHERE campaign = 1 AND setting = ? AND fault = ? AND detected IS NOT NULL"
	if column == "recovery_ps" {
		query = "SELECT recovery_ps FROM runs WHERE campaign = 1 AND setting = ? AND fault = ? AND outcome = 'recovered' AND recovery_ps IS NOT NULL"
	}
	rows, err := db.sql.Query(query, setting, fault)
	if err != nil {
		return nil, db.explain(err)
	}
	defer rows.Close()
	var list []sim.Time
	for rows.Next() {
		var t int64
		if err := rows.Scan(&t); err != nil {
			return nil, db.explain(err)
		}
		list = append(list, sim.Time(t))
	}
	return list, rows.Err()
}
