package faults

import (
	"fmt"
	"regexp"
	"strings"
)

// FailedBecause names the reason why a detected failure was not survived. Runs
// that failed in the same way have the same name; for every other outcome it is
// "".
func FailedBecause(t *Target, outcome Outcome, reason string, o *Observation) string {
	switch {
	case outcome == VMLost:
		return "VM lost: " + Alike(reason)
	case outcome != ComponentLost:
		return ""
	case len(o.Detections) > 1:
		d := &o.Detections[len(o.Detections)-1]
		return fmt.Sprintf("failed again %s: %s, %s in %s", Phase(o.Steps, d.Position), d.Kind, d.What, at(d.Place))
	case o.Stop.Reason == Reset:
		return "machine reset " + Phase(o.Steps, o.Position)
	case o.GivenUp:
		return reason
	case o.Stop.Reason == Exited:
		return Alike(reason) + lastWords(t, o)
	}
	return "hang " + Phase(o.Steps, o.Position) + ": " + stuckAt(o)
}

// Results of Phase for failures after a recovery.
const (
	AfterRecovery       = "after recovery"
	AfterRecoveryVMsRun = AfterRecovery + " and VMs running"
)

// Phase names the step of recovery at a position.
func Phase(steps []Step, position uint64) string {
	last := "before the first step of recovery"
	for _, s := range steps {
		switch {
		case s.Position > position:
			return last
		case s.Code == StepResume && strings.HasPrefix(last, AfterRecovery):
			last = AfterRecoveryVMsRun
		case s.Code == StepResume:
		case s.Done:
			last = AfterRecovery
		default:
			last = "in step " + s.Name
		}
	}
	return last
}

func at(p Place) string {
	if p.Function == "" {
		return "no code of the target"
	}
	text := fmt.Sprintf("%s (%s:%d)", p.Source(), p.File, p.Line)
	if p.Inlined != "" {
		text += ", inlined in " + p.Function
	}
	return text
}

// stuckAt names the functions in which the CPUs were, those of the target first.
func stuckAt(o *Observation) string {
	var list []string
	for _, e := range o.Ends {
		where := "VM code"
		if e.CPL == 0 {
			where = at(e.Place)
			if e.Place.Function != "" {
				where = e.Place.Function
			}
		}
		list = append(list, where)
	}
	return strings.Join(list, " | ")
}

// lastWords is the line that the target itself printed before its last one: it
// usually says which check failed.
func lastWords(t *Target, o *Observation) string {
	if t.LastWords == nil {
		return ""
	}
	if s := t.LastWords(o.Output); s != "" {
		return ": " + Alike(s)
	}
	return ""
}

// WithNumbers puts the numbers and names of VMs of a run's own reason back into its
// cause. Those of the target's last words are lost.
func WithNumbers(cause, reason string) string {
	if reason == "" {
		return cause
	}
	return strings.Replace(cause, Alike(reason), reason, 1)
}

var (
	numbers = regexp.MustCompile(`\b(0x[0-9a-f]*|[0-9]+|[0-9a-f]{6,})\b`)
	domains = regexp.MustCompile(`\bd[0-9]+\b`)
)

// Alike replaces numbers and names of VMs, which differ between runs that
// failed for the same cause.
func Alike(s string) string {
	return numbers.ReplaceAllString(domains.ReplaceAllString(s, "a VM"), "N")
}
