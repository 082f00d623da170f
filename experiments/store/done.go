package store

// Range is the indexes from From on that are less than To.
type Range struct{ From, To int }

// Indexes is a set of indexes: ranges in rising order that do not touch. Rows come
// nearly in the order of their faults, so that millions make only a few ranges.
type Indexes []Range

// add adds an index that is larger than all others.
func (x *Indexes) add(i int) {
	if n := len(*x); n > 0 && (*x)[n-1].To == i {
		(*x)[n-1].To++
		return
	}
	*x = append(*x, Range{i, i + 1})
}

// Count is the number of indexes.
func (x Indexes) Count() (n int) {
	for _, r := range x {
		n += r.To - r.From
	}
	return n
}

// From are those from an index on.
func (x Indexes) From(i int) Indexes {
	var list Indexes
	for _, r := range x {
		if r.To > i {
			list = append(list, Range{max(r.From, i), r.To})
		}
	}
	return list
}

// Done lists those of the first n faults that have a row under a setting.
func (db *DB) Done(setting string, n int) (Indexes, error) {
	rows, err := db.sql.Query("SELECT idx FROM runs WHERE campaign = 1 AND setting = ? AND idx < ? ORDER BY idx", setting, n)
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	var done Indexes
	for rows.Next() {
		var i int
		if err := rows.Scan(&i); err != nil {
			return nil, db.wrapped(err)
		}
		done.add(i)
	}
	return done, db.wrappedIfAny(rows.Err())
}
