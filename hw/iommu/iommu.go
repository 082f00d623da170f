// Package iommu is AMD's I/O memory management unit: it translates the addresses by which
// PCI functions reach memory, refuses what is not allowed, and writes down what it refused.
// References are to the AMD I/O Virtualization Technology (IOMMU) Specification (48882).
//
// Device table entries and translations are cached, as on hardware: who changes a table and
// forgets to invalidate goes on with what it was.
package iommu

import (
	"resvirt/hw/bus"
	"resvirt/hw/pci"
	"resvirt/models"
	"resvirt/sim"
)

// State is everything mutable besides the configuration space. It is plain data.
type State struct {
	DeviceTable, CommandBase, EventBase uint64
	Control                             uint64
	ExclusionBase, ExclusionLimit       uint64
	CommandHead, CommandTail            uint64
	EventHead, EventTail                uint64
	Status                              uint64
	Fetching                            bool // the command buffer is about to be read

	Entries [entries]Entry           // device table entries that are cached
	TLB     [tlbSets][tlbWays]Cached // translations that are
	Next    [tlbSets]uint8           // the way that makes room next
}

// IOMMU is the device: a PCI function, whose registers lie in memory space.
type IOMMU struct {
	state  State
	config *pci.Config
	host   bus.Host
	ram    func(pa, n uint64) bool
	time   *models.Timing
}

var (
	_ bus.Device   = (*IOMMU)(nil)
	_ bus.Memory   = (*IOMMU)(nil)
	_ pci.Function = (*IOMMU)(nil)
	_ pci.Remapper = (*IOMMU)(nil)
)

// Size is that of the registers in memory space.
const Size = 0x4000

// evCommands is the event by which the command buffer is read.
const evCommands = 0

// Offsets of capabilities in configuration space.
const (
	Capability = 0x40
	msi        = 0x58
)

// New returns an IOMMU at power-on with its registers at base. ram tells whether there is
// RAM at physical addresses.
func New(host bus.Host, base uint64, ram func(pa, n uint64) bool, t *models.Timing) *IOMMU {
	u := &IOMMU{host: host, ram: ram, time: t}
	u.state.CommandBase, u.state.EventBase = 8<<lengthShift, 8<<lengthShift
	u.config = pci.NewConfig(&pci.Spec{
		Vendor: 0x1022, Device: 0x1419, SubVendor: 0x1022, Subsystem: 0x1419, // of family 15h
		Class: 0x080600, Revision: 1, MSI: msi, Master: true,
		Others: []pci.Capability{{At: Capability, ID: 0x0f, Body: capability(base)}},
	}, host)
	return u
}

// capability is the capability block (3.2) without its first two bytes.
func capability(base uint64) []byte {
	const (
		kind, revision = 3, 1
		efr            = 1 << 27
		enabled        = 1  // the base address is locked
		everywhere     = 0  // the range register says nothing: IVRS does
		physical       = 40 // bits of addresses
		virtual        = 64 //
	)
	dwords := [...]uint32{kind<<16 | revision<<19 | efr, uint32(base) | enabled, uint32(base >> 32), everywhere, physical<<8 | virtual<<15, 0}
	var b []byte
	for _, d := range dwords {
		b = append(b, byte(d), byte(d>>8), byte(d>>16), byte(d>>24))
	}
	return b[2:]
}

// Config implements pci.Function.
func (u *IOMMU) Config() *pci.Config { return u.config }

// ReadBAR implements pci.Function; there is none.
func (u *IOMMU) ReadBAR(int, uint64, int) uint64 { panic("BUG: iommu: it has no BAR") }

// WriteBAR implements pci.Function; there is none.
func (u *IOMMU) WriteBAR(int, uint64, int, uint64) { panic("BUG: iommu: it has no BAR") }

// Reset implements pci.Function; nothing announces a way to reset it.
func (u *IOMMU) Reset() {}

// Event implements bus.Device.
func (u *IOMMU) Event(uint16, uint64) { u.commands() }

type saved struct {
	state  State
	config pci.State
}

// Save implements bus.Device.
func (u *IOMMU) Save() any { return saved{u.state, u.config.Save()} }

// Load implements bus.Device.
func (u *IOMMU) Load(state any) {
	s := state.(saved)
	u.state = s.state
	u.config.Load(s.config)
}

// Hash implements bus.Device.
func (u *IOMMU) Hash(h *sim.Hasher) {
	s := &u.state
	for _, v := range [...]uint64{s.DeviceTable, s.CommandBase, s.EventBase, s.Control, s.ExclusionBase, s.ExclusionLimit,
		s.CommandHead, s.CommandTail, s.EventHead, s.EventTail, s.Status} {
		h.Uint64(v)
	}
	h.Bool(s.Fetching)
	for i := range s.Entries {
		s.Entries[i].hash(h)
	}
	for i := range s.TLB {
		h.Uint64(uint64(s.Next[i]))
		for k := range s.TLB[i] {
			s.TLB[i][k].hash(h)
		}
	}
	u.config.Hash(h)
}
