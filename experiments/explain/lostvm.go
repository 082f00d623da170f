package explain

import (
	"fmt"
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
		e.Evidence = append(e.Evidence, "left wrong by recovery: "+strings.Join(violationTexts(left, 6), "; "))
	}
	x.finish(e, row)
	vm := failedVM(row)
	if vm == "" {
		if end := x.a.Check(x.Machine); len(end) > 0 {
			e.Evidence = append(e.Evidence, "wrong at the end: "+strings.Join(violationTexts(end, 6), "; "))
		}
		e.Cause = strings.Join(append([]string{row.Cause}, why...), "; ")
		return nil
	}
	lost, texts, err := x.resumption(row, s, vm)
	if err != nil {
		return err
	}
	e.Evidence = append(append(texts, row.Reason), e.Evidence...)
	why = append(lost, why...)
	if len(why) == 0 {
		e.Cause = row.Cause
		return x.choked(e, row, s, vm)
	}
	e.Cause = kindOfLoss(row) + ": " + strings.Join(why, "; ")
	cause := e.Cause
	err = x.choked(e, row, s, vm)
	e.Cause = cause // the VM's failure follows from what it lost
	return err
}

// kindOfLoss is the beginning of a row's cause.
func kindOfLoss(row *experiments.Row) string {
	head, _, _ := strings.Cut(row.Cause, ":")
	return head
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
		e.Cause += "; " + faults.Alike(first)
		e.Evidence = append(e.Evidence, fmt.Sprintf("%s: %s, as it never does in the golden run (%s)", vm, first, plural(len(refused), "such result")))
	}
	e.Evidence = append(e.Evidence, "the last hypercalls of "+vm+":")
	e.Evidence = append(e.Evidence, last...)
	return nil
}

// left lists the violated invariants when recovery announces for the first time
// that it is complete; none if it never does.
func (x *explainer) left(row *experiments.Row, s experiments.Setting) ([]inspect.Violation, error) {
	if err := x.Begin(row, s); err != nil {
		return nil, err
	}
	for _, st := range row.Steps {
		if st.Done {
			x.To(st.Position)
			return x.a.Check(x.Machine), nil
		}
	}
	return nil, nil
}

// leftKinds names the kinds of what recovery left wrong.
func leftKinds(list []inspect.Violation) string {
	var kinds []string
	for _, v := range list {
		if !slices.Contains(kinds, v.Kind) {
			kinds = append(kinds, v.Kind)
		}
	}
	return strings.Join(kinds, ", ")
}

// blameLeft adds what recovery left wrong.
func (x *explainer) blameLeft(e *End, row *experiments.Row, s experiments.Setting) error {
	left, err := x.left(row, s)
	if err == nil && len(left) > 0 {
		e.Cause += leftWrong + leftKinds(left)
		e.Evidence = append(e.Evidence, "left wrong by recovery: "+strings.Join(violationTexts(left, 6), "; "))
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
