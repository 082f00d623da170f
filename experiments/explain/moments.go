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
	e.Left = before
	e.Steps = []Effect{{Name: untilFirst, CPU: d.CPU, Position: d.Position, Time: d.Time, Left: len(before)}}
	c := &creditor{x: x, e: e, last: map[int]announcement{}}
	for _, st := range steps {
		meter.Add(1)
		if e.Complete {
			break
		}
		start := x.Mark()
		x.To(st.Position)
		now := x.a.Check(x.Machine)
		if len(minus(before, now))+len(minus(now, before)) > 0 {
			x.Return(start)
			c.credit(st.Position, before, now)
		}
		before = now
		e.Steps[len(e.Steps)-1].Left, e.Left, e.Complete = len(now), now, st.Done
		e.Steps = append(e.Steps, Effect{Name: st.Name, CPU: st.CPU, Position: st.Position, Time: st.Time, Left: len(now)})
		c.announce(st)
	}
	if first := &e.Steps[0]; len(first.Beside) == 0 {
		e.Steps = e.Steps[1:]
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
	d := &Detected{What: string(at.Kind) + ": " + at.What, CPU: at.CPU, Position: at.Position, Time: at.Time}
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
	in := map[inspect.Where]bool{}
	for _, v := range b {
		in[v.Where()] = true
	}
	var list []inspect.Violation
	for _, v := range a {
		if !in[v.Where()] {
			list = append(list, v)
		}
	}
	return list
}
