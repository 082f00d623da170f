package experiments

import (
	"resvirt/faults"
)

// Trace is what was executed around a fault and around its detection.
type Trace struct {
	Fault     []Traced  // on the processor that was struck
	Struck    int       // index in Fault of the instruction that was struck
	Sound     Registers // just before the fault, on the same processor
	Detection []Traced  // on the processor that detected; empty without a detection
	Entry     int       // index in Detection of the detection entry
	Note      string    // what is left out, and why
}

// Registers are the values of a processor's registers, by number.
type Registers [faults.Registers]uint64

// Traced is one executed instruction and the registers before it.
type Traced struct {
	faults.TraceEntry
	Code []byte
	Regs Registers
}

// recent keeps the last instructions of each processor.
type recent struct {
	m    faults.Machine
	keep int
	last map[int][]Traced
}

func (r *recent) add(e faults.TraceEntry) {
	t := Traced{TraceEntry: e, Code: readCode(r.m, e.CPU, e.PC), Regs: registers(r.m, e.CPU)}
	list := append(r.last[e.CPU], t)
	if len(list) > 2*r.keep+2 {
		list = append(list[:0], list[len(list)-r.keep-1:]...)
	}
	r.last[e.CPU] = list
}

func registers(m faults.Machine, cpu int) (r Registers) {
	for i := range r {
		r[i] = m.Register(cpu, faults.Register(i))
	}
	return r
}

// take returns the last n instructions of a processor.
func (r *recent) take(cpu, n int) []Traced {
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
func (w *worker) trace(row *Row, s Setting, n int) *Trace {
	half := max(n/2, 1)
	w.restore(w.golden.Before(row.Plan.Time, w.sys.Margin()).State)
	r := &recent{m: w.m, keep: half, last: map[int][]Traced{}}
	w.m.Trace(r.add)
	defer w.m.Trace(nil)
	faults.RunToTrigger(w.m, w.sys.Target(), row.Plan)
	t := &Trace{Fault: r.take(row.Strike.CPU, half), Sound: registers(w.m, row.Strike.CPU)}
	t.Struck = len(t.Fault)

	// The struck instruction and what follows it on that processor.
	w.m.SetPolicy(mustPolicy(s, w.sys))
	if _, err := faults.Inject(w.m, w.sys.Target(), row.Plan); err != nil {
		panic(err.Error())
	}
	w.m.Trace(func(e faults.TraceEntry) {
		r.add(e)
		if e.CPU == row.Strike.CPU && len(t.Fault)-t.Struck < half {
			t.Fault = append(t.Fault, r.take(e.CPU, 1)...)
		}
	})
	if len(row.Further) > 0 {
		t.Note = "what follows is not traced: more faults strike on the way"
	}
	if len(row.Detections) == 0 || t.Note != "" {
		w.m.Run(faults.Until{Position: row.EndPosition, Time: w.golden.Deadline})
		return t
	}
	w.traceDetection(t, r, row.Detections[0], row.Plan.Kind.Lifts(), half)
	return t
}

// traceDetection goes on to the first detection and a little beyond.
func (w *worker) traceDetection(t *Trace, r *recent, d faults.Detection, lifts bool, half int) {
	w.m.Run(faults.Until{Time: w.golden.Deadline, Watched: true})
	if lifts {
		w.m.EndFlips()
	}
	t.Detection = r.take(d.CPU, half+1)
	t.Entry = len(t.Detection) - 1
	w.m.Trace(func(e faults.TraceEntry) {
		r.add(e)
		if e.CPU == d.CPU && len(t.Detection)-t.Entry-1 < half {
			t.Detection = append(t.Detection, r.take(e.CPU, 1)...)
		}
	})
	for stuck := 0; len(t.Detection)-t.Entry-1 < half && stuck < 64; stuck++ {
		stop := w.m.Run(faults.Until{Position: w.m.Position() + uint64(half)})
		if stop.Reason != faults.Reached {
			break
		}
	}
}
