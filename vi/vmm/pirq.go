package main

import "resvirt/vi/abi"

// PIRQs: the numbers by which a domain knows interrupts of devices. A number is mapped to
// a source, a pin of the I/O APIC or a message of a function, and then bound to an event
// channel, from when on the source can interrupt.

// pirq is one of them.
type pirq struct {
	kind    uint8  // pirqX
	vector  uint8  // of its route, 0 = none
	shared  bool   // it was bound so that others may bind it, too
	awaited bool   // level-triggered, and the guest has not ended it
	source  uint32 // the pin, or devfn<<16 and the entry of the MSI-X table
	port    uint32 // its event channel, 0 = not bound
}

// pirq.kind
const (
	pirqFree = iota
	pirqReserved
	pirqGSI
	pirqMSI
	pirqMSIX
)

// maxPirqs bounds a domain's PIRQs. Those below ioapicPins are for pins.
const maxPirqs = 64

// pirq is one of d's, nil if there is no such number or d has none.
func (d *Domain) pirq(nr uint32) *pirq {
	if d.io == nil || nr >= maxPirqs {
		return nil
	}
	return &d.io.pirqs[nr]
}

// function is the function whose message a PIRQ is, nil for pins.
func (p *pirq) function() *function {
	if p.kind != pirqMSI && p.kind != pirqMSIX {
		return nil
	}
	return findFunction(uint8(p.source >> 16))
}

// freePirq is a number for a kind of source, ^0 if none is left.
func (d *Domain) freePirq(kind uint8) uint32 {
	for nr := uint32(ioapicPins); nr < maxPirqs; nr++ {
		if kind != pirqGSI && d.io.pirqs[nr].kind == pirqFree {
			return nr
		}
	}
	for nr := uint32(firstPCIPin); nr < ioapicPins; nr++ {
		if kind == pirqGSI && d.io.pirqs[nr].kind == pirqFree {
			return nr
		}
	}
	return ^uint32(0)
}

// pirqOf is the number that is mapped to a source, ^0 if none is.
func (d *Domain) pirqOf(kind uint8, source uint32) uint32 {
	for nr := range d.io.pirqs {
		if p := &d.io.pirqs[nr]; p.kind == kind && p.source == source {
			return uint32(nr)
		}
	}
	return ^uint32(0)
}

// mapPirq maps a number of d, or any with -1, to a source. deviceLock is held.
func (d *Domain) mapPirq(kind uint8, source uint32, nr int32) (uint32, int64) {
	if got := d.pirqOf(kind, source); got != ^uint32(0) {
		if kind == pirqGSI || again() {
			return got, 0
		}
		return 0, -abi.EEXIST
	}
	at := uint32(nr)
	switch {
	case nr >= maxPirqs:
		return 0, -abi.EINVAL
	case nr >= 0 && d.io.pirqs[at].kind > pirqReserved:
		return 0, -abi.EBUSY
	case nr < 0 && kind == pirqGSI && d.io.pirqs[source%ioapicPins].kind == pirqFree:
		at = source
	case nr < 0:
		at = d.freePirq(kind)
	}
	if at >= maxPirqs {
		return 0, -abi.ENOSPC
	}
	d.io.pirqs[at] = pirq{kind: kind, source: source}
	return at, 0
}

// unmapPirq is the inverse. A number that is bound must be unbound before.
func (d *Domain) unmapPirq(nr uint32) int64 {
	p := d.pirq(nr)
	switch {
	case p == nil || p.kind == pirqFree:
		if p != nil && again() {
			return 0
		}
		return -abi.EINVAL
	case p.port != 0:
		return -abi.EBUSY
	}
	*p = pirq{}
	return 0
}

// bindPirq is EVTCHNOP_bind_pirq. The port knows the PIRQ, and the PIRQ the port.
func bindPirq(d *Domain, nr, flags uint32) (uint32, int64) {
	if nr >= maxPirqs {
		return 0, -abi.EINVAL
	}
	d.eventLock.lock()
	port, rc := uint32(0), int64(-abi.EPERM)
	if p := d.pirq(nr); p != nil && p.kind > pirqReserved && !d.dying {
		if p.port == 0 {
			port, rc = d.bindFree(nr, p, flags&abi.BindPirqWillShare != 0)
		} else if rc = -abi.EEXIST; again() {
			port, rc = p.port, 0 // the port that was bound before a recovery
		}
	}
	d.eventLock.unlock()
	return port, rc
}

// bindFree binds a PIRQ to a new port.
func (d *Domain) bindFree(nr uint32, p *pirq, share bool) (uint32, int64) {
	port := d.freePort()
	if port == 0 {
		return 0, -abi.ENOSPC
	}
	e := d.port(port)
	flags := deviceLock.lockSave()
	p.port, p.shared = port, share
	e.vcpu, e.remotePort = 0, nr
	e.state = abi.EvtchnstatPirq
	rc := d.addRoute(nr, p)
	if rc != 0 {
		*e = evtchn{queue: e.queue}
		p.port = 0
	}
	deviceLock.unlockRestore(flags)
	return port, rc
}

// unbindPirq ends a PIRQ's interrupts. d.eventLock is held.
func (d *Domain) unbindPirq(nr uint32) {
	flags := deviceLock.lockSave()
	if p := d.pirq(nr); p != nil {
		d.dropRoute(nr, p)
		p.port, p.shared = 0, false
	}
	deviceLock.unlockRestore(flags)
}

// movePirq makes the CPU of the vCPU that is told now take a PIRQ's interrupts.
func (d *Domain) movePirq(nr uint32) {
	flags := deviceLock.lockSave()
	if p := d.pirq(nr); p != nil && p.vector != 0 {
		d.openSource(p)
	}
	deviceLock.unlockRestore(flags)
}

// endPirq is the guest's end of an interrupt. When nobody has to end it any more, the pin is
// let through again; if a device still asserts it, it interrupts at once.
func (d *Domain) endPirq(nr uint32) int64 {
	p := d.pirq(nr)
	if p == nil || p.kind == pirqFree {
		return -abi.EINVAL
	}
	flags := deviceLock.lockSave()
	if p.awaited {
		p.awaited = false
		d.openSource(p)
	}
	deviceLock.unlockRestore(flags)
	return 0
}
