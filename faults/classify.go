package faults

import "fmt"

// Rules names the version of how faults are drawn and runs are judged.
// Increment it with every change of what a row says about the same execution,
// so that rows of two rules are never in one database.
const Rules = 9

// Classify names the outcome of a run that was struck, and the reason where the
// class alone does not say it. The rules are those of docs/definitions: first
// what the machine could not do, then what was detected, then output.
func Classify(t *Target, g *Golden, o *Observation, verdicts []Verdict) (Outcome, string) {
	switch {
	case o.Stop.Reason == Unsupported:
		return NoModel, o.Stop.Detail
	case o.Converged:
		return Converged, ""
	case t.Alone:
		return classifyAlone(t, o, verdicts)
	case t.VM != "":
		return classifyVM(t, o, verdicts)
	case len(o.Detections) == 0:
		return undetected(t, o, verdicts)
	}
	return detected(t, g, o, verdicts)
}

func undetected(t *Target, o *Observation, verdicts []Verdict) (Outcome, string) {
	wrong, missing := firstWrong(verdicts)
	switch {
	case o.Stop.Reason == Reset:
		return Hang, AtReset.String()
	case wrong != "":
		return Silent, wrong
	case o.Stop.Reason != Exited && o.Stop.Reason == AllHalted:
		return Hang, AtFullHalt.String()
	case o.Stop.Reason != Exited:
		return Hang, AtDeadline.String()
	case missing != "":
		return Silent, missing
	case o.Stop.Code != t.ExitOK:
		return Silent, fmt.Sprintf("final checks of the %s failed with code %d", t.Name, o.Stop.Code)
	}
	return Latent, ""
}

func detected(t *Target, g *Golden, o *Observation, verdicts []Verdict) (Outcome, string) {
	wrong, missing := firstWrong(verdicts)
	exit := atExit(t, o, verdicts)
	switch {
	case o.Stop.Reason == Reset:
		return ComponentLost, "machine reset"
	case len(o.Detections) > 1 && o.Stop.Reason != Exited && !survivor(t, g, o, verdicts):
		return ComponentLost, again(o)
	case o.GivenUp:
		if len(o.Detections) > 1 {
			return ComponentLost, again(o)
		}
		return ComponentLost, gaveUp(t, o).String()
	case exit.Way == FailedProbe:
		return ComponentLost, exit.String()
	case o.Stop.Reason == Exited && exit.Way == FailedChecks:
		return ComponentLost, fmt.Sprintf("final checks failed with code %d", o.Stop.Code)
	case o.Stop.Reason == Exited && wrong == "" && missing == "":
		return Recovered, ""
	case o.Stop.Reason == Exited && exit.Way == NoProbe:
		return ComponentLost, exit.String()
	case wrong == "" && missing == "":
		return ComponentLost, "hang after all VMs had ended"
	case o.Stop.Reason == Exited, survivor(t, g, o, verdicts):
		return VMLost, or(wrong, missing)
	case !o.Recovered:
		return ComponentLost, "hang in recovery after step " + lastStep(t, o)
	}
	return ComponentLost, "hang after recovery"
}

func again(o *Observation) string {
	d := o.Detections[len(o.Detections)-1]
	return fmt.Sprintf("failure %d: %s: %s", len(o.Detections), d.Kind, d.What)
}

// survivor tells whether some VM finished its work rightly after the detection.
// Then the component served it, and the loss of another VM is not the
// component's.
func survivor(t *Target, g *Golden, o *Observation, verdicts []Verdict) bool {
	before := t.Judge(g.Output, o.Output[:o.Detections[0].output])
	for i, v := range verdicts {
		if v.Right && (i >= len(before) || !before[i].Complete) {
			return true
		}
	}
	return false
}

func firstWrong(verdicts []Verdict) (wrong, missing string) {
	for _, v := range verdicts {
		switch {
		case v.Wrong && wrong == "":
			wrong = v.VM + ": " + v.Detail
		case !v.Right && !v.Wrong && missing == "":
			missing = v.VM + ": " + v.Detail
		}
	}
	return wrong, missing
}

func probes(verdicts []Verdict) (passed bool, failed string) {
	for _, v := range verdicts {
		how, not := v.Probe.Failed()
		switch {
		case v.Probe == ProbePassed:
			passed = true
		case not && failed == "":
			failed = how + " in " + v.VM
		}
	}
	return passed, failed
}

func lastStep(t *Target, o *Observation) string {
	for i := len(o.Steps) - 1; i >= 0; i-- {
		if s := &o.Steps[i]; s.Code != StepResume && s.Code != t.GivenUp {
			return s.Name
		}
	}
	return "none"
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
