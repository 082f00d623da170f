// Package nvme is NVM Express controllers, and the disks behind them: a controller has one
// namespace, to which others may lead as well.
// References are to the NVM Express Base Specification 1.4.
//
// A command is carried out at once when its time is over: direct memory access,
// change of the disk, completion and interrupt are one event.
package nvme

import (
	"slices"

	"resvirt/hw/bus"
	"resvirt/hw/pci"
	"resvirt/models"
	"resvirt/sim"
)

// Limits of the controller.
const (
	IOQueues   = 8
	queues     = IOQueues + 1 // with the admin queue, 0
	maxEntries = 1024
	maxAERs    = 4
	maxShift   = 9 // a command moves at most 1<<maxShift pages (MDTS)
	pageSize   = 4096
)

// State is everything mutable of the controller besides its disk and
// configuration space. It is plain data.
type State struct {
	CC, CSTS, AQA uint32
	ASQ, ACQ      uint64
	Mask          uint32 // INTMS, INTMC
	SQ            [queues]SQ
	CQ            [queues]CQ
	Flight        []Command // commands under way; an index is a place
	Features      [16]uint32
	AERs          []uint16 // identifiers of asynchronous event requests
	Events        []uint32 // events that no request has reported yet
	Reported      bool     // an error event was carried and its log page not read since
	Errors        Errors
	Stats         Stats
}

// SQ is a submission queue. Size is 0 when there is none.
type SQ struct {
	Base             uint64
	Size, Head, Tail uint32
	CQ               uint16
	Fetching         bool
}

// CQ is a completion queue.
type CQ struct {
	Base             uint64
	Size, Head, Tail uint32
	Phase            bool
	Vector           uint16
	Interrupts       bool
}

// Command is a command under way. Its place is free when Used is false.
type Command struct {
	Raw     [64]byte
	Queue   uint16
	Used    bool
	Aborted bool
	Dead    bool // its queue was deleted
}

// Errors is the error log: how many there were, and the last one (5.14.1.1).
type Errors struct {
	Count     uint64
	Queue, ID uint16
	Status    uint16
	LBA       uint64
	NSID      uint32
}

// Stats holds the counts of the health log (5.14.1.2).
type Stats struct{ Reads, Writes, SectorsRead, SectorsWritten uint64 }

// Controller is the device.
type Controller struct {
	state  State
	config *pci.Config
	host   bus.Host
	disk   *Namespace
	port   int // which of its controllers this is
	time   *models.Timing
}

var (
	_ bus.Device   = (*Controller)(nil)
	_ pci.Function = (*Controller)(nil)
)

// Kinds of events.
const (
	evReady uint16 = iota // the controller is
	evFetch               // the submission queue of that number is read
	evDone                // the command in that place is
)

// Layout of BAR 0.
const (
	doorbells = 0x1000
	msixTable = 0x2000
	msixPBA   = 0x3000
	barSize   = 0x4000
)

// New returns a controller at power-on in front of a disk.
func New(host bus.Host, disk *Namespace, t *models.Timing) *Controller {
	c := &Controller{host: host, disk: disk, port: disk.ports, time: t}
	disk.ports++
	c.config = pci.NewConfig(&pci.Spec{
		Vendor: vendor, Device: 0x0001, SubVendor: vendor, Subsystem: 0x0001,
		Class: 0x010802, Revision: 1, Pin: 1,
		BARs: []pci.BAR{{Size: barSize, Wide: true}},
		PM:   0x40, MSI: 0x50, MSIX: 0x70, Vectors: queues, Table: msixTable, PBA: msixPBA,
		Express: 0x80,
	}, host)
	return c
}

// vendor is the PCI vendor that stands for hobby and simulated devices (1234h
// belongs to nobody).
const vendor = 0x1234

// Config implements pci.Function.
func (c *Controller) Config() *pci.Config { return c.config }

// Event implements bus.Device.
func (c *Controller) Event(what uint16, data uint64) {
	switch what {
	case evReady:
		c.state.CSTS |= cstsReady
	case evFetch:
		c.fetch(uint16(data))
	case evDone:
		c.done(int(data))
	default:
		panic("BUG: nvme: event of unknown kind")
	}
}

type saved struct {
	state  State
	config pci.State
}

// Save implements bus.Device.
func (c *Controller) Save() any {
	return saved{c.state.clone(), c.config.Save()}
}

// Load implements bus.Device.
func (c *Controller) Load(state any) {
	s := state.(saved)
	c.state = s.state.clone()
	c.config.Load(s.config)
}

func (s *State) clone() State {
	c := *s
	c.Flight = slices.Clone(s.Flight)
	c.AERs = slices.Clone(s.AERs)
	c.Events = slices.Clone(s.Events)
	return c
}

// Hash implements bus.Device.
func (c *Controller) Hash(h *sim.Hasher) {
	s := &c.state
	h.Uint64(uint64(s.CC)<<32 | uint64(s.CSTS))
	h.Uint64(uint64(s.AQA)<<32 | uint64(s.Mask))
	h.Uint64(s.ASQ)
	h.Uint64(s.ACQ)
	for i := range s.SQ {
		q, p := &s.SQ[i], &s.CQ[i]
		h.Uint64(q.Base)
		h.Uint64(uint64(q.Size)<<32 | uint64(q.CQ))
		h.Uint64(uint64(q.Head)<<32 | uint64(q.Tail))
		h.Bool(q.Fetching)
		h.Uint64(p.Base)
		h.Uint64(uint64(p.Size)<<32 | uint64(p.Vector))
		h.Uint64(uint64(p.Head)<<32 | uint64(p.Tail))
		h.Bool(p.Phase)
		h.Bool(p.Interrupts)
	}
	h.Uint64(uint64(len(s.Flight)))
	for i := range s.Flight {
		f := &s.Flight[i]
		h.Bytes(f.Raw[:])
		h.Uint64(uint64(f.Queue))
		h.Bool(f.Used)
		h.Bool(f.Aborted)
		h.Bool(f.Dead)
	}
	c.hashRest(h)
}

func (c *Controller) hashRest(h *sim.Hasher) {
	s := &c.state
	for _, f := range s.Features {
		h.Uint64(uint64(f))
	}
	h.Uint64(uint64(len(s.AERs)))
	for _, id := range s.AERs {
		h.Uint64(uint64(id))
	}
	h.Uint64(uint64(len(s.Events)))
	for _, e := range s.Events {
		h.Uint64(uint64(e))
	}
	h.Bool(s.Reported)
	e := &s.Errors
	h.Uint64(e.Count)
	h.Uint64(uint64(e.Queue)<<32 | uint64(e.ID)<<16 | uint64(e.Status))
	h.Uint64(e.LBA)
	h.Uint64(uint64(e.NSID))
	for _, n := range []uint64{s.Stats.Reads, s.Stats.Writes, s.Stats.SectorsRead, s.Stats.SectorsWritten} {
		h.Uint64(n)
	}
	c.config.Hash(h)
}
