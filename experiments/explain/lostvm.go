package explain

import (
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// lostVM explains a run in which the VMM went on and a VM did not, or in which
// final checks failed: what recovery left wrong, and on which hypercall the VM
// failed. The cause is named by what the VM lost if that is known, else by the
// symptom.
func (x *explainer) lostVM(e *End, row *experiments.Row, s experiments.Setting) error {
	left, err := x.left(row, s)
	if err != nil {
		return err
	}
	var why []string
	if v := common(left); v != "" {
		why = append(why, "recovery left: "+v)
		e.Evidence = append(e.Evidence, leftFact(left, row))
	}
	x.finish(e, row)
	vm := failedVM(row)
	if vm == "" {
		if end := x.a.Check(x.Machine); len(end) > 0 {
			e.Evidence = append(e.Evidence, Fact{Kind: WrongAtEnd, CPU: -1, Position: row.EndPosition, List: violationTexts(end, 6)})
		}
		e.Cause.Failure = row.Cause
		for _, w := range why {
			e.Cause.and("; " + w)
		}
		return nil
	}
	lost, facts, err := x.resumption(row, s, vm)
	if err != nil {
		return err
	}
	e.Evidence = append(append(facts, said(row.Reason)), e.Evidence...)
	for i := len(lost) - 1; i >= 0; i-- {
		why = slices.Insert(why, 0, lost[i].String())
	}
	e.Cause.Failure = row.Cause
	if len(why) == 0 {
		return x.choked(e, row, s, vm)
	}
	e.Cause.Failure.What = strings.Join(why, "; ")
	cause := e.Cause
	err = x.choked(e, row, s, vm)
	e.Cause = cause // the VM's failure follows from what it lost
	return err
}

// leftFact says what was wrong when recovery announced for the first time that it was
// complete.
func leftFact(left []inspect.Violation, row *experiments.Row) Fact {
	f := Fact{Kind: LeftByRecovery, CPU: -1, List: violationTexts(left, 6)}
	if st, ok := completion(row); ok {
		f.CPU, f.Position = st.CPU, st.Position
	}
	return f
}

// completion is that announcement.
func completion(row *experiments.Row) (faults.Step, bool) {
	i := slices.IndexFunc(row.Steps, func(s faults.Step) bool { return s.Done })
	if i < 0 {
		return faults.Step{}, false
	}
	return row.Steps[i], true
}

// choked adds a result of a hypercall that the VM never had in the golden run,
// and the last hypercalls that it made.
func (x *explainer) choked(e *End, row *experiments.Row, s experiments.Setting, vm string) error {
	refused, last, err := x.guestCalls(row, s, vm)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		first := refused[0]
		e.Cause.and("; " + faults.Alike(first.Words))
		first.Count = len(refused)
		e.Evidence = append(e.Evidence, first)
	}
	e.Evidence = append(e.Evidence, Fact{Kind: LastCalls, CPU: -1, Object: vm})
	e.Evidence = append(e.Evidence, last...)
	return nil
}

// left lists the violated invariants when recovery announces for the first time
// that it is complete; none if it never does.
func (x *explainer) left(row *experiments.Row, s experiments.Setting) ([]inspect.Violation, error) {
	if err := x.Begin(row, s); err != nil {
		return nil, err
	}
	st, ok := completion(row)
	if !ok {
		return nil, nil
	}
	x.To(st.Position)
	return x.a.Check(x.Machine), nil
}

// leftKinds names the kinds of what recovery left wrong.
func leftKinds(list []inspect.Violation) []inspect.ViolationKind {
	var kinds []inspect.ViolationKind
	for _, v := range list {
		if !slices.Contains(kinds, v.Kind) {
			kinds = append(kinds, v.Kind)
		}
	}
	return kinds
}

// blameLeft adds what recovery left wrong.
func (x *explainer) blameLeft(e *End, row *experiments.Row, s experiments.Setting) error {
	left, err := x.left(row, s)
	if err == nil && len(left) > 0 {
		e.Cause.Left = leftKinds(left)
		e.Evidence = append(e.Evidence, leftFact(left, row))
	}
	return err
}

// common is the most frequent violation, if numbers are ignored; among equally
// frequent ones the first.
func common(list []inspect.Violation) string {
	n := map[string]int{}
	best := ""
	for _, v := range list {
		n[alikeName(faults.Alike(v.Place+" is "+v.Is))]++
	}
	for _, v := range list {
		if t := alikeName(faults.Alike(v.Place + " is " + v.Is)); best == "" || n[t] > n[best] {
			best = t
		}
	}
	return best
}

// failedVM is the first VM whose output is wrong or missing, "" if there is none.
func failedVM(row *experiments.Row) string {
	for _, v := range row.Verdicts {
		if !v.Right {
			return v.VM
		}
	}
	return ""
}
