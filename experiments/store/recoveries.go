package store

import (
	"encoding/json"
	"fmt"

	"resvirt/faults"
	"resvirt/sim"
)

// Recovery is the course of a recovery, or of a reboot, in a stored run.
type Recovery struct {
	Setting, Fault string
	Detections     []faults.Detection // at least one
	Steps          []faults.Step
	Took           sim.Time // from the first detection on
	Instructions   int64    // of all processors, in this time
}

// Recoveries calls fn with each run of an outcome in which VMs ran again after a
// detection, of one setting unless this is "".
func (db *DB) Recoveries(outcome faults.Outcome, setting string, fn func(*Recovery)) error {
	rows, err := db.sql.Query(`SELECT setting, fault, detections, steps, recovery_ps, recovery_instructions FROM runs
		WHERE campaign = 1 AND outcome = ? AND (? = '' OR setting = ?) AND recovery_ps IS NOT NULL`, outcome.String(), setting, setting)
	if err != nil {
		return db.wrapped(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Recovery
		var detections, steps []byte
		if err := rows.Scan(&r.Setting, &r.Fault, &detections, &steps, &r.Took, &r.Instructions); err != nil {
			return db.wrapped(err)
		}
		err := json.Unmarshal(detections, &r.Detections)
		if err == nil {
			err = json.Unmarshal(steps, &r.Steps)
		}
		if err != nil || len(r.Detections) == 0 {
			return fmt.Errorf("database %s: a run of setting %s is damaged: %d detections: %w", db.path, r.Setting, len(r.Detections), err)
		}
		fn(&r)
	}
	return rows.Err()
}
