package apic

// update recomputes which interrupt may be delivered. Every change of IRR, ISR
// or TPR ends here.
func (a *APIC) update() {
	a.ready = -1
	if n := a.IRR.highest(); n >= 0 && uint32(n)>>4 > a.ppr()>>4 {
		a.ready = n
	}
}

// ppr is the processor priority register (16.6.4): the higher of the task's
// priority and that of the highest interrupt in service.
func (a *APIC) ppr() uint32 {
	isr := uint32(max(a.ISR.highest(), 0))
	if a.TPR>>4 >= isr>>4 {
		return a.TPR
	}
	return isr & 0xf0
}

// apr is the arbitration priority register (16.6.2), which decides lowest-priority delivery.
func (a *APIC) apr() uint32 {
	isr, irr := uint32(max(a.ISR.highest(), 0)), uint32(max(a.IRR.highest(), 0))
	if a.TPR>>4 >= irr>>4 && a.TPR>>4 > isr>>4 {
		return a.TPR
	}
	return max(a.TPR>>4, isr>>4, irr>>4) << 4
}

// Pending returns the vector that is to be delivered when the processor takes
// interrupts.
func (a *APIC) Pending() (vector uint8, ok bool) {
	return uint8(a.ready), a.ready >= 0
}

// Acknowledge moves a vector from requested to in service (16.6.3). Pending and
// Acknowledge happen in one step of the processor, so that the spurious vector
// never arises here.
func (a *APIC) Acknowledge(vector uint8) {
	a.IRR.clear(vector)
	a.ISR.set(vector)
	a.update()
}

// Request makes a fixed interrupt pending (16.6.3).
func (a *APIC) Request(vector uint8, level bool) {
	switch {
	case !a.enabled():
		return // 16.4.7: a disabled APIC takes no fixed interrupts
	case vector < 16:
		a.fault(esrReceivedIllegal)
		return
	}
	a.IRR.set(vector)
	a.TMR.clear(vector)
	if level {
		a.TMR.set(vector)
	}
	a.update()
}

// eoi ends the highest interrupt in service (16.6.5). TMR stays as it is until the
// vector is accepted anew (Intel SDM vol. 3, 11.8.4).
func (a *APIC) eoi() {
	if n := a.ISR.highest(); n >= 0 {
		a.ISR.clear(uint8(n))
		a.update()
		if a.TMR.has(uint8(n)) {
			a.wires.EndOfInterrupt(a.cpu, uint8(n))
			a.pinsEOI(uint8(n))
		}
	}
}

// Delivery modes of LVT entries and of the interrupt command register (16.5).
const (
	ModeFixed   = 0
	ModeLowest  = 1
	ModeSMI     = 2
	ModeNMI     = 4
	ModeINIT    = 5
	ModeStartup = 6
	ModeExtINT  = 7
)

// fire signals the source of LVT entry i (16.4).
func (a *APIC) fire(i int) {
	e := a.LVT[i]
	if e&lvtMask != 0 {
		return
	}
	switch e & lvtMode >> 8 {
	case ModeFixed:
		a.Request(uint8(e), false)
	case ModeNMI:
		a.wires.RaiseNMI(a.cpu)
	}
}

// PerfOverflow signals that a performance counter overflowed. That does not
// mask the entry: AMD's processors leave it to software (16.4.3).
func (a *APIC) PerfOverflow() { a.fire(lvtPerf) }

// Errors (16.4.6).
const (
	esrSentIllegal     = 1 << 5
	esrReceivedIllegal = 1 << 6
	esrIllegalRegister = 1 << 7
)

func (a *APIC) fault(e uint32) {
	first := a.ESR&e == 0
	a.ESR |= e
	if first && uint8(a.LVT[lvtError]) >= 16 {
		a.fire(lvtError)
	}
}
