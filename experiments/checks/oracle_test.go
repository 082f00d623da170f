package checks

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/testbed"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
	"resvirt/vi/seam"
)

// quickSystem is a shipped experiment whose golden run leaves few states, and its system.
func quickSystem(t *testing.T) (experiments.Experiment, experiments.System) {
	t.Helper()
	e, _, err := experiments.Load("quick")
	if err != nil {
		t.Fatal(err)
	}
	e.Golden.Snapshots, e.Golden.Digests = 10, 40
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return e, sys
}

// The oracle is measured alike every time. What is read is noticed in the way that a
// run's harm is, and the page that a flip strikes is one of a guest's.
func TestOracle(t *testing.T) {
	e, sys := quickSystem(t)
	const n = 3
	opt := OracleOptions{Flips: n, Seed: 3, Dir: t.TempDir()}
	flips, err := Oracle(context.Background(), e, sys, opt)
	if err != nil {
		t.Fatal(err)
	}
	// What an interrupted measurement has done is not done again.
	j, err := campaign.OpenJournal(opt.Dir, "oracle", fmt.Sprintf("%d %s", opt.Seed, campaign.Identity(&e, sys)))
	if err != nil {
		t.Fatal(err)
	}
	kept := flips[0]
	kept.Reason, flips[0].Reason = "kept", "kept"
	if err := errors.Join(j.Keep(kept.Class, kept.Index, kept), j.Close(false)); err != nil {
		t.Fatal(err)
	}
	again, err := Oracle(context.Background(), e, sys, opt)
	if err != nil {
		t.Fatal(err)
	}
	s, kinds := Sensitivity(e, sys, 3, flips)
	for i := range flips {
		if !reflect.DeepEqual(flips[i], again[i]) {
			t.Errorf("flip %d is %+v once, %+v another time", i, flips[i], again[i])
		}
	}
	complaints := 0
	for _, f := range flips {
		if f.Noticed && strings.Contains(f.Reason, seam.Error+" check") {
			complaints++
		}
	}
	all := s.All()
	if len(s.Classes) != len(flipClasses()) || len(kinds) < len(s.Classes) || all.Flips < n || all.Used > all.Flips || all.Noticed > all.Used || complaints == 0 {
		t.Errorf("%d complaints, %+v %+v", complaints, s, kinds)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Oracle(ctx, e, sys, opt); !errors.Is(err, context.Canceled) {
		t.Errorf("a measurement that was stopped: %v", err)
	}
}

// A system without guests is refused.
func TestOracleOfNoGuests(t *testing.T) {
	_, err := Oracle(context.Background(), toyrun.Experiment(), toy.System{Version: "1"}, OracleOptions{Flips: 1})
	if !errors.Is(err, testbed.ErrNoAnatomy) {
		t.Errorf("%v", err)
	}
}
