package faults

import (
	"regexp"
	"strings"
)

// Failure says why a detected failure was not survived. Those of runs that failed in the
// same way are equal. A database holds its text.
type Failure struct {
	Way   Way
	Phase Phase  // of recovery, for ways that have one
	What  string // more about it, in words that are equal for equal failures; "" = nothing
}

// Way is how a failure was not survived. The list is closed.
type Way uint8

// Ways.
const (
	NotFailed    Way = iota // the run did not fail, or nothing was detected
	LostVM                  // the target goes on, a VM did not
	FailedAgain             // the target failed again
	WasReset                // a triple fault
	Halted                  // the target stopped on detection
	GaveUp                  // the target stopped in recovery
	FailedProbe             // a VM found at its end that the target does not serve it
	NoProbe                 // no VM was left to find that out
	FailedChecks            // the final checks of the target
	Hung                    // it came to no end
	NotContained            // the fault struck a VM and did harm beyond it
	OtherWay                // What is a text that this program does not know
	Ways                    // how many there are
)

// wayTexts are the texts of failures: what they begin with, whether the phase follows,
// and what stands before more about it.
var wayTexts = [Ways]struct {
	head  string
	phase bool
	mark  string
}{
	LostVM:       {head: "VM lost", mark: ": "},
	FailedAgain:  {head: "failed again", phase: true, mark: ": "},
	WasReset:     {head: "machine reset", phase: true, mark: ": "},
	Halted:       {head: "halted on detection", mark: ": "},
	GaveUp:       {head: "gave up", phase: true, mark: ": "},
	FailedProbe:  {head: "probe failed", mark: ": "},
	NoProbe:      {head: "probe not reached", mark: ": "},
	FailedChecks: {head: "final checks failed with code N", mark: ": "},
	Hung:         {head: "hang", phase: true, mark: ": "},
	NotContained: {head: "not contained", mark: ": "},
}

// HasPhase says whether failures of this way have a phase.
func (w Way) HasPhase() bool { return wayTexts[w].phase }

// String is the way in words.
func (w Way) String() string { return wayTexts[w].head }

// Head is the failure without more about it.
func (f Failure) Head() string {
	w := wayTexts[f.Way]
	if w.phase {
		return w.head + " " + f.Phase.String()
	}
	return w.head
}

// String is the failure in words.
func (f Failure) String() string {
	head := f.Head()
	if f.What == "" {
		return head
	}
	return head + wayTexts[f.Way].mark + f.What
}

// With is a failure of which there is more to say.
func (f Failure) With(more string) Failure {
	if f.What != "" && more != "" {
		f.What += ": "
	}
	f.What += more
	return f
}

// ParseFailure is the inverse of String.
func ParseFailure(text string) Failure {
	if text == "" {
		return Failure{}
	}
	for way, w := range wayTexts {
		rest, ok := strings.CutPrefix(text, w.head)
		if !ok || w.head == "" {
			continue
		}
		f := Failure{Way: Way(way)}
		if w.phase {
			if f.Phase, rest, ok = cutPhase(rest); !ok {
				continue
			}
		}
		if rest == "" {
			return f
		}
		if f.What, ok = strings.CutPrefix(rest, w.mark); ok {
			return f
		}
	}
	return Failure{Way: OtherWay, What: text}
}

// MarshalText is String.
func (f Failure) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is ParseFailure.
func (f *Failure) UnmarshalText(b []byte) error {
	*f = ParseFailure(string(b))
	return nil
}

// Phase is a part of recovery.
type Phase struct {
	Part Part
	Step string // of InStep
}

// Part says which part.
type Part uint8

// Parts of recovery.
const (
	BeforeSteps    Part = iota // no step was announced yet
	InStep                     // the step that was announced last
	AfterRecovery              // recovery was complete, no VM runs yet
	WithVMsRunning             // ... and VMs run
	Parts                      // how many there are
)

var partTexts = [Parts]string{
	BeforeSteps: "before the first step of recovery", InStep: "in step ",
	AfterRecovery: "after recovery", WithVMsRunning: "after recovery and VMs running",
}

// String is the phase in words.
func (p Phase) String() string { return partTexts[p.Part] + p.Step }

var phases = regexp.MustCompile(`^ (?:(` + partTexts[BeforeSteps] + `)|` + partTexts[InStep] + `([^ :]+)|(` +
	partTexts[WithVMsRunning] + `)|(` + partTexts[AfterRecovery] + `))(?:$|:)`)

// cutPhase reads a phase at the beginning of a text, behind a space.
func cutPhase(text string) (p Phase, rest string, ok bool) {
	m := phases.FindStringSubmatch(text)
	switch {
	case m == nil:
		return Phase{}, text, false
	case m[2] != "":
		p = Phase{InStep, m[2]}
	case m[3] != "":
		p.Part = WithVMsRunning
	case m[4] != "":
		p.Part = AfterRecovery
	}
	return p, text[len(" "+p.String()):], true
}

// PhaseAt is the phase at a position.
func PhaseAt(steps []Step, position uint64) Phase {
	var p Phase
	for _, s := range steps {
		switch {
		case s.Position > position:
			return p
		case s.Code == StepResume && p.Part == AfterRecovery:
			p.Part = WithVMsRunning
		case s.Code == StepResume:
		case s.Done:
			p = Phase{Part: AfterRecovery}
		default:
			p = Phase{InStep, s.Name}
		}
	}
	return p
}

// NoEnd is why a run of which nothing was detected came to no end.
type NoEnd uint8

// Reasons for the outcome Hang.
const (
	UnknownEnd  NoEnd = iota
	AtDeadline        // it went on until the deadline
	AtReset           // a triple fault
	AtFullHalt        // no processor can ever wake again
	numberNoEnd       // how many there are
)

var noEndTexts = [numberNoEnd]string{AtDeadline: "deadline", AtReset: "machine reset", AtFullHalt: "all processors halted for good"}

func (n NoEnd) String() string { return noEndTexts[n] }

// ParseNoEnd is the inverse of String; a text that is not known is UnknownEnd.
func ParseNoEnd(reason string) NoEnd {
	for n, text := range noEndTexts {
		if text == reason {
			return NoEnd(n)
		}
	}
	return UnknownEnd
}
