package retrace

import (
	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// Trace is what was executed around a fault and around its detection.
type Trace struct {
	Fault     []Traced          // on the processor that was struck
	Struck    int               // index in Fault of the instruction that was struck
	Sound     testbed.Registers // just before the fault, on the same processor
	Detection []Traced          // on the processor that detected; empty without a detection
	Entry     int               // index in Detection of the detection entry
	Note      string            // parts that are left out, with the reason
}

// Traced is one executed instruction and the registers before it.
type Traced struct {
	faults.TraceEntry
	Code []byte
	Regs testbed.Registers
}

// Recent keeps the last instructions of each processor.
type Recent struct {
	machine faults.Machine
	keep    int
	last    map[int][]Traced
}

// Add notes an instruction that is about to be executed.
func (r *Recent) Add(e faults.TraceEntry) {
	t := Traced{TraceEntry: e, Code: readCode(r.machine, e.CPU, e.PC), Regs: testbed.RegistersOf(r.machine, e.CPU)}
	list := append(r.last[e.CPU], t)
	if len(list) > 2*r.keep+2 {
		list = append(list[:0], list[len(list)-r.keep-1:]...)
	}
	r.last[e.CPU] = list
}

// NewRecent keeps the last keep instructions of each processor of m.
func NewRecent(m faults.Machine, keep int) *Recent {
	return &Recent{machine: m, keep: keep, last: map[int][]Traced{}}
}

// Take returns the last n instructions of a processor.
func (r *Recent) Take(cpu, n int) []Traced {
	list := r.last[cpu]
	return append([]Traced(nil), list[max(0, len(list)-n):]...)
}

// readCode reads up to 15 bytes of code as they are fetched, fewer where a page ends the mapping.
func readCode(m faults.Machine, cpu int, pc uint64) []byte {
	buf := make([]byte, 15)
	if m.ReadCode(cpu, pc, buf) == nil {
		return buf
	}
	buf = buf[:min(15, 4096-pc%4096)]
	if m.ReadCode(cpu, pc, buf) == nil {
		return buf
	}
	return nil
}

// trace executes a run once more, watching every instruction.
func trace(w *campaign.Worker, row *experiments.Row, s experiments.Setting, n int) *Trace {
	half := max(n/2, 1)
	w.Restore(w.Golden.Before(row.Plan.Time, w.System.Margin()).State)
	r := NewRecent(w.Machine, half)
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
func traceDetection(w *campaign.Worker, t *Trace, r *Recent, d faults.Detection, lifts bool, half int) {
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
