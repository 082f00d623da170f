package nvme

import (
	"resvirt/hw/bus"
	"resvirt/hw/disk"
	"resvirt/sim"
)

// Namespace is a disk: content, and the medium that is busy with one command at a time.
// One or more controllers lead to it; two make it what a dual-port disk is.
type Namespace struct {
	*disk.Disk
	busy   sim.Time // the time until which the medium is
	number int      // tells disks apart
	ports  int      // controllers that lead to it
}

var _ bus.Device = (*Namespace)(nil)

// NewNamespace returns disk number n of a machine, which owns the content.
func NewNamespace(n int, content *disk.Disk) *Namespace {
	return &Namespace{Disk: content, number: n}
}

// Event implements bus.Device. A disk asks for none.
func (n *Namespace) Event(uint16, uint64) { panic("BUG: nvme: event for a disk") }

type savedNamespace struct {
	content disk.State
	busy    sim.Time
}

// Save implements bus.Device.
func (n *Namespace) Save() any { return savedNamespace{n.Disk.Save(), n.busy} }

// Load implements bus.Device.
func (n *Namespace) Load(state any) {
	s := state.(savedNamespace)
	n.Disk.Load(s.content)
	n.busy = s.busy
}

// Hash implements bus.Device.
func (n *Namespace) Hash(h *sim.Hasher) {
	h.Uint64(uint64(n.busy))
	h.Digest(n.Digest())
}

// occupy takes the medium for a while, when it is free, and returns the time at which it
// is free again.
func (n *Namespace) occupy(now, d sim.Time) sim.Time {
	n.busy = max(n.busy, now) + d
	return n.busy
}
