package report

import (
	"fmt"
	"io"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/sim"
)

// Sweep compares the campaigns of a sweep over watchdog periods.
type Sweep struct {
	Experiment string     `json:"experiment"`
	Rows       []SweepRow `json:"rows"`
	Same       []Same     `json:"same"`
}

// SweepRow is one setting with one value against one fault type, or all of them.
type SweepRow struct {
	WatchdogUS int    `json:"watchdog_us"`
	Setting    string `json:"setting"`
	Fault      string `json:"fault"`
	Runs       int    `json:"runs"`
	Applied    int    `json:"applied"`
	Detected   int    `json:"detected"`
	Hangs      int    `json:"hangs"`     // detected first as a hang
	Recovered  int    `json:"recovered"` // strict
	Unsurvived int    `json:"unsurvived"`

	HangMedian *sim.Time `json:"hang_median_ps"` // from the strike to the detection; null without hangs
	HangP95    *sim.Time `json:"hang_p95_ps"`

	// The difference of rates from those with the first value: intervals of
	// independent proportions. Null in rows of the first value.
	MoreRecovered  *stats.Interval `json:"more_recovered"`
	MoreUnsurvived *stats.Interval `json:"more_unsurvived"`
}

// Same is the probability that rates would differ as much as the observed ones
// if they did not depend on the value, for a setting and a fault type. Null if
// all runs had the same outcome.
type Same struct {
	Setting    string   `json:"setting"`
	Fault      string   `json:"fault"`
	Recovered  *float64 `json:"recovered"`
	Unsurvived *float64 `json:"unsurvived"`
}

// allFaults stands in SweepRow.Fault for the sum of all types.
const allFaults = "all"

// OfSweep computes the report of a sweep whose databases' names begin with path.
func OfSweep(e experiments.Experiment, path string) (*Sweep, error) {
	r := &Sweep{Experiment: e.Name}
	for _, s := range e.Settings {
		for _, us := range e.Sweep.WatchdogUS {
			rows, err := sweepRows(e.MemberPath(path, us), us, s.Name)
			if err != nil {
				return nil, err
			}
			r.Rows = append(r.Rows, rows...)
		}
	}
	for _, s := range e.Settings {
		for _, f := range append([]string{allFaults}, e.Faults.Kinds()...) {
			r.compare(s.Name, f)
		}
	}
	return r, nil
}

// sweepRows reads one setting of one campaign.
func sweepRows(path string, us int, setting string) ([]SweepRow, error) {
	db, err := store.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rep, err := Of(db)
	if err != nil {
		return nil, err
	}
	all := SweepRow{WatchdogUS: us, Setting: setting, Fault: allFaults}
	var rows []SweepRow
	var hangs []sim.Time
	for i := range rep.Cells {
		c := &rep.Cells[i]
		if c.Setting != setting {
			continue
		}
		list, err := db.HangLatencies(setting, c.Fault)
		if err != nil {
			return nil, err
		}
		row := SweepRow{WatchdogUS: us, Setting: setting, Fault: c.Fault, Runs: c.Runs, Applied: c.Applied,
			Detected: c.Detected, Recovered: c.Recovered, Unsurvived: c.Unsurvived}
		row.latencies(list)
		rows, hangs = append(rows, row), append(hangs, list...)
		all.Runs, all.Applied, all.Detected = all.Runs+c.Runs, all.Applied+c.Applied, all.Detected+c.Detected
		all.Recovered, all.Unsurvived = all.Recovered+c.Recovered, all.Unsurvived+c.Unsurvived
	}
	all.latencies(hangs)
	return append([]SweepRow{all}, rows...), nil
}

func (r *SweepRow) latencies(list []sim.Time) {
	r.Hangs = len(list)
	if t, ok := stats.Quantile(list, 0.5); ok {
		r.HangMedian = &t
	}
	if t, ok := stats.Quantile(list, 0.95); ok {
		r.HangP95 = &t
	}
}

// compare compares the values of one setting against one fault type.
func (r *Sweep) compare(setting, fault string) {
	var first *SweepRow
	var recovered, detected, unsurvived, applied []int
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Setting != setting || row.Fault != fault {
			continue
		}
		recovered, detected = append(recovered, row.Recovered), append(detected, row.Detected)
		unsurvived, applied = append(unsurvived, row.Unsurvived), append(applied, row.Applied)
		if first == nil {
			first = row
			continue
		}
		a := stats.Newcombe(row.Recovered, row.Detected, first.Recovered, first.Detected)
		b := stats.Newcombe(row.Unsurvived, row.Applied, first.Unsurvived, first.Applied)
		row.MoreRecovered, row.MoreUnsurvived = &a, &b
	}
	same := Same{Setting: setting, Fault: fault}
	if p, ok := stats.Homogeneous(recovered, detected); ok {
		same.Recovered = &p
	}
	if p, ok := stats.Homogeneous(unsurvived, applied); ok {
		same.Unsurvived = &p
	}
	r.Same = append(r.Same, same)
}

// JSON writes the report as one object.
func (r *Sweep) JSON(w io.Writer) error {
	return experiments.WriteJSON(w, r)
}

// Text writes the report for people.
func (r *Sweep) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  the same recovery with several periods of the hang watchdog\n\n", r.Experiment)
	t := table(&b)
	fmt.Fprintln(t, "setting\tfault\tperiod\truns\trecovered of detected (strict)\tmore than first\tunsurvived of applied\tmore than first\t")
	for i := range r.Rows {
		row := &r.Rows[i]
		fmt.Fprintf(t, "%s\t%s\t%v\t%d\t%s\t%s\t%s\t%s\t\n", row.Setting, row.Fault, row.period(), row.Runs,
			stats.Rate(row.Recovered, row.Detected), points(row.MoreRecovered),
			stats.Rate(row.Unsurvived, row.Applied), points(row.MoreUnsurvived))
	}
	t.Flush()
	b.WriteString("\nhow soon hangs are detected\n")
	t = table(&b)
	fmt.Fprintln(t, "setting\tperiod\thangs\tmedian\tp95\tmedian, periods\tp95, periods\t")
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Fault == allFaults {
			fmt.Fprintf(t, "%s\t%v\t%d\t%s\t%s\t%s\t%s\t\n", row.Setting, row.period(), row.Hangs,
				latency(row.HangMedian), latency(row.HangP95), row.periods(row.HangMedian), row.periods(row.HangP95))
		}
	}
	t.Flush()
	b.WriteString("\nprobability of such differences if the rates do not depend on the period\n")
	t = table(&b)
	fmt.Fprintln(t, "setting\tfault\trecovered of detected\tunsurvived of applied\t")
	for _, s := range r.Same {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", s.Setting, s.Fault, probability(s.Recovered), probability(s.Unsurvived))
	}
	t.Flush()
	b.WriteString("\nThe period is part of the VMM's command line and of the golden run: faults are drawn\n" +
		"anew for each, and rates are compared as independent ones. Intervals are 95 %, of rates\n" +
		"Clopper-Pearson, of differences, in points, Newcombe; the test is Pearson's. Times are\n" +
		"virtual, from the strike on. Each period's runs are in a database of its own.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *SweepRow) period() sim.Time { return sim.Time(r.WatchdogUS) * sim.Microsecond }

// periods is a time in watchdog periods.
func (r *SweepRow) periods(t *sim.Time) string {
	if t == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(*t)/float64(r.period()))
}

// points is the interval of a difference, in points of percent.
func points(i *stats.Interval) string {
	if i == nil {
		return "-"
	}
	return stats.PointsInterval(*i)
}

func probability(p *float64) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", *p)
}
