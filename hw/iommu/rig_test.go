package iommu

import (
	"encoding/binary"
	"testing"

	"resvirt/hw/bus/bustest"
	"resvirt/hw/pci"
	"resvirt/models"
	"resvirt/sim"
)

// rig is an IOMMU with the least software: its tables and buffers.
type rig struct {
	t *testing.T
	m *bustest.Machine
	b *pci.Bus
	u *IOMMU
}

// Places in RAM, and the function that the tests move.
const (
	ramSize   = 1 << 20
	tableAt   = 0x1000 // device table: a page, 128 entries
	commandAt = 0x2000
	eventAt   = 0x3000
	doneAt    = 0x4000
	remapAt   = 0x5000
	rootAt    = 0x10000 // page tables from here on
	data      = 0x80000
	device    = 5 << 3
	domain    = 7
	myDevice  = 2
)

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, m: bustest.New(ramSize)}
	timing := models.DefaultTiming()
	s0, s1 := r.m.Slot(), r.m.Slot()
	r.b = pci.NewBus(s0)
	s0.Device = r.b
	r.u = New(s1, 0xfed80000, func(pa, n uint64) bool { return pa < ramSize && n <= ramSize-pa }, &timing)
	s1.Device = r.u
	r.b.Add(myDevice, r.u, 0)
	return r
}

func (r *rig) put(pa uint64, words ...uint64) {
	for i, w := range words {
		binary.LittleEndian.PutUint64(r.m.RAM[pa+8*uint64(i):], w)
	}
}

func (r *rig) word(pa uint64) uint64 { return binary.LittleEndian.Uint64(r.m.RAM[pa:]) }

// start sets all up as a driver does, with buffers of 256 entries.
func (r *rig) start() *rig {
	r.u.Write(regDeviceTable, 8, tableAt)
	r.u.Write(regCommandBase, 8, commandAt|8<<56)
	r.u.Write(regEventBase, 8, eventAt|8<<56)
	r.u.Write(regControl, 8, controlEnable|controlEventLog|controlCommands)
	return r
}

// entry writes the device's table entry.
func (r *rig) entry(words ...uint64) { r.put(tableAt+device*dteBytes, words...) }

// paged is the first word of an entry with page tables.
func paged(levels uint64) uint64 {
	return rootAt | levels<<dteModeShift | dteValid | dteTranslation | dteRead | dteWrite
}

// pte is a page table entry: of the next level, 0 and 7 for pages.
func pte(next, addr uint64) uint64 {
	return addr | next<<pteNextShift | ptePresent | pteRead | pteWrite
}

// command puts commands into the buffer and waits for them.
func (r *rig) command(pairs ...uint64) {
	r.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		tail := r.u.Read(regCommandTail, 8)
		r.put(commandAt+tail, pairs[i], pairs[i+1])
		r.u.Write(regCommandTail, 8, (tail+entryBytes)%0x1000)
	}
	r.m.Drain()
}

// logged takes the events that there are.
func (r *rig) logged() (events [][2]uint64) {
	for head := r.u.Read(regEventHead, 8); head != r.u.Read(regEventTail, 8); {
		events = append(events, [2]uint64{r.word(eventAt + head), r.word(eventAt + head + 8)})
		head = (head + entryBytes) % 0x1000
		r.u.Write(regEventHead, 8, head)
	}
	return events
}

// expect compares the only event with one that is put together by figures of 2.5: code,
// flags from bit 48 on, domain, device; and its address.
func (r *rig) expect(what string, code, flags, dom, dev, address uint64) {
	r.t.Helper()
	want := [2]uint64{code<<60 | flags<<48 | dom<<32 | dev, address}
	if got := r.logged(); len(got) != 1 || got[0] != want {
		r.t.Errorf("%s: events %x, want %x", what, got, want)
	}
}

func (r *rig) quiet(what string) {
	r.t.Helper()
	if got := r.logged(); len(got) != 0 {
		r.t.Errorf("%s: events %x", what, got)
	}
}

const (
	all     = cmdAll << 60
	forever = sim.Never - 1
)
