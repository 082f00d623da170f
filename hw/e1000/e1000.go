// Package e1000 is Intel's 82540EM Gigabit Ethernet controller. References are
// to the PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
// Manual (317453).
package e1000

import (
	"slices"

	"resvirt/hw/bus"
	"resvirt/hw/pci"
	"resvirt/models"
	"resvirt/sim"
)

// Wire takes an Ethernet frame, without checksum, that leaves the controller
// now, and returns the time at which it can take the next.
type Wire interface {
	Send(frame []byte) (free sim.Time)
}

// State is everything mutable of the controller besides its configuration
// space. It is plain data.
type State struct {
	Regs  [numRegs]uint32
	Stats [64]uint32
	MTA   [128]uint32 // multicast table
	RA    [32]uint32  // receive addresses, low and high
	VFTA  [128]uint32 // VLAN filter table

	ICR, IMS uint32
	Quiet    sim.Time // the time before which the interrupt may not rise again
	Link     bool     // the PHY has one
	PHY      [32]uint16
	EE       EEPROM
	IOAddr   uint32

	FIFO      [][]byte // received frames that are not in memory yet; never changed
	FIFOBytes int
	Sending   bool       // the transmit ring is being read
	Storing   bool       // frames are about to go to memory
	Waiting   bool       // an absolute receive delay runs
	TxWaiting bool       // an absolute transmit delay runs
	Packet    Packet     // what was read of a packet to send
	Context   [2]Context // for checksums, for segmentation
}

// Controller is the device.
type Controller struct {
	state  State
	config *pci.Config
	host   bus.Host
	wire   Wire
	time   *models.Timing
	mac    [6]byte
}

var (
	_ bus.Device   = (*Controller)(nil)
	_ pci.Function = (*Controller)(nil)
)

// Kinds of events.
const (
	evSend       uint16 = iota // the transmit ring is read
	evStore                    // received frames go to memory
	evLink                     // the link is up
	evThrottle                 // an interrupt may rise again
	evReceived                 // a receive delay is over
	evReceivedBy               // the absolute one is
	evSent                     // a transmit delay is over
	evSentBy                   // the absolute one is
)

// New returns a controller at power-on, with its address in its EEPROM and the
// link up, on a wire that may be set later.
func New(host bus.Host, mac [6]byte, t *models.Timing) *Controller {
	c := &Controller{host: host, time: t, mac: mac, config: pci.NewConfig(&pci.Spec{
		Vendor: 0x8086, Device: 0x100e, SubVendor: 0x8086, Subsystem: 0x001e, // PRO/1000 MT Desktop Adapter
		Class: 0x020000, Revision: 2, Pin: 1, PM: 0xdc, MSI: 0xf0, Forgets: true,
		BARs: []pci.BAR{{Size: 128 << 10}, {}, {Size: 64, IO: true}},
	}, host)}
	c.resetPHY()
	c.state.Link = true
	c.resetRegs()
	return c
}

// Connect sets the wire.
func (c *Controller) Connect(w Wire) { c.wire = w }

// Config implements pci.Function.
func (c *Controller) Config() *pci.Config { return c.config }

// Event implements bus.Device.
func (c *Controller) Event(what uint16, _ uint64) {
	switch what {
	case evSend:
		c.send()
	case evStore:
		c.store()
	case evLink:
		c.state.Link = true
		c.cause(icrLink)
	case evThrottle:
		c.drive()
	case evReceived, evReceivedBy:
		c.received()
	case evSent, evSentBy:
		c.sent()
	default:
		panic("BUG: e1000: event of unknown kind")
	}
}

type saved struct {
	state  State
	config pci.State
}

// Save implements bus.Device.
func (c *Controller) Save() any { return saved{c.state.clone(), c.config.Save()} }

// Load implements bus.Device.
func (c *Controller) Load(state any) {
	s := state.(saved)
	c.state = s.state.clone()
	c.config.Load(s.config)
}

func (s *State) clone() State {
	c := *s
	c.FIFO = slices.Clone(s.FIFO)
	c.Packet.Data = slices.Clone(s.Packet.Data)
	return c
}

// Hash implements bus.Device.
func (c *Controller) Hash(h *sim.Hasher) {
	s := &c.state
	for _, list := range [...][]uint32{s.Regs[:], s.Stats[:], s.MTA[:], s.RA[:], s.VFTA[:], {s.ICR, s.IMS, s.IOAddr}} {
		for _, v := range list {
			h.Uint64(uint64(v))
		}
	}
	for _, v := range s.PHY {
		h.Uint64(uint64(v))
	}
	h.Uint64(uint64(s.Quiet))
	for _, b := range []bool{s.Link, s.Sending, s.Storing, s.Waiting, s.TxWaiting} {
		h.Bool(b)
	}
	s.EE.hash(h)
	h.Uint64(uint64(len(s.FIFO)))
	for _, f := range s.FIFO {
		h.Bytes(f)
	}
	s.Packet.hash(h)
	for i := range s.Context {
		s.Context[i].hash(h)
	}
	c.config.Hash(h)
}
