package experiments

import (
	"fmt"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// lostVM explains a run in which the VMM went on and a VM did not, or in which
// final checks failed: what recovery left wrong, and what the VM choked on.
func (x *explainer) lostVM(e *End, row *Row, s Setting) error {
	e.Cause = row.Cause
	left, complete, err := x.left(row, s)
	if err != nil {
		return err
	}
	if complete {
		if v := common(left); v != "" {
			e.Cause += "; recovery left: " + v
			e.Evidence = append(e.Evidence, "left wrong by recovery:")
			e.Evidence = append(e.Evidence, violationTexts(left, 6)...)
		}
	}
	x.finish(e, row)
	vm := failedVM(row)
	if vm == "" {
		if end := x.a.check(x.m); len(end) > 0 {
			e.Evidence = append(e.Evidence, "wrong at the end:")
			e.Evidence = append(e.Evidence, violationTexts(end, 6)...)
		}
		return nil
	}
	lost, texts, err := x.resumption(row, s, vm)
	if err != nil {
		return err
	}
	for _, l := range lost {
		e.Cause += "; " + l
	}
	e.Evidence = append(e.Evidence, texts...)
	return x.choked(e, row, s, vm)
}

// choked adds which result of a hypercall a VM had never had before, and the
// last hypercalls that it made.
func (x *explainer) choked(e *End, row *Row, s Setting, vm string) error {
	refused, last, err := x.guestCalls(row, s, vm)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		first := refused[0]
		e.Cause += "; " + first
		e.Evidence = append(e.Evidence, fmt.Sprintf("%s: %s, as it never does in the golden run (%s)", vm, first, plural(len(refused), "such result")))
	}
	e.Evidence = append(e.Evidence, "the last hypercalls of "+vm+":")
	e.Evidence = append(e.Evidence, last...)
	return nil
}

// left lists what does not hold when recovery says that it is complete.
func (x *explainer) left(row *Row, s Setting) ([]inspect.Violation, bool, error) {
	if err := x.begin(row, s); err != nil {
		return nil, false, err
	}
	for _, st := range row.Steps {
		if st.Done {
			x.to(st.Position)
			return x.a.check(x.m), true, nil
		}
	}
	return nil, false, nil
}

// common is the most frequent of violations, their numbers aside; of equals
// the first.
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
func failedVM(row *Row) string {
	for _, v := range row.Verdicts {
		if !v.Right {
			return v.VM
		}
	}
	return ""
}
