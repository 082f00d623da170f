package store

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/sim"
)

// RunFilter chooses rows; an empty member does not restrict them.
type RunFilter struct {
	Outcome, Setting, Fault string // names
	Cause                   string // a part of the cause or reason, or of the cause as it is counted, without numbers
	Struck, Detected        string // a part of the function's name where the fault struck, or was detected first
	WorseThan               string // a setting under which the same fault did no harm, although it did harm in the row
}

// RunLine is a row as lists show it. Lists of other programs rely on these names.
type RunLine struct {
	Setting      string    `json:"setting"`
	Index        int       `json:"index"`
	Fault        string    `json:"fault"`
	Outcome      string    `json:"outcome"`
	Paper        *bool     `json:"recovered_paper"` // null where no VM is made late: the papers' rule wants one
	Struck       string    `json:"struck_function"` // empty when nothing was struck
	Changed      string    `json:"struck_what"`
	Detected     string    `json:"detected_function"` // empty when nothing was detected
	DetectedWhat string    `json:"detected_what"`
	Detection    *sim.Time `json:"detection_ps"` // null like these
	Recovery     *sim.Time `json:"recovery_ps"`
	Cause        string    `json:"cause"` // or the reason of another outcome
}

// String names the row on the command line: "full/17".
func (l RunLine) String() string { return fmt.Sprintf("%s/%d", l.Setting, l.Index) }

// Runs lists the rows that f chooses, by setting and index.
func (db *DB) Runs(f RunFilter) (list []RunLine, err error) {
	err = db.Still(func() error {
		if err := db.whole("runs", ""); err != nil {
			return err
		}
		for _, setting := range []string{f.Setting, f.WorseThan} {
			if err := (CauseFilter{setting, f.Fault}).Check(db); err != nil {
				return err
			}
		}
		if list, err = db.runs(&f); err != nil || f.WorseThan == "" {
			return err
		}
		all, err := db.Fates()
		list = slices.DeleteFunc(list, func(l RunLine) bool {
			here, there := all[[2]string{l.Setting, l.Fault}][l.Index], all[[2]string{f.WorseThan, l.Fault}]
			o, ok := there[l.Index]
			return !ok || !o.Decided() || o.Unsurvived() || !here.Unsurvived()
		})
		return err
	})
	return list, err
}

func (db *DB) runs(f *RunFilter) ([]RunLine, error) {
	late, err := db.late()
	if err != nil {
		return nil, err
	}
	rows, err := db.sql.Query(`SELECT setting, idx, fault, outcome, recovered_paper, coalesce(function, ''), coalesce(what, ''), coalesce(detected_function, ''),
		coalesce(detected_what, ''), detection_ps, recovery_ps, cause, reason FROM runs WHERE campaign = 1
		AND (?1 = '' OR outcome = ?1) AND (?2 = '' OR setting = ?2) AND (?3 = '' OR fault = ?3) AND instr(coalesce(function, ''), ?4)
		AND instr(coalesce(detected_function, ''), ?5) ORDER BY setting, idx`, f.Outcome, f.Setting, f.Fault, f.Struck, f.Detected)
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	list := []RunLine{}
	for rows.Next() {
		var l RunLine
		var detection, recovery *int64
		var paper bool
		var cause, reason string
		err := rows.Scan(&l.Setting, &l.Index, &l.Fault, &l.Outcome, &paper, &l.Struck, &l.Changed, &l.Detected, &l.DetectedWhat, &detection, &recovery, &cause, &reason)
		if err != nil {
			return nil, db.wrapped(err)
		}
		if l.Cause = faults.WithNumbers(cause, reason); cause == "" {
			l.Cause = reason
		}
		if !strings.Contains(l.Cause, f.Cause) && !strings.Contains(cause, f.Cause) {
			continue
		}
		if late {
			l.Paper = &paper
		}
		l.Detection, l.Recovery = (*sim.Time)(detection), (*sim.Time)(recovery)
		list = append(list, l)
	}
	return list, rows.Err()
}

// late tells whether the campaign makes a VM late.
func (db *DB) late() (bool, error) {
	c, ok, err := db.Head()
	if err != nil || !ok {
		return false, err
	}
	e, err := experiments.Parse(c.Experiment, c.File)
	return e.VMM.Late > 0, err
}
