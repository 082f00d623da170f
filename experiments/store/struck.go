package store

import (
	"fmt"

	"resvirt/faults"
)

// Struck counts the faults that changed one thing of a fault type which chooses
// among several: a register, or a class of memory.
type Struck struct {
	Among               float64 // average number of bytes of the class among which faults chose; 0 for registers
	Applied, Unsurvived int
}

// Struck counts faults by what they changed, for each setting and type: a
// register or a class of memory.
func (db *DB) Struck() (map[[2]string]map[string]Struck, error) {
	rows, err := db.sql.Query(`SELECT setting, fault, what, outcome, count(*), avg(coalesce(json_extract(strikes, '$[0].Strike.Among'), 0)) FROM runs
		WHERE campaign = 1 AND fault IN (?, ?) AND what IS NOT NULL GROUP BY 1, 2, 3, 4`, faults.RegisterFlip.String(), faults.Memory.String())
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	all := map[[2]string]map[string]Struck{}
	for rows.Next() {
		var key [2]string
		var what, text string
		var n int
		var among float64
		if err := rows.Scan(&key[0], &key[1], &what, &text, &n, &among); err != nil {
			return nil, db.wrapped(err)
		}
		o, err := faults.ParseOutcome(text)
		if err != nil {
			return nil, fmt.Errorf("database %s: %w", db.path, err)
		}
		if all[key] == nil {
			all[key] = map[string]Struck{}
		}
		s := all[key][what]
		s.Among = (s.Among*float64(s.Applied) + among*float64(n)) / float64(s.Applied+n)
		s.Applied += n
		if o.Unsurvived() {
			s.Unsurvived += n
		}
		all[key][what] = s
	}
	return all, rows.Err()
}
