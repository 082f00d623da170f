package apic

// SetPin drives LINT0 or LINT1, which are 0 and 1 (16.4.4).
func (a *APIC) SetPin(pin int, up bool) {
	bit := uint8(1) << pin
	if up == (a.Pins&bit != 0) {
		return
	}
	a.Pins ^= bit
	if !up {
		return
	}
	e := a.LVT[lvtLINT0+pin]
	if e&lvtLevel != 0 && e&lvtMode>>8 == ModeFixed {
		a.servicePin(pin)
	} else {
		a.fire(lvtLINT0 + pin)
	}
}

// servicePin makes a level-triggered interrupt of an asserted pin pending unless
// it is already.
func (a *APIC) servicePin(pin int) {
	e := &a.LVT[lvtLINT0+pin]
	if a.Pins>>pin&1 == 0 || *e&(lvtMask|lvtRemote|lvtMode) != 0 || *e&lvtLevel == 0 {
		return
	}
	a.Request(uint8(*e), true)
	if a.IRR.has(uint8(*e)) {
		*e |= lvtRemote
	}
}

// pinChanged is called when a pin's entry was written, over was.
func (a *APIC) pinChanged(pin int, was uint32) {
	e := &a.LVT[lvtLINT0+pin]
	*e |= was & lvtRemote
	if *e&lvtLevel == 0 {
		*e &^= lvtRemote
	}
	a.servicePin(pin)
}

// pinsEOI ends a level-triggered interrupt of a pin.
func (a *APIC) pinsEOI(vector uint8) {
	for pin := range 2 {
		if e := &a.LVT[lvtLINT0+pin]; uint8(*e) == vector && *e&lvtRemote != 0 {
			*e &^= lvtRemote
			a.servicePin(pin)
		}
	}
}

// PinNMI tells whether LINT0 or LINT1 raises non-maskable interrupts.
func (a *APIC) PinNMI(pin int) bool {
	return a.LVT[lvtLINT0+pin]&(lvtMask|lvtMode) == ModeNMI<<8
}

// External tells whether an external interrupt waits; its vector comes from the
// 8259s: LINT0 passes it through, or a message brought it. While the controller
// is switched off its pins are the processor's own (16.3.1). The request lasts
// only as long as the pin is up.
func (a *APIC) External() bool {
	if a.Pins&1 == 0 && !a.ExtINT {
		return false
	}
	e := a.LVT[lvtLINT0]
	return *a.base&BaseEnable == 0 || a.ExtINT || e&lvtMask == 0 && e&lvtMode>>8 == ModeExtINT
}
