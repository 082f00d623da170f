package dev

import (
	"resvirt/hw/bus"
	"resvirt/sim"
)

// PMState is everything mutable of the ACPI power-management registers.
type PMState struct {
	Status, Enable, Control uint16
	Synced                  int64 // tick up to which the timer's carry is in Status
}

// PM is the fixed hardware of ACPI: the PM1a event and control blocks and the
// power-management timer (ACPI 6.5, 4.8.3). The machine is in ACPI mode from
// the start. Buttons are never pressed.
type PM struct {
	PMState
	host bus.Host
	off  func()
}

var _ bus.Device = (*PM)(nil)

// NewPM returns the registers after power-on; off is called when software
// switches the machine off.
func NewPM(h bus.Host, off func()) *PM { return &PM{host: h, off: off} }

// Offsets from the base port, and the number of ports.
const (
	PMStatus  = 0 // PM1a_STS
	PMEnable  = 2 // PM1a_EN
	PMControl = 4 // PM1a_CNT
	PMTimer   = 8 // PM_TMR, 32 bits
	PMPorts   = 12

	SoftOff = 5 // SLP_TYP of the state S5

	pmQEMUOff = 0 // QEMU's value, which kernels write to port 0x604 without reading the tables
)

const (
	pmTimerStatus = 1 << 0
	pmStatusBits  = 0x8731 // timer, bus master, global, buttons, RTC, wake
	pmEnableBits  = 0x0721
	pmSCIEnable   = 1 << 0
	pmSleepEnable = 1 << 13
	pmSleepType   = 10

	pmCarry = 1 << 31 // ticks between changes of the timer's highest bit
	pmEvent = 0
)

// In implements bus.Ports.
func (p *PM) In(port uint16, size int) uint32 {
	n := pmClock.At(p.host.Now())
	p.sync(n)
	regs := [3]uint32{
		uint32(p.Status) | uint32(p.Enable)<<16,
		uint32(p.Control | pmSCIEnable),
		uint32(n),
	}
	both := uint64(regs[port>>2])
	if next := port>>2 + 1; next < 3 {
		both |= uint64(regs[next]) << 32
	}
	return uint32(both>>(port&3*8)) & (^uint32(0) >> (32 - 8*size))
}

// Out implements bus.Ports.
func (p *PM) Out(port uint16, size int, v uint32) {
	n := pmClock.At(p.host.Now())
	p.sync(n)
	for i := range size {
		p.write(port+uint16(i), uint16(v>>(8*i)&0xff))
	}
	p.update(n)
}

func (p *PM) write(port uint16, v uint16) {
	shift := port & 1 * 8
	keep := uint16(0xff) << (8 - shift)
	v <<= shift
	switch port &^ 1 {
	case PMStatus:
		p.Status &^= v // ones clear
	case PMEnable:
		p.Enable = (p.Enable&keep | v) & pmEnableBits
	case PMControl:
		p.Control = (p.Control&keep | v) &^ pmSleepEnable
		if kind := p.Control >> pmSleepType & 7; v&pmSleepEnable != 0 && (kind == SoftOff || kind == pmQEMUOff) {
			p.off()
		}
	}
}

// sync notes a carry of the timer up to tick n.
func (p *PM) sync(n int64) {
	if n <= p.Synced {
		return
	}
	if n/pmCarry != p.Synced/pmCarry {
		p.Status |= pmTimerStatus
	}
	p.Synced = n
}

// update drives the system control interrupt, and waits for the next carry if
// that would raise it.
func (p *PM) update(n int64) {
	p.host.Line(p.Status&p.Enable != 0)
	p.host.Cancel(pmEvent)
	if p.Enable&pmTimerStatus != 0 && p.Status&pmTimerStatus == 0 {
		p.host.At(pmClock.Time((n/pmCarry+1)*pmCarry), pmEvent, 0)
	}
}

// Event implements bus.Device.
func (p *PM) Event(uint16, uint64) {
	n := pmClock.At(p.host.Now())
	p.sync(n)
	p.update(n)
}

// Save implements bus.Device.
func (p *PM) Save() any { return p.PMState }

// Load implements bus.Device.
func (p *PM) Load(s any) { p.PMState = s.(PMState) }

// Hash implements bus.Device.
func (p *PM) Hash(h *sim.Hasher) {
	h.Uint64(uint64(p.Status)<<32 | uint64(p.Enable)<<16 | uint64(p.Control))
	h.Uint64(uint64(p.Synced))
}
