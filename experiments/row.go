package experiments

import (
	"fmt"

	"resvirt/faults"
	"resvirt/sim"
)

// Row is the result of one run: nothing in it depends on the host.
type Row struct {
	Setting string
	Index   int
	Plan    faults.Plan
	Strike  *faults.Strike // nil when the fault was not applied

	Outcome    faults.Outcome
	Reason     string
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
}

// Run names a run on the command line: "full/17".
func (r *Row) Run() string { return fmt.Sprintf("%s/%d", r.Setting, r.Index) }

// fill takes over what an observation shows.
func (r *Row) fill(o *faults.Observation) {
	r.Detections, r.Steps = o.Detections, o.Steps
	r.EndPosition, r.EndTime, r.EndDigest = o.Position, o.Time, o.Digest
	r.Instructions = o.Position - r.Strike.Position
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
