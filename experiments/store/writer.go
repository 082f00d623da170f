package store

import (
	"database/sql"
	"time"

	"resvirt/experiments"
)

// Batches bound what a kill can lose to what was not reported yet.
const (
	batchRows = 512
	batchTime = 300 * time.Millisecond
)

// Write is the only goroutine that writes rows. It commits in batches and
// reports a row only when it is on the disk. After an error it drains rows, so
// that nobody blocks, asks for an end of the work, and returns the error.
func (db *DB) Write(rows <-chan []experiments.Row, stop func(), committed func([]experiments.Row)) error {
	var batch []experiments.Row
	tick := time.NewTicker(batchTime)
	defer tick.Stop()
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := db.insertBatch(batch); err != nil {
			return err
		}
		committed(batch)
		batch = batch[:0]
		return nil
	}
	for {
		var err error
		select {
		case r, ok := <-rows:
			if !ok {
				return flush()
			}
			if batch = append(batch, r...); len(batch) >= batchRows {
				err = flush()
			}
		case <-tick.C:
			err = flush()
		}
		if err != nil {
			stop()
			for range rows {
			}
			return err
		}
	}
}

func (db *DB) insertBatch(batch []experiments.Row) error {
	return db.tx(func(tx *sql.Tx) error {
		stmt, err := tx.Prepare("INSERT " + sealedInto("runs", rowColumns))
		if err != nil {
			return err
		}
		defer stmt.Close()
		for i := range batch {
			if err := insert(stmt, &batch[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Missing lists, for each of the first n faults, the settings whose row is not
// there yet, in the order given.
func (db *DB) Missing(n int, settings []experiments.Setting) (map[int][]experiments.Setting, error) {
	have := map[string]map[int]bool{}
	rows, err := db.sql.Query("SELECT setting, idx FROM runs WHERE campaign = 1 AND idx < ?", n)
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		var i int
		if err := rows.Scan(&s, &i); err != nil {
			return nil, db.wrapped(err)
		}
		if have[s] == nil {
			have[s] = map[int]bool{}
		}
		have[s][i] = true
	}
	if err := rows.Err(); err != nil {
		return nil, db.wrapped(err)
	}
	todo := map[int][]experiments.Setting{}
	for i := range n {
		for _, s := range settings {
			if !have[s.Name][i] {
				todo[i] = append(todo[i], s)
			}
		}
	}
	return todo, nil
}
