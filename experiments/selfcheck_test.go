package experiments_test

import (
	"context"
	"testing"

	"resvirt/experiments"
	"resvirt/internal/toy"
)

func TestSelfcheck(t *testing.T) {
	n := 0
	err := experiments.Selfcheck(context.Background(), toyExperiment(), toy.System{Version: "1"}, 10, 5, func(c experiments.Check) {
		n++
		if c.Err != nil {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	})
	if err != nil || n != 8 {
		t.Errorf("%d checks: %v", n, err)
	}
}
