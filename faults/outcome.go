package faults

import "fmt"

// Outcome is the class of a run. The list is closed and the classes exclude
// each other; docs and reports use these names.
type Outcome uint8

const (
	NotApplied    Outcome = iota // the trigger never fired
	Converged                    // no effect: state equal to golden from some position on
	Latent                       // no effect on output, state still different at the end
	Silent                       // output wrong or missing, nothing detected
	Hang                         // no progress by the deadline, nothing detected
	Recovered                    // detected; no VM lost and every probe passed
	VMLost                       // detected; the component survived, a VM did not
	ComponentLost                // detected; the component itself did not survive
	NoModel                      // reached what hardware has and the model lacks
	ToolError                    // a defect of the tool
	Outcomes                     // how many there are
)

var outcomeNames = [Outcomes]string{
	"not_applied", "converged", "latent", "silent", "hang",
	"recovered", "vm_lost", "component_lost", "unsupported", "tool_error",
}

func (o Outcome) String() string {
	if o < Outcomes {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// ParseOutcome is the inverse of String.
func ParseOutcome(s string) (Outcome, error) {
	for o, n := range outcomeNames {
		if n == s {
			return Outcome(o), nil
		}
	}
	return 0, fmt.Errorf("unknown outcome %q", s)
}

// MarshalText is String.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText is ParseOutcome.
func (o *Outcome) UnmarshalText(b []byte) (err error) {
	*o, err = ParseOutcome(string(b))
	return err
}

// Applied tells whether the fault struck. Unsupported runs and tool errors were
// struck, too, but their true outcome is not known. They stay in the
// denominator, so that leaving something out of the model never looks good.
func (o Outcome) Applied() bool { return o != NotApplied }

// Decided tells whether the outcome of a fault that struck is known.
func (o Outcome) Decided() bool { return o.Applied() && o != NoModel && o != ToolError }

// Detected tells whether the target noticed and the run was followed to an end.
func (o Outcome) Detected() bool { return o >= Recovered && o <= ComponentLost }

// Manifested tells whether the fault showed: the target noticed, or output or
// progress was wrong. A fault whose outcome is not known has not manifested.
func (o Outcome) Manifested() bool { return o.Detected() || o == Silent || o == Hang }

// Unsurvived tells whether the fault did harm.
func (o Outcome) Unsurvived() bool {
	return o == Silent || o == Hang || o == VMLost || o == ComponentLost
}
