package machine

import (
	"resvirt/hw/mem"
	"resvirt/sim"
)

// Access is an access to watched memory.
type Access struct {
	mem.Access          // Len bytes from PA on, within a page; what an instruction does to neighbouring bytes is one access
	CPU        int      // -1 for a device and for the host
	Position   uint64   // instructions retired when it happened, the one that caused it not counted
	Time       sim.Time // clock of the CPU, or of the event by which a device came to it
	PC         uint64   // of the instruction; for Delivery of the one that was interrupted; 0 for a device and for the host
}

// access is what is known of accesses to watched memory.
type access struct {
	list  []Access
	count uint64
	all   bool // Run is to stop at the first: list holds all since it began, not only the last
}

// mostAccesses bounds the list. What is left out is the middle of what one instruction
// does in turns at many places.
const mostAccesses = 1 << 10

// WatchMemory watches ranges of physical memory instead of those that were watched before:
// accesses of the kinds that each range asks for are told by Accesses, and end a Run with
// Until.Accessed. It does not affect the machine, and stays when a snapshot is restored.
// Only pages in which something is watched become slower.
//
// A store counts if it writes what was there before. A repeated string instruction is
// not stopped between its iterations. Stores to ROM do not count.
func (m *Machine) WatchMemory(points ...mem.Watchpoint) {
	m.hooks.access.forget()
	m.mem.SetWatchpoints(m.accessed, points...)
}

// Accesses are, after a Run with Until.Accessed, those since it began, whatever it
// stopped for; after any other,
// those of the last instruction, delivery, event or call by the host that did any since
// WatchMemory or Restore. Count is their number since then, where what an instruction
// does to bytes in a row may be one or several. The caller must not change the list.
func (m *Machine) Accesses() (list []Access, count uint64) {
	return m.hooks.access.list, m.hooks.access.count
}

// accessed takes note of an access.
func (m *Machine) accessed(what mem.Access) {
	h := &m.hooks.access
	c := m.cpus[m.state.Turn.CPU]
	a := Access{Access: what, CPU: c.ID, Position: m.Position(), Time: sim.Time(c.Clock), PC: c.RIP}
	switch what.Cause {
	case mem.Device:
		a.CPU, a.PC, a.Time = -1, 0, m.devices.now
	case mem.Host:
		a.CPU, a.PC = -1, 0
	}
	h.count++
	if last := len(h.list) - 1; last >= 0 && !h.all && !a.with(&h.list[last]) {
		h.list = h.list[:0]
	}
	for i := range h.list {
		if h.list[i].grow(&a) {
			h.list[i].Time = min(h.list[i].Time, a.Time)
			return
		}
	}
	if len(h.list) == mostAccesses {
		h.list = h.list[:mostAccesses-1]
	}
	h.list = append(h.list, a)
	c.Break = c.Break || h.all
}

// with tells whether both are of the same instruction, delivery or event.
func (a *Access) with(b *Access) bool {
	return a.CPU == b.CPU && a.Position == b.Position && a.PC == b.PC && (a.Cause == mem.Delivery) == (b.Cause == mem.Delivery)
}

// grow makes one access of two if they are of the same instruction and lie side by side in
// a page.
func (a *Access) grow(b *Access) bool {
	if !a.with(b) || a.Kind != b.Kind || a.Cause != b.Cause || a.PA>>mem.PageShift != b.PA>>mem.PageShift {
		return false
	}
	switch {
	case b.PA == a.PA+a.Len:
	case b.PA+b.Len == a.PA:
		a.PA = b.PA
	default:
		return false
	}
	a.Len += b.Len
	return true
}

// forget empties the list.
func (h *access) forget() { *h = access{list: h.list[:0]} }

// due tells whether an access is to stop the Run under way.
func (h *access) due() bool { return h.all && len(h.list) != 0 }

// beginAccesses prepares for a Run.
func (m *Machine) beginAccesses(u Until) {
	h := &m.hooks.access
	if u.Accessed {
		h.list = h.list[:0]
	}
	h.all = u.Accessed
}

// writeDMA writes memory for a device.
func (m *Machine) writeDMA(pa uint64, b []byte) {
	was := m.mem.Because(mem.Device)
	m.mem.WriteBytes(pa, b)
	m.mem.Because(was)
}

// noteDMA tells of a read by a device.
func (m *Machine) noteDMA(pa, n uint64) {
	if m.mem.Heeded()&mem.Load == 0 {
		return
	}
	was := m.mem.Because(mem.Device)
	for n > 0 {
		k := min(n, mem.PageSize-pa%mem.PageSize)
		m.mem.Note(mem.Load, pa, k)
		pa, n = pa+k, n-k
	}
	m.mem.Because(was)
}
