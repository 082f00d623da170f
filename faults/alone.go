package faults

import "fmt"

// A target that is all that runs on the machine has no hypervisor's entries. It tells that it
// noticed a fault by how it ends, and by what it says.

// lookEvery is the time between two looks at what such a target says.
const lookEvery = slice / 10

// Detections by how a target ends or what it says.
const (
	ByReset DetectionKind = "reset"   // the processor gave up: a triple fault
	ByExit  DetectionKind = "exit"    // it ended with another code
	BySay   DetectionKind = "message" // a text on the console
)

// noticed looks at what a target that is alone has said, and how it has ended.
func (o *Observation) noticed(m Machine, t *Target) bool {
	if !t.Alone || len(o.Detections) > 0 {
		return false
	}
	d := Detection{CPU: o.Stop.CPU, Position: m.Position(), Time: m.Now(), output: len(m.Serial())}
	switch said := t.Says(m.Serial()); {
	case said != "":
		d.Kind, d.What = BySay, said
	case o.Stop.Reason == Reset:
		d.Kind, d.What = ByReset, "triple fault"
	case o.Stop.Reason == Exited && o.Stop.Code != t.ExitOK:
		d.Kind, d.What = ByExit, fmt.Sprintf("exit with code %d", o.Stop.Code)
	default:
		return false
	}
	d.Place = t.Locate(m.Register(d.CPU, RIP))
	o.Detections = append(o.Detections, d)
	return true
}

// classifyAlone is Classify for such a target.
func classifyAlone(t *Target, o *Observation, verdicts []Verdict) (Outcome, string) {
	if len(o.Detections) == 0 {
		return undetected(t, o, verdicts)
	}
	if wrong, missing := firstWrong(verdicts); o.Stop.Reason == Exited && o.Stop.Code == t.ExitOK && wrong+missing == "" {
		return Recovered, ""
	}
	return ComponentLost, string(o.Detections[0].Kind) + ": " + o.Detections[0].What
}
