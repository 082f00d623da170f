package explain

import (
	"cmp"
	"slices"

	"resvirt/experiments"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/vi/inspect"
)

// Remedy is a step that the setting of a failed run does not allow, but the setting
// of a run that survived the same fault does. In the latter it repaired what was left
// wrong in the former, or without it that run fails, too.
type Remedy struct {
	Step    string              `json:"step"`
	Run     string              `json:"run"`     // that survived
	Repairs []inspect.Violation `json:"repairs"` // in it, of what was left here
	Without string              `json:"without"` // outcome of that run, executed without the step
	Needed  bool                `json:"needed"`  // it fails without
	With    string              `json:"with"`    // outcome of this run, executed with the step as well
}

// Helps holds what would have helped a failed run, according to other runs of
// the same fault.
type Helps struct {
	Remedies []Remedy `json:"remedies,omitempty"`
	WithAll  string   `json:"with_all,omitempty"` // outcome of the run with all of them, if there are several
}

// remediesOf is the name under which the remedies of a run are kept.
func remediesOf(row *experiments.Row, others []pairedRow) string {
	name := "remedies of " + row.Run() + " by"
	for _, o := range others {
		name += " " + o.row.Run()
	}
	return name
}

// pairedRow is a stored row of the same fault.
type pairedRow struct {
	row     *experiments.Row
	setting experiments.Setting
}

// paired reads the rows of the same fault under other settings that survived it
// after a detection, those first whose settings differ least. A run that did not fail,
// or not visibly, has none.
func paired(db *store.DB, failed *experiments.Row, s experiments.Setting) ([]pairedRow, error) {
	if !failed.Outcome.Unsurvived() || len(failed.Detections) == 0 {
		return nil, nil
	}
	settings, err := db.Settings()
	if err != nil {
		return nil, err
	}
	var list []pairedRow
	for _, o := range settings {
		if experiments.SameSteps(o.Steps, s.Steps) {
			continue
		}
		there, err := db.Runs(store.RunFilter{Setting: o.Name})
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(there, func(r store.RunLine) bool { return r.Index == failed.Index }) {
			continue
		}
		row, err := db.Row(o.Name, failed.Index)
		if err != nil {
			return nil, err
		}
		if len(row.Detections) > 0 && !row.Outcome.Unsurvived() {
			list = append(list, pairedRow{row, o})
		}
	}
	slices.SortStableFunc(list, func(a, b pairedRow) int {
		return cmp.Compare(distance(a.setting.Steps, s.Steps), distance(b.setting.Steps, s.Steps))
	})
	return list, nil
}

// distance is the number of steps that only one of two settings allows.
func distance(a, b []string) int { return len(lacks(a, b)) + len(lacks(b, a)) }

// lacks lists the steps that are in all and not in some.
func lacks(some, all []string) []string {
	var list []string
	for _, s := range all {
		if !slices.Contains(some, s) {
			list = append(list, s)
		}
	}
	return list
}

// remedies finds, in the runs of other settings, the steps that would have repaired
// what was left, and the steps that the most similar setting needs. It executes the
// run with each of these steps, and with all of them.
func (x *explainer) remedies(e *Explanation, row *experiments.Row, s experiments.Setting, others []pairedRow) error {
	left := e.Left
	for _, o := range others {
		if len(left) == 0 {
			break
		}
		by, err := x.repairs(o)
		if err != nil {
			return err
		}
		var rest []inspect.Violation
		for _, v := range left {
			step := by[v.Where()]
			if step == "" || slices.Contains(s.Steps, step) {
				rest = append(rest, v)
				continue
			}
			r := e.Helps.remedy(step, o)
			r.Repairs = append(r.Repairs, v)
		}
		left = rest
	}
	if len(others) > 0 {
		o := others[0]
		for _, step := range lacks(s.Steps, o.setting.Steps) {
			if x.without(o, step).Outcome.Unsurvived() {
				e.Helps.remedy(step, o)
			}
		}
	}
	var all []string
	for i := range e.Helps.Remedies {
		r := &e.Helps.Remedies[i]
		all = append(all, r.Step)
		o := others[slices.IndexFunc(others, func(o pairedRow) bool { return o.row.Run() == r.Run })]
		without := x.without(o, r.Step)
		r.Without, r.Needed, r.With = retrace.OutcomeText(without), without.Outcome.Unsurvived(), x.with(row, s, r.Step)
	}
	if len(all) > 1 {
		e.Helps.WithAll = x.with(row, s, all...)
	}
	return nil
}

// remedy is the entry for a step; if several runs have the step, the entry is about
// the first of them.
func (h *Helps) remedy(step string, o pairedRow) *Remedy {
	i := slices.IndexFunc(h.Remedies, func(r Remedy) bool { return r.Step == step })
	if i < 0 {
		i = len(h.Remedies)
		h.Remedies = append(h.Remedies, Remedy{Step: step, Run: o.row.Run()})
	}
	return &h.Remedies[i]
}

// repairs executes a run and says which of its steps was the last to repair what.
func (x *explainer) repairs(o pairedRow) (map[inspect.Where]string, error) {
	var e Explanation
	if err := x.follow(&e, o.row, o.setting); err != nil {
		return nil, err
	}
	by := map[inspect.Where]string{}
	for _, s := range e.Steps {
		for _, v := range s.Repaired {
			by[v.Where()] = s.Name
		}
		for _, b := range s.Beside {
			for _, v := range b.Repaired {
				by[v.Where()] = b.way
			}
		}
	}
	return by, nil
}

// without executes another run without a step.
func (x *explainer) without(o pairedRow, step string) *experiments.Row {
	s := o.setting
	s.Steps = lacks([]string{step}, s.Steps)
	return &x.Unit(o.row.Index, []experiments.Setting{s})[0]
}

// with executes a run with more steps allowed and returns its outcome.
func (x *explainer) with(row *experiments.Row, s experiments.Setting, more ...string) string {
	s.Steps = append(slices.Clone(s.Steps), more...)
	return retrace.OutcomeText(&x.Unit(row.Index, []experiments.Setting{s})[0])
}
