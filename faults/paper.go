package faults

// RecoveredPaper tells whether a run counts as recovered by the papers' rule: at
// most one AppVM lost, the control domain alive, a VM created after recovery
// completes its workload, and the probe passed. A run that is recovered by the
// strict rule is recovered.
func RecoveredPaper(t *Target, g *Golden, o *Observation, outcome Outcome, verdicts []Verdict) bool {
	if outcome != VMLost || t.VM != "" {
		return outcome == Recovered
	}
	last := o.Detections[len(o.Detections)-1]
	before := t.Judge(g.Output, o.Output[:last.output])
	lost, created := 0, false
	var control *Verdict
	for i, v := range verdicts {
		switch {
		case v.Role == ControlVM:
			control = &verdicts[i]
		case v.Right && v.Role == LateVM:
			created = created || i < len(before) && !before[i].Begun
		case !v.Right:
			lost++
		}
	}
	// A control domain that never ends has failed, whatever it waits for.
	alive := control == nil || control.Right
	probed, failed := probes(verdicts)
	return lost <= 1 && alive && created && probed && failed == ""
}
