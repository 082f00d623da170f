package main

import "resvirt/vi/abi"

// Where interrupts of devices go: each vector from firstDevice on leads to the PIRQs of
// one domain, or, for a pin that guests share, of several. A route lives as long as the
// instance of the VMM: it can be made anew from the domains' PIRQs, and the hardware can be
// set by it.

// Vectors for devices; those of the VMM itself have higher priority.
const (
	firstDevice   = 0x30
	deviceVectors = 32
	maxSharers    = 4
	maxBound      = 12 // most PIRQs that one domain has bound, so that others find vectors
)

// route is what a vector leads to.
type route struct {
	n      uint32 // guests, 0 = the vector is free
	gsi    uint8
	level  bool
	guests [maxSharers]routeGuest
}

// routeGuest is a domain's PIRQ.
type routeGuest struct {
	d  *Domain
	nr uint32
}

// routeOf is the route of a vector; nil if it is no device's.
func routeOf(vector uint8) *route {
	if devices == nil || vector < firstDevice || vector >= firstDevice+deviceVectors {
		return nil
	}
	return &devices.routes[(vector-firstDevice)%deviceVectors]
}

// deviceInterrupt serves a device's interrupt, in the interrupt itself. A level-triggered
// pin stays masked until every guest has ended its part: the local APIC is told of the end
// at once, and so holds nothing back. What comes from a message that was meant for a
// guest that no longer listens is dropped.
func deviceInterrupt(vector uint8) {
	r := routeOf(vector)
	assert(r != nil)
	deviceLock.lock()
	if r.n != 0 && r.level {
		ioapicRoute(uint32(r.gsi), vector, 0, true)
	}
	for i := uint32(0); i < r.n && i < maxSharers; i++ {
		g := &r.guests[i]
		p := g.d.pirq(g.nr)
		if r.level {
			p.awaited = true
		}
		g.d.tellPirq(p)
	}
	deviceLock.unlock()
}

// tellPirq raises the event channel of a PIRQ that is bound.
func (d *Domain) tellPirq(p *pirq) {
	if e := d.port(p.port); e != nil {
		setPending(d.vcpu[e.vcpu%maxVCPUs], p.port)
	}
}

// awaited says whether a guest has still to end the interrupt.
func (r *route) awaited() bool {
	for i := uint32(0); i < r.n && i < maxSharers; i++ {
		if r.guests[i].d.pirq(r.guests[i].nr).awaited {
			return true
		}
	}
	return false
}

// addRoute leads the source of a PIRQ to it and lets the hardware interrupt. deviceLock is
// held.
func (d *Domain) addRoute(nr uint32, p *pirq) int64 {
	vector, rc := d.routeFor(p)
	if rc != 0 {
		return rc
	}
	routeOf(vector).join(d, nr, p)
	p.vector = vector
	d.openSource(p)
	return 0
}

// join enters a PIRQ at its vector.
func (r *route) join(d *Domain, nr uint32, p *pirq) {
	r.level, r.gsi = p.kind == pirqGSI, uint8(p.source)
	r.guests[r.n%maxSharers] = routeGuest{d, nr}
	r.n++
}

// routeFor finds the vector for a PIRQ: that of the pin, if guests share it, or a free
// one.
func (d *Domain) routeFor(p *pirq) (uint8, int64) {
	bound := 0
	for i := range d.io.pirqs {
		if d.io.pirqs[i].vector != 0 {
			bound++
		}
	}
	if bound >= maxBound {
		return 0, -abi.ENOSPC
	}
	free := uint8(0)
	for i := range devices.routes {
		r, vector := &devices.routes[i], firstDevice+uint8(i)
		if r.n == 0 {
			if free == 0 {
				free = vector
			}
			continue
		}
		if p.kind != pirqGSI || !r.level || uint32(r.gsi) != p.source {
			continue
		}
		if first := r.guests[0]; !p.shared || !first.d.pirq(first.nr).shared || r.n == maxSharers {
			return 0, -abi.EBUSY
		}
		return vector, 0
	}
	if free == 0 {
		return 0, -abi.ENOSPC
	}
	return free, 0
}

// openSource lets the source of a PIRQ that is bound interrupt the CPU of the vCPU
// which is told.
func (d *Domain) openSource(p *pirq) {
	cpu := uint32(0)
	if e := d.port(p.port); e != nil {
		cpu = d.vcpu[e.vcpu%maxVCPUs].cpu
	}
	f := p.function()
	switch {
	case p.kind == pirqGSI:
		if r := routeOf(p.vector); !r.awaited() {
			ioapicRoute(p.source, p.vector, cpu, false)
		}
	case f == nil:
	case p.kind == pirqMSI:
		f.sendTo(p.vector, cpu)
	case p.kind == pirqMSIX:
		f.sendEntryTo(p.source&0xffff, p.vector, cpu)
	}
}

// dropRoute is the inverse of addRoute. An interrupt that the guest has not ended ends.
func (d *Domain) dropRoute(nr uint32, p *pirq) {
	r := routeOf(p.vector)
	if r == nil {
		return
	}
	for i := uint32(0); i < r.n && i < maxSharers; i++ {
		if r.guests[i] == (routeGuest{d, nr}) {
			r.n--
			r.guests[i] = r.guests[r.n%maxSharers]
			r.guests[r.n%maxSharers] = routeGuest{}
			break
		}
	}
	vector := p.vector
	p.vector, p.awaited = 0, false
	f := p.function()
	switch {
	case p.kind == pirqGSI:
		if r.n == 0 {
			ioapicRoute(p.source, vector, 0, true)
		} else {
			r.guests[0].d.openSource(r.guests[0].d.pirq(r.guests[0].nr))
		}
	case f == nil:
	case p.kind == pirqMSI:
		f.stopMSI()
	case p.kind == pirqMSIX:
		f.stopEntry(p.source & 0xffff)
	}
}
