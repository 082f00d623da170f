package main

// Step irq_routes. The I/O APIC, the messages of functions and the table of vectors say
// together where a device's interrupt goes. A new instance masks all pins and has no table;
// a discarded operation leaves the three half changed. Domains' PIRQs say what should be:
// from these all of it is made anew, with the same vectors, because the local APICs may
// hold interrupts of them whose end the I/O APIC expects. Pins stay masked: see irq_ends.

// irqRoutes leads the source of each PIRQ that is bound to it.
func irqRoutes() {
	if devices == nil || !begin(stepIRQRoutes) {
		return
	}
	devices.routes = [deviceVectors]route{}
	for pin := uint32(firstPCIPin); pin < ioapicPins; pin++ {
		ioapicRoute(pin, 0, 0, true)
	}
	for i := uint32(0); i < devices.n && i < maxFunctions; i++ {
		devices.functions[i].stopMessages()
	}
	eachBound(func(d *Domain, nr uint32, p *pirq) {
		if r := routeOf(p.vector); r != nil && r.fits(p) {
			r.join(d, nr, p)
		} else {
			p.vector = 0
		}
	})
	eachBound(func(d *Domain, nr uint32, p *pirq) {
		if p.vector == 0 && d.addRoute(nr, p) == 0 && p.kind == pirqGSI {
			ioapicRoute(p.source, p.vector, 0, true)
		}
	})
	eachBound(func(d *Domain, _ uint32, p *pirq) {
		if p.vector != 0 && p.kind != pirqGSI {
			d.openSource(p)
		}
	})
}

// fits says whether a vector that a PIRQ had can still be its.
func (r *route) fits(p *pirq) bool {
	return r.n == 0 || r.n < maxSharers && r.level && p.kind == pirqGSI && uint32(r.gsi) == p.source
}

// eachBound calls fn for every PIRQ that is bound to a port.
func eachBound(fn func(d *Domain, nr uint32, p *pirq)) {
	for d := domains.head; d != nil; d = d.next {
		for nr := uint32(0); d.io != nil && nr < maxPirqs; nr++ {
			if p := &d.io.pirqs[nr]; p.port != 0 {
				fn(d, nr, p)
			}
		}
	}
}

// forgetRoutes is what each instance begins with.
func forgetRoutes() {
	if devices != nil {
		devices.routes = [deviceVectors]route{}
	}
	ioapicInit()
}
