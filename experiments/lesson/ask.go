package lesson

import (
	"context"

	"resvirt/experiments/recording"
	"resvirt/experiments/store"
)

// Ask gives the value of an expression at a place of a stored run: for those who write
// lessons.
func Ask(ctx context.Context, db *store.DB, c *recording.Campaign, setting string, index int, place, expression string) (Value, error) {
	x, err := ParseExpr(expression)
	if err == nil {
		err = placesIn(x)
	}
	if err != nil {
		return Value{}, err
	}
	s := newSession(&Lesson{}, db, c)
	if s.Recording, err = c.Record(setting, index); err != nil {
		return Value{}, err
	}
	return x.eval(&scope{ctx: ctx, s: s, r: s.Recording, place: place})
}
