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
	Setting string
	Index   int
	Plan    faults.Plan
	Strike  *faults.Strike  // nil when the fault was not applied
	Further []faults.Struck // the run's other faults, in the order of their times

	Outcome    faults.Outcome
	Reason     string
	Paper      bool   // recovered by the papers' rule, which forgives one lost AppVM
	Cause      string // of a failed recovery, the same for runs that failed alike
	Detections []faults.Detection
	Steps      []faults.Step
	Verdicts   []faults.Verdict

	DetectionLatency     sim.Time // from the strike to the first detection
	RecoveryLatency      sim.Time // from the first detection to the last VM's first instruction
	RecoveryInstructions uint64

	EndPosition  uint64
	EndTime      sim.Time
	EndDigest    sim.Digest
	Instructions uint64 // executed from the strike to the end
	Ends         []faults.End
	Console      string // the end of the console output; empty when the run converged
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

// Fill takes over what an observation shows.
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

// ConsoleKept is how many bytes of console output a row keeps.
const ConsoleKept = 400

// LastLines is the end of b from the beginning of a line on, as valid text.
func LastLines(b []byte, n int) string {
	if len(b) > n {
		b = b[len(b)-n:]
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			b = b[i+1:]
		}
	}
	return strings.ToValidUTF8(string(b), "?")
}
