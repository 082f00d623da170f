package explain

import (
	"slices"

	"resvirt/experiments"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// mostSteps bounds how many announcements of recovery are looked at.
const mostSteps = 80

// follow looks at the target when the failure is detected and at each step
// that recovery announces until it is complete for the first time.
func (x *explainer) follow(e *Explanation, row *experiments.Row, s experiments.Setting) error {
	if len(row.Detections) == 0 {
		return nil
	}
	steps := announced(row)
	steps = steps[:min(len(steps), mostSteps)]
	meter := x.teller.Begin("looking at "+row.Run(), "moments", 0, 1+len(steps))
	d, err := x.detection(row, s, &row.Detections[0])
	if err != nil {
		return err
	}
	e.Detection = d
	before := append(slices.Clone(d.Violations), d.Golden...)
	last := ""
	for _, st := range steps {
		meter.Add(1)
		if e.Complete {
			break
		}
		x.To(st.Position)
		now := x.a.Check(x.Machine)
		if last != "" {
			f := &e.Steps[len(e.Steps)-1]
			f.Repaired, f.Broken, f.Left = minus(before, now), minus(now, before), len(now)
			before = now
		}
		last = st.Name
		if st.Done {
			e.Complete, e.Left = true, now
		}
		e.Steps = append(e.Steps, Effect{Name: st.Name, CPU: st.CPU, Position: st.Position, Time: st.Time, Left: len(now)})
	}
	return nil
}

// announced are the steps that recovery posted.
func announced(row *experiments.Row) []faults.Step {
	var list []faults.Step
	for _, s := range row.Steps {
		if s.Code != faults.StepResume {
			list = append(list, s)
		}
	}
	return list
}

// detection describes the state at a detection. The machine is there afterwards.
func (x *explainer) detection(row *experiments.Row, s experiments.Setting, at *faults.Detection) (*Detected, error) {
	x.ToGolden(at.Position)
	golden := x.a.Check(x.Machine)
	there := x.a.Variables(x.Machine)
	c, err := x.capture(row, s, at)
	if err != nil {
		return nil, err
	}
	d := &Detected{What: at.Kind + ": " + at.What, CPU: at.CPU, Position: at.Position, Time: at.Time}
	d.Evidence = x.evidence(c, at)
	d.CPUs = x.chains()
	if c.known {
		d.CPUs[at.CPU].Calls = x.linesOf(c.chain)
	}
	now := x.a.Check(x.Machine)
	d.Violations = minus(now, golden)
	d.Golden = minus(now, d.Violations)
	d.Differs = testbed.CompareVariables(there, x.a.Variables(x.Machine))
	return d, nil
}

// minus is what is wrong in a and not in b, by place, in the order of a.
func minus(a, b []inspect.Violation) []inspect.Violation {
	type where struct{ kind, place string }
	in := map[where]bool{}
	for _, v := range b {
		in[where{v.Kind, v.Place}] = true
	}
	var list []inspect.Violation
	for _, v := range a {
		if !in[where{v.Kind, v.Place}] {
			list = append(list, v)
		}
	}
	return list
}
