package report

import (
	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/sim"
)

// Report is the computed content of a report on a database, before it is
// formatted.
type Report struct {
	Campaign store.Campaign
	Cells    []Cell
	Sessions []store.SessionRecord
	Failed   map[string][]store.Count // for each setting that recovers, reasons of failed recoveries, most frequent first
	Beyond   []store.Count            // things that the model lacks, most frequent first
	Defects  []store.Count            // tool errors
	Steps    map[string][]StepTime    // of each setting, over all fault types
	Reboots  []Reboot                 // of settings that reboot the machine

	experiment experiments.Experiment
	planned    planned
}

// Cell is one setting against one fault type.
type Cell struct {
	Experiment string         `json:"experiment"`
	Setting    string         `json:"setting"`
	Target     string         `json:"target"`
	Fault      string         `json:"fault"`
	Runs       int            `json:"runs"`
	Planned    *int           `json:"planned"` // runs that commands asked for; null in databases of older programs
	Outcomes   map[string]int `json:"outcomes"`
	Applied    int            `json:"applied"`
	Detected   int            `json:"detected"`
	Manifested int            `json:"manifested"`
	Unsurvived int            `json:"unsurvived"`
	Recovered  int            `json:"recovered"` // strict
	// RecoveredPaper is null where no VM is created late: the papers' rule wants one.
	RecoveredPaper *int `json:"recovered_paper"`

	UnsurvivedOfApplied *Share `json:"unsurvived_of_applied"` // null without any in the denominator
	RecoveredOfManifest *Share `json:"recovered_of_manifested"`
	RecoveredOfDetected *Share `json:"recovered_of_detected"`
	PaperOfDetected     *Share `json:"recovered_paper_of_detected"`

	DetectionRuns   int       `json:"detection_runs"`      // that the latencies below are of
	DetectionMedian *sim.Time `json:"detection_median_ps"` // null when nothing was detected
	DetectionP95    *sim.Time `json:"detection_p95_ps"`
	RecoveryRuns    int       `json:"recovery_runs"`
	RecoveryMedian  *sim.Time `json:"recovery_median_ps"` // null when nothing was recovered
	RecoveryP95     *sim.Time `json:"recovery_p95_ps"`

	Published    []experiments.Published `json:"published"`
	Compared     *Comparison             `json:"compared"`     // null in the last setting
	Extrapolated *Extrapolation          `json:"extrapolated"` // null where the fault space has no known size
	Steps        []StepTime              `json:"steps"`        // null when nothing was recovered
}

// Of computes the report of a database, which a campaign may be writing.
func Of(db *store.DB) (r *Report, err error) {
	err = db.Still(func() error {
		r, err = compute(db)
		return err
	})
	return r, err
}

func compute(db *store.DB) (*Report, error) {
	c, err := db.Campaign()
	if err != nil {
		return nil, err
	}
	e, err := experiments.Parse(c.Experiment, c.File)
	if err != nil {
		return nil, err
	}
	settings, err := db.Settings()
	if err != nil {
		return nil, err
	}
	if err := db.WholeRuns(func() error { return nil }); err != nil {
		return nil, err
	}
	counts, err := db.Counts()
	if err != nil {
		return nil, err
	}
	r := &Report{Campaign: c, experiment: e}
	if r.planned, err = plannedOf(db, &e, settings); err != nil {
		return nil, err
	}
	for _, s := range settings {
		for _, f := range e.Faults.Kinds() {
			cell := newCell(c.Experiment, s.Name, e.Faults.Target, f, counts)
			cell.Planned = r.planned.of(&e, s.Name, f)
			if err := addLatencies(db, &cell); err != nil {
				return nil, err
			}
			if e.VMM.Late > 0 {
				n, err := db.RecoveredPaper(s.Name, f)
				if err != nil {
					return nil, err
				}
				cell.RecoveredPaper, cell.PaperOfDetected = &n, shareOf(n, cell.Detected)
			}
			r.Cells = append(r.Cells, cell)
		}
	}
	if err := addSections(db, r, &e, settings); err != nil {
		return nil, err
	}
	if err := addReasons(db, r, settings); err != nil {
		return nil, err
	}
	r.Sessions, err = db.Sessions()
	return r, err
}

func newCell(experiment, setting, target, fault string, counts map[store.Cell]int) Cell {
	c := Cell{Experiment: experiment, Setting: setting, Target: target, Fault: fault, Outcomes: map[string]int{}}
	for o := faults.Outcome(0); o < faults.Outcomes; o++ {
		n := counts[store.Cell{Setting: setting, Fault: fault, Outcome: o.String()}]
		c.Outcomes[o.String()] = n
		c.Runs += n
		if o.Applied() {
			c.Applied += n
		}
		if o.Detected() {
			c.Detected += n
		}
		if o.Manifested() {
			c.Manifested += n
		}
		if o.Unsurvived() {
			c.Unsurvived += n
		}
	}
	c.Recovered = c.Outcomes[faults.Recovered.String()]
	c.UnsurvivedOfApplied = shareOf(c.Unsurvived, c.Applied)
	c.RecoveredOfManifest = shareOf(c.Recovered, c.Manifested)
	c.RecoveredOfDetected = shareOf(c.Recovered, c.Detected)
	return c
}

func addLatencies(db *store.DB, c *Cell) error {
	for _, l := range []struct {
		column      string
		runs        *int
		median, p95 **sim.Time
	}{{"detection_ps", &c.DetectionRuns, &c.DetectionMedian, &c.DetectionP95}, {"recovery_ps", &c.RecoveryRuns, &c.RecoveryMedian, &c.RecoveryP95}} {
		list, err := db.Latencies(l.column, c.Setting, c.Fault)
		if err != nil {
			return err
		}
		*l.runs = len(list)
		if t, ok := stats.Quantile(list, 0.5); ok {
			*l.median = &t
		}
		if t, ok := stats.Quantile(list, 0.95); ok {
			*l.p95 = &t
		}
	}
	return nil
}
