package explain

import (
	"slices"

	"resvirt/faults"
)

// stretch is a part of a run in which one CPU works and all others wait: from the
// position of its first instruction to that behind its last.
type stretch struct {
	cpu      int
	from, to uint64
}

// waitingLoop is how many instructions a loop that waits has at most, with the
// functions that it calls.
const waitingLoop = 24

// turn is a sequence of instructions of one CPU with none of other CPUs in
// between.
type turn struct {
	stretch
	pcs    []uint64 // different addresses, at most as many as in a waiting loop
	paused bool     // one of the instructions is PAUSE
}

// waits says whether the CPU did nothing but wait in its turn: it was in a small
// loop with PAUSE, which is there for waiting (Intel SDM vol. 2B, PAUSE).
func (t *turn) waits() bool { return t.paused && len(t.pcs) <= waitingLoop }

func (t *turn) add(m faults.Machine, e faults.TraceEntry) {
	if len(t.pcs) > waitingLoop || slices.Contains(t.pcs, e.PC) {
		return
	}
	t.pcs = append(t.pcs, e.PC)
	var code [2]byte
	t.paused = t.paused || m.ReadCode(e.CPU, e.PC, code[:]) == nil && code == [2]byte{0xf3, 0x90}
}

// stretches executes the run from where the machine is to a position and divides
// it. The machine is at the position afterwards.
func (x *explainer) stretches(to uint64) []stretch {
	from := x.Machine.Position()
	list := []stretch{}
	var t turn
	end := func() {
		if t.pcs == nil || t.waits() {
			return
		}
		if n := len(list); n > 0 && list[n-1].cpu == t.cpu {
			return
		}
		list = append(list, t.stretch)
	}
	x.Machine.Trace(func(e faults.TraceEntry) {
		if t.pcs == nil || e.CPU != t.cpu {
			end()
			t = turn{stretch: stretch{cpu: e.CPU, from: e.Position}}
		}
		t.add(x.Machine, e)
	})
	x.To(to)
	x.Machine.Trace(nil)
	end()
	if len(list) == 0 {
		list = append(list, stretch{cpu: t.cpu})
	}
	list[0].from = from
	for i := range list {
		list[i].to = to
		if i+1 < len(list) {
			list[i].to = list[i+1].from
		}
	}
	return list
}
