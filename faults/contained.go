package faults

import "fmt"

// A target that is a VM is judged by two questions: what became of that VM, and whether
// anything beyond it was harmed. Nothing in a VM may do that, so it is the graver.

// classifyVM is Classify for such a target, of a run that came to an end or its deadline.
func classifyVM(t *Target, o *Observation, verdicts []Verdict) (Outcome, string) {
	if harm := Beyond(t, o, verdicts); harm != "" {
		return ComponentLost, harm
	}
	own := t.own(verdicts)
	detected := len(o.Detections) > 0
	switch {
	case own.Right && o.Stop.Reason == Exited && detected:
		return Recovered, ""
	case detected && own.Detail != "":
		return VMLost, own.VM + ": " + own.Detail
	case detected:
		return VMLost, own.VM + ": it does not end"
	case own.Wrong:
		return Silent, own.VM + ": " + own.Detail
	case o.Stop.Reason == AllHalted:
		return Hang, AtFullHalt.String()
	case o.Stop.Reason != Exited:
		return Hang, AtDeadline.String()
	case !own.Right:
		return Silent, own.VM + ": " + own.Detail
	}
	return Latent, ""
}

// Beyond says what a fault in a VM has harmed beyond that VM, "" if nothing. Who waits for a
// VM that never ends, as the control domain does, is not harmed.
func Beyond(t *Target, o *Observation, verdicts []Verdict) string {
	for i := range o.Detections {
		if d := &o.Detections[i]; d.Kind == ByPanic || d.Kind == ByHang {
			return fmt.Sprintf("the hypervisor failed: %s: %s", d.Kind, d.What)
		}
	}
	switch {
	case o.Stop.Reason == Reset:
		return "machine reset"
	case o.Stop.Reason == Exited && o.Stop.Code != t.ExitOK:
		return fmt.Sprintf("final checks failed with code %d", o.Stop.Code)
	}
	for _, v := range verdicts {
		waits := v.Role == ControlVM || v.Role == LateVM && !v.Begun
		if v.VM != t.VM && (v.Wrong || !v.Right && (o.Ended || !waits)) {
			return v.VM + ": " + v.Detail
		}
	}
	return ""
}

// own is the verdict on the target's VM.
func (t *Target) own(verdicts []Verdict) Verdict {
	for _, v := range verdicts {
		if v.VM == t.VM {
			return v
		}
	}
	return Verdict{VM: t.VM, Detail: "it has printed nothing"}
}
