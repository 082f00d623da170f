// Package apic is the local interrupt controller of one processor as AMD's
// Architecture Programmer's Manual, volume 2, chapter 16, describes it, with
// the x2APIC register interface of section 16.9 and following, the TSC-deadline
// mode of Intel's SDM (vol. 3, 11.5.4.1), and the I/O APIC.
//
// Not emulated, with the reasons: the extended registers at 400h and above
// (announced absent by the version register), remote reads, SMIs (there is no
// system management mode), INIT through LINT pins (nothing in the machine pulls
// it).
package apic

import "resvirt/sim"

// Wires is what an APIC is connected to.
type Wires interface {
	// SendIPI carries an interprocessor interrupt; the sender may be a target.
	SendIPI(from int, ipi IPI)
	// ArmTimer asks for a call of TimerExpired at a time; sim.Never cancels.
	ArmTimer(cpu int, at sim.Time)
	// RaiseNMI signals a non-maskable interrupt to the own processor.
	RaiseNMI(cpu int)
	// EndOfInterrupt broadcasts that a level-triggered interrupt has ended.
	EndOfInterrupt(cpu int, vector uint8)
	// Deadline is when the processor's time-stamp counter reaches a value, not
	// before now.
	Deadline(cpu int, now sim.Time, tsc uint64) sim.Time
}

// APIC is the controller of one processor.
type APIC struct {
	State
	cpu    int
	base   *uint64 // the processor's APIC_BASE register
	wires  Wires
	period sim.Time // of the timer's bus clock

	ready int // the vector that waits and may interrupt now, or -1; follows from State
}

// New returns the controller of a processor after power-on. base is the
// processor's APIC_BASE register (MSR 1Bh), which decides about its mode.
func New(cpu int, base *uint64, busPeriod sim.Time, w Wires) *APIC {
	a := &APIC{cpu: cpu, base: base, wires: w, period: busPeriod, ready: -1}
	a.ID = uint32(cpu)
	a.reset()
	return a
}

// CPU is the number of the processor.
func (a *APIC) CPU() int { return a.cpu }

// Bits of APIC_BASE (16.3.1, 16.9).
const (
	BaseBSP    = 1 << 8
	BaseX2     = 1 << 10
	BaseEnable = 1 << 11
)

// Mode tells whether the memory interface or the MSR interface is on.
func (a *APIC) Mode() (memory, msr bool) {
	on := *a.base&BaseEnable != 0
	x2 := *a.base&BaseX2 != 0
	return on && !x2, on && x2
}

// Page is the physical page number of the memory interface.
func (a *APIC) Page() uint64 { return *a.base & 0x000f_ffff_ffff_f000 >> 12 }

// Init brings the controller to the state after an INIT (16.3.2 and 14.1.3):
// all but the identifier as after power-on.
func (a *APIC) Init() {
	a.reset()
	a.wires.ArmTimer(a.cpu, sim.Never)
}

func (a *APIC) reset() {
	a.State = State{ID: a.ID, Pins: a.Pins, DFR: 0xffff_ffff, SVR: 0xff}
	for i := range a.LVT {
		a.LVT[i] = lvtMask
	}
	a.update()
}

// BaseChanged is called when APIC_BASE, which held was before, has been written. A
// controller that is switched off forgets everything, and begins as after
// power-on when it is switched on (Intel SDM vol. 3, 11.4.3). From xAPIC to x2APIC mode all
// is kept but the written identifiers and the upper half of the command register (11.12.6.2).
func (a *APIC) BaseChanged(was uint64) {
	changed := was ^ *a.base
	if changed&(BaseEnable|BaseX2) != 0 {
		a.ID = uint32(a.cpu)
	}
	switch {
	case changed&BaseEnable != 0:
		a.Init()
	case changed&BaseX2 != 0:
		a.LDR = 0
		a.ICR &= 0xffff_ffff
	}
}

// Save returns the state.
func (a *APIC) Save() State { return a.State }

// Load replaces the state. The timer's event is the machine's and not touched.
func (a *APIC) Load(s State) {
	a.State = s
	a.update()
}

// enabled is the software enable bit of the spurious vector register (16.4.7).
func (a *APIC) enabled() bool { return a.SVR&svrEnable != 0 && *a.base&BaseEnable != 0 }
