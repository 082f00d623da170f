package cli

import (
	"resvirt/experiments/campaign"
	"resvirt/experiments/store"
)

// nothingWritten is what commands say that are stopped before they have made anything
// that is kept.
const nothingWritten = "nothing is written"

// while runs a part of a command that looks at no context itself, such as reading a large
// database, and ends with the signal that ends the command. What f makes may only be used
// if there is no error: f may still be at work otherwise.
func (e *env) while(f func() error) error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	return campaign.While(e.ctx, f)
}

// open opens a database to read it.
func (e *env) open(path string) (*store.DB, error) {
	return told(e, func() (*store.DB, error) { return store.OpenReader(path) })
}

// told is while for parts that have a result.
func told[T any](e *env, f func() (T, error)) (T, error) {
	var made T
	err := e.while(func() (err error) {
		made, err = f()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return made, nil
}
