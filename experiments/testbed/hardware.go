package testbed

import (
	"encoding/binary"
	"errors"
	"slices"

	"resvirt/faults"
	"resvirt/hw/machine"
	"resvirt/sim"
)

// Hardware makes the emulated machine a faults.Machine.
type Hardware struct {
	*machine.Machine
	entries []uint64 // that are always watched
	policy  uint64   // physical address of the policy word, 0 = there is none
	provoke uint64   // physical address of main.provoke, 0 = there is none
	events  []faults.Event
	seen    int // machine events converted so far
	pulse   func()
}

// pulseEvery is the largest number of instructions between two pulses.
const pulseEvery = 1 << 19

// Pulse lets f be called while the machine runs.
func (h *Hardware) Pulse(f func()) { h.pulse = f }

// run executes up to a bound, in pieces if pulses are wanted.
func (h *Hardware) run(u machine.Until) machine.Stop {
	if h.pulse == nil {
		return h.Machine.Run(u)
	}
	for before := h.Scoped(); ; {
		piece := u
		if next := h.Position() + pulseEvery; u.Position == 0 || next < u.Position {
			piece.Position = next
		}
		if u.Scoped != 0 {
			piece.Scoped = u.Scoped - (h.Scoped() - before)
		}
		s := h.Machine.Run(piece)
		if h.pulse(); s.Reason != machine.ReachedPosition || piece.Position == u.Position {
			return s
		}
	}
}

func (h *Hardware) Run(u faults.Until) faults.Stop {
	s := h.run(machine.Until{Position: u.Position, Time: u.Time, Scoped: u.Scoped, Watched: u.Watched, Before: u.Before, Accessed: u.Accessed})
	stop := faults.Stop{CPU: s.CPU, Code: s.Code, Detail: s.Detail}
	switch s.Reason {
	case machine.ReachedPosition, machine.ReachedTime, machine.ReachedScoped:
		stop.Reason = faults.Reached
	case machine.ReachedWatched:
		stop.Reason = faults.Watched
	case machine.ReachedAccess:
		stop.Reason = faults.Accessed
	case machine.ReachedBefore:
		stop.Reason = faults.Before
	case machine.PowerOff: // by software that a fault led to the port
		stop.Reason, stop.Detail = faults.Exited, "power off"
	case machine.Exit:
		stop.Reason = faults.Exited
	case machine.TripleFault, machine.Reset:
		stop.Reason = faults.Reset
	case machine.AllHalted, machine.Waiting: // nobody will type
		stop.Reason = faults.AllHalted
	case machine.Unsupported:
		stop.Reason = faults.Unsupported
	default:
		panic("BUG: machine stopped for an unknown reason: " + s.String())
	}
	return stop
}

func (h *Hardware) Register(id int, r faults.Register) uint64 {
	c := h.CPU(id)
	switch r {
	case faults.RFLAGS:
		return c.RFLAGS
	case faults.RIP:
		return c.RIP
	}
	return c.GPR[r]
}

func (h *Hardware) SetRegister(id int, r faults.Register, v uint64) {
	c := h.CPU(id)
	switch r {
	case faults.RFLAGS:
		c.RFLAGS = v
	case faults.RIP:
		c.RIP = v
	default:
		c.GPR[r] = v
	}
}

func (h *Hardware) CPL(id int) uint8 { return h.CPU(id).State.CPL }

func (h *Hardware) Policy() uint64 {
	if h.policy == 0 {
		return 0
	}
	var b [8]byte
	h.ReadPhys(h.policy, b[:])
	return binary.LittleEndian.Uint64(b[:])
}

func (h *Hardware) SetPolicy(v uint64) {
	if h.policy == 0 {
		return
	}
	h.WritePhys(h.policy, binary.LittleEndian.AppendUint64(nil, v))
}

// CPUs is the number of processors.
func (h *Hardware) CPUs() int { return h.Spec().CPUs }

// Events converts the new entries of the machine's log.
func (h *Hardware) Events() []faults.Event {
	all := h.Machine.Events()
	for _, e := range all[h.seen:] {
		kind := faults.EventPost
		switch e.Kind {
		case machine.Watched:
			kind = faults.EventWatched
		case machine.UserEntry:
			kind = faults.EventUserEntry
		}
		h.events = append(h.events, faults.Event{Kind: kind, CPU: e.CPU, Position: e.Position, Time: e.Time, PC: e.PC, Value: uint64(e.Value), Scoped: e.Scoped, Callers: e.Callers[:]})
	}
	h.seen = len(all)
	return h.events
}

func (h *Hardware) Trace(f func(faults.TraceEntry), only ...uint64) {
	if f == nil {
		h.Machine.Trace(nil)
		return
	}
	h.Machine.Trace(func(e machine.TraceEntry) {
		f(faults.TraceEntry{CPU: e.CPU, Position: e.Position, PC: e.PC, CPL: e.CPL})
	}, only...)
}

// Break has the log of events tell of these instructions as well, of any processor, with
// kind EventWatched, instead of those of the last call. It changes nothing in the run.
func (h *Hardware) Break(pcs ...uint64) { h.Machine.Watch(append(slices.Clip(h.entries), pcs...)...) }

func (h *Hardware) Snapshot() faults.Snapshot { return h.Machine.Snapshot() }

func (h *Hardware) Restore(s faults.Snapshot) {
	h.Machine.Restore(s.(*machine.Snapshot))
	h.events, h.seen = h.events[:0], 0
}

// SamePages tells, at no cost, that no page of n bytes of physical memory from pa on was
// written between two snapshots of a run, the first and a later one. False says only that
// one may have been.
func SamePages(first, later faults.Snapshot, pa, n uint64) bool {
	return first.(*machine.Snapshot).SamePages(later.(*machine.Snapshot), pa, n)
}

// Stall lets a processor lose time, as a system management interrupt would.
func (h *Hardware) Stall(id int, t sim.Time) { h.CPU(id).Clock += int64(t) }

// Provoke makes the VMM's watchdog report a hang although nothing is wrong.
func (h *Hardware) Provoke() error {
	if h.provoke == 0 {
		return ErrNoProvoke
	}
	h.WritePhys(h.provoke, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	return nil
}

// ErrNoProvoke says that a VMM lacks what Provoke needs.
var ErrNoProvoke = errors.New("the VMM's image has no variable main.provoke")

var _ faults.Machine = (*Hardware)(nil)
