package report

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/store"
	"resvirt/faults"
)

// Versus sets two campaigns side by side, an old one (A) and a new one (B).
type Versus struct {
	A     Side         `json:"a"`
	B     Side         `json:"b"`
	Notes []string     `json:"notes"` // differences that make the comparison doubtful, or that are intended
	Cells []VersusCell `json:"cells"`
}

// Side is one of both campaigns.
type Side struct {
	Database   string `json:"database"`
	Experiment string `json:"experiment"`
	Campaign   string `json:"campaign"`
	Seed       uint64 `json:"seed"`
	Runs       int    `json:"runs"`
	Planned    *int   `json:"planned"` // runs that commands asked for; null in databases of older programs
	planned    planned
	identity   string
	file       experiments.Experiment
	settings   []experiments.Setting
	fates      map[[2]string][]store.Case // by setting and fault type
}

// VersusCell is a setting of A and its counterpart of B against one fault type.
type VersusCell struct {
	SettingA  string         `json:"setting_a"`
	SettingB  string         `json:"setting_b"`
	Fault     string         `json:"fault"`
	A         map[string]int `json:"outcomes_a"`
	B         map[string]int `json:"outcomes_b"`
	Same      int            `json:"same_faults"` // struck the same instruction in both
	Rates     []VersusRate   `json:"rates"`
	Latencies []VersusTime   `json:"latencies"`
}

// significant is the probability below which a difference counts.
const significant = 0.05

// Compare sets two databases side by side. match names settings of B that are to
// be compared with settings of A of another name; all others are matched by name.
func Compare(a, b *store.DB, match map[string]string) (*Versus, error) {
	v := &Versus{Notes: []string{}}
	var err error
	if v.A, err = sideOf(a); err != nil {
		return nil, err
	}
	if v.B, err = sideOf(b); err != nil {
		return nil, err
	}
	pairs, err := v.matched(match)
	if err != nil {
		return nil, err
	}
	v.note(pairs)
	for _, p := range pairs {
		for _, f := range v.A.file.Faults.Kinds() {
			if !slices.Contains(v.B.file.Faults.Kinds(), f) {
				continue
			}
			v.Cells = append(v.Cells, v.cell(p[0], p[1], f))
		}
	}
	if len(v.Cells) == 0 {
		return nil, experiments.FileError{Err: fmt.Errorf("databases %s and %s share no fault type: there is nothing to compare", v.A.Database, v.B.Database)}
	}
	return v, nil
}

// sideOf reads a campaign in one state of its database.
func sideOf(db *store.DB) (s Side, err error) {
	err = db.Still(func() error {
		c, err := db.Campaign()
		if err != nil {
			return err
		}
		s = Side{Database: db.Path(), Experiment: c.Experiment, Campaign: c.Digest, Seed: c.Seed, identity: c.Identity, fates: map[[2]string][]store.Case{}}
		if s.file, err = experiments.Parse(c.Experiment, c.File); err != nil {
			return err
		}
		if s.settings, err = db.Settings(); err != nil {
			return err
		}
		if s.planned, err = plannedOf(db, &s.file, s.settings); err != nil {
			return err
		}
		if len(s.planned.each) > 0 {
			s.Planned = &s.planned.runs
		}
		list, err := db.Cases()
		s.Runs = len(list)
		for _, f := range list {
			key := [2]string{f.Setting, f.Fault}
			s.fates[key] = append(s.fates[key], f)
		}
		return err
	})
	return s, err
}

func (s *Side) setting(name string) (experiments.Setting, bool) {
	i := slices.IndexFunc(s.settings, func(x experiments.Setting) bool { return x.Name == name })
	if i < 0 {
		return experiments.Setting{}, false
	}
	return s.settings[i], true
}

func (s *Side) names() string {
	var list []string
	for _, x := range s.settings {
		list = append(list, x.Name)
	}
	return strings.Join(list, ", ")
}

// matched lists which settings are compared, in A's order.
func (v *Versus) matched(match map[string]string) (list [][2]string, err error) {
	for a, b := range match {
		if _, ok := v.A.setting(a); !ok {
			err = experiments.FileError{Err: fmt.Errorf("database %s has no setting %q; it has %s", v.A.Database, a, v.A.names())}
		} else if _, ok := v.B.setting(b); !ok {
			err = experiments.FileError{Err: fmt.Errorf("database %s has no setting %q; it has %s", v.B.Database, b, v.B.names())}
		}
	}
	if err != nil {
		return nil, err
	}
	for _, s := range v.A.settings {
		other := s.Name
		if b, ok := match[s.Name]; ok {
			other = b
		} else if len(match) > 0 {
			continue // settings were named: only those are compared
		}
		if _, ok := v.B.setting(other); ok {
			list = append(list, [2]string{s.Name, other})
		}
	}
	if len(list) == 0 {
		return nil, experiments.FileError{Err: fmt.Errorf("databases %s (settings %s) and %s (%s) have no setting of the same name: say which to compare with --setting OLD=NEW",
			v.A.Database, v.A.names(), v.B.Database, v.B.names())}
	}
	return list, nil
}

// cell compares one setting with its counterpart against one fault type.
func (v *Versus) cell(a, b, fault string) VersusCell {
	c := VersusCell{SettingA: a, SettingB: b, Fault: fault}
	old, now := v.A.fates[[2]string{a, fault}], v.B.fates[[2]string{b, fault}]
	c.A, c.B = outcomesOf(old), outcomesOf(now)
	same := sameFaults(old, now)
	c.Same = len(same)
	for _, k := range rateKinds {
		if k.paper && (v.A.file.VMM.Late == 0 || v.B.file.VMM.Late == 0) {
			continue
		}
		c.Rates = append(c.Rates, k.compare(old, now, same))
	}
	for _, k := range timeKinds {
		c.Latencies = append(c.Latencies, k.compare(old, now))
	}
	return c
}

func outcomesOf(list []store.Case) map[string]int {
	m := map[string]int{}
	for o := faults.Outcome(0); o < faults.Outcomes; o++ {
		m[o.String()] = 0
	}
	for _, f := range list {
		m[f.Outcome.String()]++
	}
	return m
}

// samePair is a fault that struck the same instruction in both campaigns.
type samePair struct{ a, b *store.Case }

func sameFaults(a, b []store.Case) []samePair {
	there := map[int]*store.Case{}
	for i := range b {
		there[b[i].Index] = &b[i]
	}
	var list []samePair
	for i := range a {
		if o := there[a[i].Index]; o != nil && a[i].Struck != "" && a[i].Struck == o.Struck {
			list = append(list, samePair{&a[i], o})
		}
	}
	return list
}
