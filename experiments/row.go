package experiments

import (
	"bytes"
	"fmt"
	"strings"

	"resvirt/faults"
	"resvirt/sim"
)

// Row is the result of one run: nothing in it depends on the host.
type Row struct {
	Setting string          `json:"setting"`
	Index   int             `json:"index"`
	Plan    faults.Plan     `json:"plan"`
	Strike  *faults.Strike  `json:"strike"`  // nil when the fault was not applied
	Further []faults.Struck `json:"further"` // the run's other faults, in the order of their times

	Outcome    faults.Outcome     `json:"outcome"`
	Reason     string             `json:"reason"`
	Paper      bool               `json:"recovered_paper"` // recovered by the papers' rule, which forgives one lost AppVM
	Cause      faults.Failure     `json:"cause"`           // of a failed recovery, the same for runs that failed alike
	Detections []faults.Detection `json:"detections"`
	Steps      []faults.Step      `json:"steps"`
	Verdicts   []faults.Verdict   `json:"verdicts"`

	DetectionLatency     sim.Time `json:"detection_ps"` // from the strike to the first detection
	RecoveryLatency      sim.Time `json:"recovery_ps"`  // from the first detection to the last VM's first instruction
	RecoveryInstructions uint64   `json:"recovery_instructions"`

	EndPosition  uint64       `json:"end_position"`
	EndTime      sim.Time     `json:"end_ps"`
	EndDigest    sim.Digest   `json:"end_digest"`
	Instructions uint64       `json:"instructions"` // executed from the strike to the end
	Ends         []faults.End `json:"ends"`
	Console      string       `json:"console"` // the end of the console output; empty when the run converged
}

// Run names a run on the command line: "full/17".
func (r *Row) Run() string { return fmt.Sprintf("%s/%d", r.Setting, r.Index) }

// Plans are all faults of the run.
func (r *Row) Plans() []faults.Plan {
	list := []faults.Plan{r.Plan}
	for _, f := range r.Further {
		list = append(list, f.Plan)
	}
	return list
}

// Fill sets the members that come from an observation.
func (r *Row) Fill(o *faults.Observation) {
	r.Detections, r.Steps, r.Further = o.Detections, o.Steps, o.Further
	r.EndPosition, r.EndTime, r.EndDigest = o.Position, o.Time, o.Digest
	r.Instructions = o.Position - r.Strike.Position
	r.Ends = o.Ends
	if !o.Converged {
		r.Console = LastLines(o.Output, ConsoleKept)
	}
	if len(o.Detections) == 0 {
		return
	}
	first := o.Detections[0]
	r.DetectionLatency = first.Time - r.Strike.Time
	if o.Recovered && o.Resumed > 0 {
		r.RecoveryLatency = o.Resumed - first.Time
		r.RecoveryInstructions = o.ResumedAt - first.Position
	}
}

// ConsoleKept is the number of bytes of console output that a row keeps.
const ConsoleKept = 400

// LastLines is the end of b, beginning with a whole line, as valid text.
func LastLines(b []byte, n int) string {
	if len(b) > n {
		b = b[len(b)-n:]
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			b = b[i+1:]
		}
	}
	return strings.ToValidUTF8(string(b), "?")
}
