package faults

import (
	"fmt"
	"regexp"
	"strings"
)

// FailedBecause says why a detected failure was not survived; for every other outcome it
// is NotFailed.
func FailedBecause(t *Target, outcome Outcome, reason string, o *Observation, verdicts []Verdict) Failure {
	switch {
	case outcome == ComponentLost && t.Alone:
		return Failure{Way: Halted, What: Alike(reason)}
	case outcome == ComponentLost && t.VM != "":
		return Failure{Way: NotContained, What: Alike(reason)}
	case outcome == VMLost:
		return Failure{Way: LostVM, What: Alike(reason)}
	case outcome != ComponentLost:
		return Failure{}
	case len(o.Detections) > 1:
		d := &o.Detections[len(o.Detections)-1]
		return Failure{FailedAgain, PhaseAt(o.Steps, d.Position), fmt.Sprintf("%s, %s in %s", d.Kind, d.What, at(d.Place))}
	case o.Stop.Reason == Reset:
		return Failure{Way: WasReset, Phase: PhaseAt(o.Steps, o.Position)}
	case o.GivenUp:
		return gaveUp(t, o)
	case o.Stop.Reason == Exited:
		f := atExit(t, o, verdicts)
		f.What = Alike(f.What)
		return f.With(lastWords(t, o))
	}
	return Failure{Hung, PhaseAt(o.Steps, o.Position), stuckAt(o)}
}

// gaveUp says at what point the target stopped for good by its own decision.
func gaveUp(t *Target, o *Observation) Failure {
	if step := lastStep(t, o); step != "none" {
		return Failure{Way: GaveUp, Phase: Phase{InStep, step}}
	}
	return Failure{Way: Halted}
}

// atExit says what a run that came to its end shows of the target.
func atExit(t *Target, o *Observation, verdicts []Verdict) Failure {
	probed, failed := probes(verdicts)
	switch {
	case failed != "":
		return Failure{Way: FailedProbe, What: failed}
	case o.Stop.Code != t.ExitOK:
		return Failure{Way: FailedChecks}
	case !probed:
		return Failure{Way: NoProbe, What: "no VM was left to run it"}
	}
	return Failure{}
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
		return Alike(s)
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
