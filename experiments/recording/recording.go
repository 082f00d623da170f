package recording

import (
	"context"
	"fmt"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// Recording is one run of a campaign beside the golden one: Run and Golden are tracks of
// their own, on machines of their own. All that is said of it is found by execution.
type Recording struct {
	Lab     *campaign.Lab
	Row     *experiments.Row // of this run
	Setting experiments.Setting
	Change  experiments.Change // by which this run's setting differs from that of a stored one; none: the run is stored
	// Faultless says that the fault was switched off: the run is the golden one.
	Faultless bool
	Sources   Sources
	Guests    *testbed.Guests // looks into hypervisor and VMs
	Events    []Event         // in the machine's order
	Run       *Track
	Golden    *Track
}

// Campaign is what recordings of one database share.
type Campaign struct {
	lab     *campaign.Lab
	sources Sources
	guests  *testbed.Guests
	db      *store.DB // nil: there are no stored runs
}

// OpenCampaign rebuilds a campaign from its database, which must stay open.
func OpenCampaign(ctx context.Context, db *store.DB, open Open, t campaign.Teller) (*Campaign, error) {
	l, parts, err := LabOf(ctx, db, open, t)
	if err != nil {
		return nil, err
	}
	c, err := CampaignOf(l, parts)
	if err == nil {
		c.db = db
	}
	return c, err
}

// With is the campaign with the stored runs of a database, which must be its own.
func (c *Campaign) With(db *store.DB) *Campaign {
	return &Campaign{lab: c.lab, sources: c.sources, guests: c.guests, db: db}
}

// CampaignOf is a campaign without a database. It has no stored runs.
func CampaignOf(l *campaign.Lab, parts []experiments.Part) (*Campaign, error) {
	g, err := testbed.GuestsOf(l.System)
	if err != nil {
		return nil, err
	}
	return &Campaign{lab: l, sources: SourcesOf(parts), guests: g}, nil
}

// Record opens a stored run. Its machine is at the fault.
func (c *Campaign) Record(setting string, index int) (*Recording, error) {
	row, err := c.db.Row(setting, index)
	if err != nil {
		return nil, err
	}
	s, err := c.db.Setting(setting)
	if err != nil {
		return nil, err
	}
	return c.recording(row, s)
}

func (c *Campaign) recording(row *experiments.Row, s experiments.Setting) (r *Recording, err error) {
	if row.Outcome == faults.ToolError {
		return nil, fmt.Errorf("%s: the tool failed in this run (%s): there is nothing to walk through", row.Run(), row.Reason)
	}
	r = &Recording{Lab: c.lab, Row: row, Setting: s, Sources: c.sources, Guests: c.guests, Golden: goldenTrack(c.lab)}
	if r.Run, err = trackOf(c.lab, row, s); err != nil {
		return nil, err
	}
	r.Events = eventsOf(row, r.Run)
	return r, nil
}

// Execute executes the run of a fault under a setting to its end, and records it.
func (c *Campaign) Execute(ctx context.Context, index int, s experiments.Setting) (*Recording, error) {
	row, err := c.row(ctx, index, s)
	if err != nil {
		return nil, err
	}
	return c.recording(row, s)
}

func (c *Campaign) row(ctx context.Context, index int, s experiments.Setting) (row *experiments.Row, err error) {
	err = campaign.While(ctx, func() error {
		w := campaign.Worker{Lab: c.lab}
		row = &w.Unit(index, []experiments.Setting{s})[0]
		return nil
	})
	return row, err
}

// Fork is a run from its fault on under another setting: executed now, and kept
// nowhere.
func (c *Campaign) Fork(ctx context.Context, of *Recording, change experiments.Change) (*Recording, error) {
	s, err := change.Of(of.Setting, c.lab.System.Steps())
	if err != nil {
		return nil, err
	}
	r, err := c.Execute(ctx, of.Row.Index, s)
	if err == nil {
		r.Change = change
	}
	return r, err
}

// WithoutFault is a run without its fault, executed to its end from the golden run's last snapshot:
// nothing else may come of it than the golden run, whatever the setting, since nothing reads
// that before a detection.
func (c *Campaign) WithoutFault(ctx context.Context, of *Recording) (*Recording, error) {
	g, t := c.lab.Golden, c.lab.System.Target()
	row := &experiments.Row{Setting: of.Row.Setting, Index: of.Row.Index, Plan: of.Row.Plan, Outcome: faults.NotApplied, Reason: "the fault was switched off"}
	r, err := c.recording(row, of.Setting)
	if err != nil {
		return nil, err
	}
	r.Faultless = true
	start := r.Run.Position()
	if err := r.Run.Seek(ctx, r.Run.End()); err != nil {
		return nil, err
	}
	m := r.Run.Machine()
	row.EndPosition, row.EndTime, row.EndDigest = m.Position(), g.Ended, m.Digest()
	if row.EndDigest != g.Digest {
		return nil, fmt.Errorf("BUG: %s without its fault ends in state %v, the golden run in %v", row.Run(), row.EndDigest, g.Digest)
	}
	row.Verdicts = t.Judge(g.Output, m.Serial())
	return r, r.Run.Seek(ctx, start)
}

// Check executes a stored run anew, to its end, and names the fields in which its row
// differs: none, unless the database or the program is damaged.
func (c *Campaign) Check(ctx context.Context, r *Recording) ([]string, error) {
	now, err := c.row(ctx, r.Row.Index, r.Setting)
	if err != nil {
		return nil, err
	}
	return experiments.Compare(r.Row, now)
}

// Guests looks into the machines of the campaign's recordings.
func (c *Campaign) Guests() *testbed.Guests { return c.guests }
