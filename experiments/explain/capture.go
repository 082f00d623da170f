package explain

import (
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// captured is a thread of the VMM at the moment when it leaves for the failure
// handler, which starts on a fresh stack and forgets it.
type captured struct {
	known  bool
	site   faults.Place // that failed
	regs   testbed.Registers
	chain  []testbed.StackFrame
	waits  bool               // it has executed PAUSE shortly before, as waiting loops do
	recent []recording.Traced // on its processor, the last instruction last
}

const (
	captureBefore = 6000 // instructions of all processors that are watched one by one
	captureKept   = 200  // of one processor that are kept
	pausedBefore  = 600  // of it between a pause in a loop and the report of a hang
)

// capture runs to just after a detection and keeps the instructions that led to
// it.
func (x *explainer) capture(row *experiments.Row, s experiments.Setting, at *faults.Detection) (*captured, error) {
	if err := x.Begin(row, s); err != nil {
		return nil, err
	}
	if at.Position > captureBefore {
		x.To(at.Position - captureBefore)
	}
	c := &captured{}
	r := recording.NewRecent(x.Machine, captureKept)
	sincePause := pausedBefore
	x.Machine.Trace(func(e faults.TraceEntry) {
		if e.CPU != at.CPU {
			return
		}
		r.Add(e)
		if sincePause++; x.a.Pauses(e.PC) {
			sincePause = 0
		}
		if e.CPL == 0 && x.a.Leaves(e.PC) {
			c.waits = sincePause < pausedBefore
			c.known, c.regs = true, testbed.RegistersOf(x.Machine, e.CPU)
			c.chain = x.a.ChainOf(x.Machine, e.CPU)
			c.recent = r.Take(e.CPU, captureKept)
		}
	})
	x.Past(at)
	x.Machine.Trace(nil)
	c.site = x.a.Site(at)
	c.chain = trim(c.chain, c.site)
	return c, nil
}

// trim leaves out the functions that handle the failure.
func trim(chain []testbed.StackFrame, at faults.Place) []testbed.StackFrame {
	for i, f := range chain {
		if f.Place.Function == at.Function && (f.Place.Line == at.Line || f.Regs != nil) {
			return chain[i:]
		}
	}
	for i, f := range chain {
		if !handlesFailures(f.Place.Function) {
			chain = chain[i:]
			break
		}
	}
	if at.Function == "" || len(chain) > 0 && chain[0].Place.Function == at.Function {
		return chain
	}
	return append([]testbed.StackFrame{{Place: at}}, chain...)
}

func handlesFailures(function string) bool {
	switch strings.TrimSuffix(function, ".abi0") {
	case "main.panicOn", "main.hangOn", "main.failed", "main.assertFailed", "main.disbelieved", "main.assert", "main.fatalTrap", "main.trapFromVMM", "main.trapEntry", "main.trapEntryOwn", "main.trapEntryDebug", "main.hang", "main.handleNMI":
		return true
	}
	return false
}
