package store

import (
	"encoding/json"
	"fmt"

	"resvirt/faults"
	"resvirt/sim"
)

// Case is a short form of a row: what was struck, and the outcome.
type Case struct {
	Setting, Fault string
	Index          int
	Outcome        faults.Outcome
	Paper          bool      // recovered by the papers' rule
	Detection      *sim.Time // latencies, nil where there are none
	Recovery       *sim.Time
	// Struck is the same for two runs whose faults are the same and struck the same
	// instruction; empty when nothing was struck.
	Struck string
}

// Cases reads all rows in short.
func (db *DB) Cases() ([]Case, error) {
	if err := db.whole("runs", ""); err != nil {
		return nil, err
	}
	rows, err := db.sql.Query("SELECT setting, fault, idx, outcome, recovered_paper, detection_ps, recovery_ps, strikes FROM runs WHERE campaign = 1 ORDER BY setting, idx")
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	var list []Case
	for rows.Next() {
		var f Case
		var outcome, strikes string
		var detection, recovery *int64
		if err := rows.Scan(&f.Setting, &f.Fault, &f.Index, &outcome, &f.Paper, &detection, &recovery, &strikes); err != nil {
			return nil, db.wrapped(err)
		}
		f.Detection = (*sim.Time)(detection)
		if f.Outcome, err = faults.ParseOutcome(outcome); err == nil {
			f.Struck, err = struckAt(strikes)
		}
		if err != nil {
			return nil, db.damaged(fmt.Sprintf("run %s/%d", f.Setting, f.Index), err)
		}
		if f.Outcome == faults.Recovered {
			f.Recovery = (*sim.Time)(recovery)
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// struckAt names a run's faults and the instruction that the first one struck,
// by function and offset, because addresses and times can differ between
// versions of an image that execute the same.
func struckAt(strikes string) (string, error) {
	var list []faults.Struck
	if err := json.Unmarshal([]byte(strikes), &list); err != nil {
		return "", err
	}
	if len(list) == 0 || list[0].Strike == nil {
		return "", nil
	}
	var plans []faults.Plan
	for _, f := range list {
		f.Plan.Time = 0
		plans = append(plans, f.Plan)
	}
	b, err := json.Marshal(plans)
	if err != nil {
		return "", err
	}
	s := list[0].Strike
	return fmt.Sprintf("%s on CPU %d in %s+%d: %s", b, s.CPU, s.Place.Function, s.Place.Offset, s.What), nil
}
