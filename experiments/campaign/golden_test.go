package campaign_test

import (
	"context"
	"reflect"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
)

// measured is a toy whose faults end before its run does, and which counts what its
// machines execute.
type measured struct {
	toy.System
	executed *uint64
}

func (measured) Measured([]byte) bool { return true }

func (s measured) Boot() (faults.Machine, error) {
	m, err := s.System.Boot()
	return &counting{m, s.executed}, err
}

func (s measured) Facts(m faults.Machine) experiments.Counters {
	return s.System.Facts(m.(*counting).Machine)
}

type counting struct {
	faults.Machine
	executed *uint64
}

func (c *counting) Run(u faults.Until) faults.Stop {
	before := c.Position()
	stop := c.Machine.Run(u)
	*c.executed += c.Position() - before
	return stop
}

// TestKnownGoldenRunIsExecutedOnce: with the facts of an earlier golden run one pass gives
// all that two gave.
func TestKnownGoldenRunIsExecutedOnce(t *testing.T) {
	run := func(known experiments.Facts) (*campaign.GoldenRun, uint64) {
		var executed uint64
		l, err := campaign.NewToldLab(context.Background(), toyrun.Experiment(), measured{toy.System{Version: "1"}, &executed}, known, campaign.Teller{})
		if err != nil {
			t.Fatal(err)
		}
		return l.Golden, executed
	}
	twice, all := run(experiments.Facts{})
	once, one := run(twice.Facts)
	if all != one+twice.Facts.Instructions {
		t.Errorf("of two passes %d instructions, of one %d, the run has %d", all, one, twice.Facts.Instructions)
	}
	if twice.Span.End >= twice.Ended {
		t.Errorf("faults strike up to %v, the run ends at %v", twice.Span.End, twice.Ended)
	}
	once.Speed = twice.Speed
	if !reflect.DeepEqual(once, twice) {
		t.Errorf("one pass gives\n%+v\ntwo gave\n%+v", once, twice)
	}
}

// TestWrongFactsOfAGoldenRun: an earlier golden run that was longer is a defect, and is
// called so.
func TestWrongFactsOfAGoldenRun(t *testing.T) {
	e := toyrun.Experiment()
	l, err := campaign.NewLab(e, toy.System{Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	known := l.Golden.Facts
	known.Instructions *= 2
	if _, err := campaign.NewToldLab(context.Background(), e, toy.System{Version: "1"}, known, campaign.Teller{}); err == nil {
		t.Error("it is accepted")
	}
}
