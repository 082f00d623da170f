package store

import (
	"context"
	"database/sql"
	"time"

	"resvirt/experiments"
)

// Bounds of batches. If the program is killed, only rows that were not reported
// yet are lost.
const (
	batchRows = 512
	batchTime = 300 * time.Millisecond
)

// Write is the only goroutine that writes rows. It commits in batches and reports a
// row only when it is on the disk. It ends with the rows or with ctx; rows that have
// come by then are written. After an error it does not accept rows any more.
func (db *DB) Write(ctx context.Context, rows <-chan []experiments.Row, committed func([]experiments.Row)) error {
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
		case <-ctx.Done():
			for len(rows) > 0 {
				batch = append(batch, <-rows...)
			}
			return flush()
		}
		if err != nil {
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
