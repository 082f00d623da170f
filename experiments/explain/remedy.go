package explain

import (
	"cmp"
	"slices"

	"resvirt/experiments"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/vi/inspect"
)

// Remedy is a step that a run's setting does not allow, and that repaired what this
// run was left with when the same fault struck under a setting that allows it.
type Remedy struct {
	Step    string              `json:"step"`
	Run     string              `json:"run"`     // that shows it
	Repairs []inspect.Violation `json:"repairs"` // of what was left here
	Then    string              `json:"then"`    // outcome of this run, executed with the step allowed as well
}

// mostRemedies bounds how many steps are tried.
const mostRemedies = 8

// pairedRow is a stored row of the same fault.
type pairedRow struct {
	row     *experiments.Row
	setting experiments.Setting
}

// paired reads the rows of the same fault under other settings that survived it
// after a detection, those first whose settings differ least.
func paired(db *store.DB, s experiments.Setting, index int) ([]pairedRow, error) {
	settings, err := db.Settings()
	if err != nil {
		return nil, err
	}
	there, err := db.Runs("")
	if err != nil {
		return nil, err
	}
	var list []pairedRow
	for _, o := range settings {
		has := slices.ContainsFunc(there, func(r store.RunRef) bool { return r.Setting == o.Name && r.Index == index })
		if !has || experiments.SameSteps(o.Steps, s.Steps) {
			continue
		}
		row, err := db.Row(o.Name, index)
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

// distance is how many steps only one of two settings allows.
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

// remedies asks the rows of other settings which steps would have repaired what was
// left, and executes the run with each of these, and with all of them.
func (x *explainer) remedies(e *Explanation, row *experiments.Row, s experiments.Setting, others []pairedRow) error {
	left := e.Left
	for _, o := range others {
		if len(left) == 0 || len(e.Remedies) == mostRemedies {
			break
		}
		by, err := x.repairs(o)
		if err != nil {
			return err
		}
		var rest []inspect.Violation
		for _, v := range left {
			step := by[whereOf(v)]
			if step == "" || slices.Contains(s.Steps, step) {
				rest = append(rest, v)
				continue
			}
			e.remedy(step, o.row.Run(), v)
		}
		left = rest
	}
	var all []string
	for i := range e.Remedies {
		r := &e.Remedies[i]
		all = append(all, r.Step)
		r.Then = x.outcome(row, s, r.Step)
	}
	if len(all) > 1 {
		e.WithAll = x.outcome(row, s, all...)
	}
	return nil
}

// remedy notes that a step repaired something in a run.
func (e *Explanation) remedy(step, run string, v inspect.Violation) {
	i := slices.IndexFunc(e.Remedies, func(r Remedy) bool { return r.Step == step && r.Run == run })
	if i < 0 {
		i = len(e.Remedies)
		e.Remedies = append(e.Remedies, Remedy{Step: step, Run: run})
	}
	e.Remedies[i].Repairs = append(e.Remedies[i].Repairs, v)
}

// repairs executes a run and says which of its steps was the last to repair what.
func (x *explainer) repairs(o pairedRow) (map[where]string, error) {
	var e Explanation
	if err := x.follow(&e, o.row, o.setting); err != nil {
		return nil, err
	}
	by := map[where]string{}
	for _, s := range e.Steps {
		for _, v := range s.Repaired {
			by[whereOf(v)] = s.Name
		}
		for _, b := range s.Beside {
			for _, v := range b.Repaired {
				by[whereOf(v)] = b.way
			}
		}
	}
	return by, nil
}

// outcome executes a run with more steps allowed.
func (x *explainer) outcome(row *experiments.Row, s experiments.Setting, more ...string) string {
	s.Steps = append(slices.Clone(s.Steps), more...)
	return retrace.OutcomeText(&x.Unit(row.Index, []experiments.Setting{s})[0])
}
