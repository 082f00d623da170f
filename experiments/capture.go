package experiments

import (
	"strings"

	"resvirt/faults"
)

// captured is a thread of the VMM at the moment when it leaves for the failure
// handler, which starts on a fresh stack and forgets it.
type captured struct {
	known  bool
	site   faults.Place // that failed
	regs   Registers
	chain  []frame
	waits  bool     // it has paused shortly before, as loops do that wait
	recent []Traced // on its processor, the last instruction last
}

const (
	captureBefore = 6000 // instructions of all processors that are watched one by one
	captureKept   = 200  // of one processor that are kept
	pausedBefore  = 600  // of it between a pause in a loop and the report of a hang
)

// capture runs to just after a detection and keeps what led to it.
func (x *explainer) capture(row *Row, s Setting, at *faults.Detection) (*captured, error) {
	if err := x.begin(row, s); err != nil {
		return nil, err
	}
	if at.Position > captureBefore {
		x.to(at.Position - captureBefore)
	}
	c := &captured{}
	r := &recent{m: x.m, keep: captureKept, last: map[int][]Traced{}}
	sincePause := pausedBefore
	x.m.Trace(func(e faults.TraceEntry) {
		if e.CPU != at.CPU {
			return
		}
		r.add(e)
		if sincePause++; e.PC == x.a.pause {
			sincePause = 0
		}
		for _, pc := range x.a.leave {
			if e.PC == pc && e.CPL == 0 {
				c.waits = sincePause < pausedBefore
				c.known, c.regs = true, registers(x.m, e.CPU)
				c.chain = x.a.chain(x.a.virtual(x.m, e.CPU), c.regs)
				c.recent = r.take(e.CPU, captureKept)
			}
		}
	})
	x.past(at)
	x.m.Trace(nil)
	c.site = x.a.site(at)
	c.chain = trim(c.chain, c.site)
	return c, nil
}

// trim leaves out the functions that handle the failure.
func trim(chain []frame, at faults.Place) []frame {
	for i, f := range chain {
		if f.place.Function == at.Function && (f.place.Line == at.Line || f.regs != nil) {
			return chain[i:]
		}
	}
	for i, f := range chain {
		if !handlesFailures(f.place.Function) {
			chain = chain[i:]
			break
		}
	}
	if at.Function == "" || len(chain) > 0 && chain[0].place.Function == at.Function {
		return chain
	}
	return append([]frame{{place: at}}, chain...)
}

func handlesFailures(function string) bool {
	switch strings.TrimSuffix(function, ".abi0") {
	case "main.panicOn", "main.hangOn", "main.failed", "main.assertFailed", "main.assert", "main.fatalTrap", "main.trapFromVMM", "main.trapEntry", "main.trapEntryOwn", "main.trapEntryDebug", "main.hang", "main.handleNMI":
		return true
	}
	return false
}
