package overhead

import (
	"bytes"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/internal/toy"
)

// unbootable is a system that must not be booted.
type unbootable struct {
	toy.System
	t *testing.T
}

func (u unbootable) Boot() (m faults.Machine, err error) {
	u.t.Error("what is kept is measured again")
	return u.System.Boot()
}

// A run whose result is in the journal is not measured again; a run of another
// system is.
func TestMeasuredRunsAreKept(t *testing.T) {
	j, err := campaign.OpenJournal(t.TempDir(), "overhead", "x")
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close(true)
	e := experiments.Default()
	sys := unbootable{toy.System{Version: "1"}, t}
	want := layoutRun{at: place{variant: "all", layout: 3}, run: Run{Cycles: 1 << 60, Busy: 1.0 / 3}, console: []byte("a\x00b\n")}
	if err := want.keep(&e, sys, j); err != nil {
		t.Fatal(err)
	}
	got := layoutRun{at: want.at}
	if err := got.measure(&e, sys, j); err != nil || got.run != want.run || !bytes.Equal(got.console, want.console) {
		t.Errorf("%v: %+v, want %+v", err, got, want)
	}
	if other := (toy.System{Version: "2"}); want.name(&e, sys) == want.name(&e, other) {
		t.Error("another system has the same name")
	}
}
