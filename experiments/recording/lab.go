package recording

import (
	"context"
	"fmt"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/store"
)

// Open makes a system from its parts in a database.
type Open func(experiments.Experiment, []experiments.Part) (experiments.System, error)

// LabOf rebuilds the campaign's system and golden run from the database alone.
func LabOf(ctx context.Context, db *store.DB, open Open, t campaign.Teller) (*campaign.Lab, []experiments.Part, error) {
	l, parts, _, err := LabFor(ctx, db, open, experiments.Change{}, experiments.Setting{}, t)
	return l, parts, err
}

// LabFor is LabOf for a setting that is changed by c. It gives the changed one, or says what
// is wrong with the change before the golden run is executed.
func LabFor(ctx context.Context, db *store.DB, open Open, c experiments.Change, s experiments.Setting, t campaign.Teller) (*campaign.Lab, []experiments.Part, experiments.Setting, error) {
	if err := c.Check(s); err != nil {
		return nil, nil, s, err
	}
	e, sys, parts, err := systemOf(ctx, db, open)
	if err != nil {
		return nil, nil, s, err
	}
	if !c.None() {
		if s, err = c.Of(s, sys.Steps()); err != nil {
			return nil, nil, s, err
		}
	}
	l, err := goldenOf(ctx, db, e, sys, t)
	return l, parts, s, err
}

// SystemOf rebuilds the campaign's system, and executes nothing.
func SystemOf(ctx context.Context, db *store.DB, open Open) (experiments.System, error) {
	_, sys, _, err := systemOf(ctx, db, open)
	return sys, err
}

// systemOf is SystemOf, with the experiment and what the database holds of the system.
func systemOf(ctx context.Context, db *store.DB, open Open) (e experiments.Experiment, sys experiments.System, parts []experiments.Part, err error) {
	c, err := db.Campaign()
	if err != nil {
		return e, nil, nil, err
	}
	if e, err = experiments.Parse(c.Experiment, c.File); err != nil {
		return e, nil, nil, err
	}
	e.Seed = c.Seed
	if parts, err = db.Parts(); err != nil {
		return e, nil, nil, err
	}
	err = campaign.While(ctx, func() (err error) {
		sys, err = open(e, parts)
		return err
	})
	if err != nil {
		return e, nil, nil, err
	}
	if sys.Semantics() != c.Semantics {
		return e, nil, nil, fmt.Errorf("database %s was made by a machine of semantics version %s, this program has %s: use the program that made it", db.Path(), c.Semantics, sys.Semantics())
	}
	id := campaign.Identity(&e, sys)
	if campaign.Digest(id) != c.Digest {
		return e, nil, nil, fmt.Errorf("database %s: what it holds does not give its own campaign again: %s; use the program that made it", db.Path(), store.Difference(c.Identity, id))
	}
	return e, sys, parts, nil
}

// goldenOf executes the campaign's golden run again.
func goldenOf(ctx context.Context, db *store.DB, e experiments.Experiment, sys experiments.System, t campaign.Teller) (*campaign.Lab, error) {
	c, err := db.Campaign()
	if err != nil {
		return nil, err
	}
	l, err := campaign.NewToldLab(ctx, e, sys, c.Golden, t)
	if err != nil {
		return nil, err
	}
	if d := l.Golden.Digest.String(); d != c.GoldenDigest {
		return nil, fmt.Errorf("BUG: the golden run ends in state %s, the stored one in %s, though nothing that it depends on has changed", d, c.GoldenDigest)
	}
	return l, nil
}
