package apic

import "resvirt/sim"

// The host's view of a controller: nothing changes.

// Entry is an entry of the local vector table.
type Entry struct {
	Name     string
	Vector   uint8
	Delivery uint8 // mode of delivery (16.4): 0 fixed, 2 SMI, 4 NMI, 5 INIT, 7 external
	Masked   bool
}

// Entries lists the local vector table.
func (a *APIC) Entries() []Entry {
	list := make([]Entry, numLVT)
	for i, name := range [numLVT]string{"timer", "thermal", "perf", "LINT0", "LINT1", "error"} {
		v := a.LVT[i]
		list[i] = Entry{name, uint8(v), uint8(v >> 8 & 7), v&lvtMask != 0}
	}
	return list
}

// Timer is what the timer does.
type Timer struct {
	Mode    string // one-shot, periodic, TSC deadline
	Count   uint32
	Initial uint32
	Divider uint32
	Expires sim.Time // sim.Never if it is not running
}

// TimerAt is what the timer does at a time.
func (a *APIC) TimerAt(now sim.Time) Timer {
	t := Timer{Mode: "one-shot", Count: a.current(now), Initial: a.Initial, Divider: uint32(a.tick() / a.period), Expires: a.expiry(now)}
	switch {
	case a.deadlineMode():
		t.Mode = "TSC deadline"
	case a.periodic():
		t.Mode = "periodic"
	}
	return t
}

// Priority is the processor priority register: vectors of its class and below wait.
func (a *APIC) Priority() uint32 { return a.ppr() }

// Enabled tells whether software has switched the controller on.
func (a *APIC) Enabled() bool { return a.enabled() }

// List lists the vectors in the set, ascending.
func (v Vectors) List() (list []uint8) {
	for n := range 256 {
		if v.has(uint8(n)) {
			list = append(list, uint8(n))
		}
	}
	return list
}
