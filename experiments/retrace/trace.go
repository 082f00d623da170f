package retrace

import (
	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// Trace is what was executed around a fault and around its detection.
type Trace struct {
	Fault     []recording.Traced // on the processor that was struck
	Struck    int                // index in Fault of the instruction that was struck
	Sound     testbed.Registers  // just before the fault, on the same processor
	Detection []recording.Traced // on the processor that detected; empty without a detection
	Entry     int                // index in Detection of the detection entry
	Note      string             // parts that are left out, with the reason
}

// trace executes a run once more, watching every instruction.
func trace(w *campaign.Worker, row *experiments.Row, s experiments.Setting, n int) *Trace {
	half := max(n/2, 1)
	w.Restore(w.Golden.Before(row.Plan.Time, w.System.Margin()).State)
	r := recording.NewRecent(w.Machine, half)
	w.Machine.Trace(r.Add)
	defer w.Machine.Trace(nil)
	faults.RunToTrigger(w.Machine, w.System.Target(), row.Plan)
	t := &Trace{Fault: r.Take(row.Strike.CPU, half), Sound: testbed.RegistersOf(w.Machine, row.Strike.CPU)}
	t.Struck = len(t.Fault)

	// The struck instruction and what follows it on that processor.
	w.Machine.SetPolicy(experiments.MustPolicy(s, w.System))
	if _, err := faults.Inject(w.Machine, w.System.Target(), row.Plan); err != nil {
		panic(err.Error())
	}
	w.Machine.Trace(func(e faults.TraceEntry) {
		r.Add(e)
		if e.CPU == row.Strike.CPU && len(t.Fault)-t.Struck < half {
			t.Fault = append(t.Fault, r.Take(e.CPU, 1)...)
		}
	})
	if len(row.Further) > 0 {
		t.Note = "what follows is not traced: more faults strike on the way"
	}
	if len(row.Detections) == 0 || t.Note != "" {
		w.Machine.Run(faults.Until{Position: row.EndPosition, Time: w.Golden.Deadline})
		return t
	}
	traceDetection(w, t, r, row.Detections[0], row.Plan.Kind.Lifts(), half)
	return t
}

// traceDetection goes on to the first detection and a little beyond.
func traceDetection(w *campaign.Worker, t *Trace, r *recording.Recent, d faults.Detection, lifts bool, half int) {
	w.Machine.Run(faults.Until{Time: w.Golden.Deadline, Watched: true})
	if lifts {
		w.Machine.EndFlips()
	}
	t.Detection = r.Take(d.CPU, half+1)
	t.Entry = len(t.Detection) - 1
	w.Machine.Trace(func(e faults.TraceEntry) {
		r.Add(e)
		if e.CPU == d.CPU && len(t.Detection)-t.Entry-1 < half {
			t.Detection = append(t.Detection, r.Take(e.CPU, 1)...)
		}
	})
	for stuck := 0; len(t.Detection)-t.Entry-1 < half && stuck < 64; stuck++ {
		stop := w.Machine.Run(faults.Until{Position: w.Machine.Position() + uint64(half)})
		if stop.Reason != faults.Reached {
			break
		}
	}
}
