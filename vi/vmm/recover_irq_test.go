package main

import (
	"testing"

	"resvirt/vi/abi"
)

// interrupts is a driver domain with a pin, a message of MSI and one of MSI-X, all bound.
func interrupts(t *testing.T) (b *testBus, d *Domain, pirqs, ports [3]uint32) {
	t.Helper()
	recoverable(t)
	b = onBus(t)
	d, _, _ = driver(t, 1)
	second, sv, _ := onGuest(t, 2) // the NIC's pin goes to another domain than its message
	ioTableOf(second).pins = 1 << testNICPin
	for i, m := range [...]abi.PhysdevMapPirq{
		{Type: abi.MapPirqGSI, Index: testNICPin},
		{Type: abi.MapPirqMSI, DevFn: testNIC},
		{Type: abi.MapPirqMSI, DevFn: testDisk, EntryNr: 3, TableBase: 1},
	} {
		enter(d.vcpu[0])
		if i == 0 {
			enter(sv)
		}
		var rc int64
		pirqs[i], rc = mapIRQ(m)
		must(t, "map", rc)
		ports[i], rc = bindIRQ(pirqs[i], 0)
		must(t, "bind", rc)
	}
	return b, d, pirqs, ports
}

// again lets recovery begin as a microreboot does, or a microreset.
func (b *testBus) again(reboot bool) {
	enter(testCPU.core.idle)
	persist().mode = modeReset
	if reboot {
		persist().mode = modeReboot
		deviceLock = spinlock{} // the new data
		forgetRoutes()
	}
	saneValues()
	staticLocks()
	strayDMA()
	irqRoutes()
	irqEnds()
	irqRedelivery()
}

// TestInterruptsAfterRecovery: after either way of recovery each source still interrupts,
// by the vector that it had, and each guest is told once that there may be something.
func TestInterruptsAfterRecovery(t *testing.T) {
	for _, reboot := range [...]bool{false, true} {
		b, d, pirqs, ports := interrupts(t)
		pin := lookupDomain(2)
		defer pin.put()
		vectors := [3]uint8{pin.pirq(pirqs[0]).vector, d.pirq(pirqs[1]).vector, d.pirq(pirqs[2]).vector}
		b.again(reboot)
		if now := [3]uint8{pin.pirq(pirqs[0]).vector, d.pirq(pirqs[1]).vector, d.pirq(pirqs[2]).vector}; now != vectors {
			t.Errorf("vectors %x, before %x", now, vectors)
		}
		soundHere(t)
		if !pin.isPending(ports[0]) || !d.isPending(ports[1]) || !d.isPending(ports[2]) {
			t.Error("a guest is not told")
		}
		pin.shared.EvtchnPending, d.shared.EvtchnPending = [64]uint64{}, [64]uint64{}
		if testIOAPIC[testNICPin]&redirMasked != 0 || !b.strike(testNIC, 0) || !b.strike(testDisk, 3) || !d.isPending(ports[1]) || !d.isPending(ports[2]) {
			t.Errorf("reboot %v: a source does not interrupt any more", reboot)
		}
	}
}

// TestInterruptDiscarded: a failure between any two stores of what serves a pin's interrupt, and
// of what ends it, leaves a pin that interrupts again.
func TestInterruptDiscarded(t *testing.T) {
	for _, reboot := range [...]bool{false, true} {
		for at := range 6 {
			b, _, pirqs, ports := interrupts(t)
			d := lookupDomain(2)
			p := d.pirq(pirqs[0])
			for _, store := range []func(){
				func() { deviceLock.lock() },
				func() { ioapicRoute(testNICPin, p.vector, 0, true) },
				func() { p.awaited = true },
				func() { d.tellPirq(p) },
				func() { deviceLock.unlock() },
			}[:at] {
				store()
			}
			b.again(reboot)
			if !d.isPending(ports[0]) {
				t.Errorf("failed after %d stores: the guest is not told", at)
			}
			enter(d.vcpu[0])
			d.endPirq(pirqs[0])
			if testIOAPIC[testNICPin]&redirMasked != 0 {
				t.Errorf("failed after %d stores: the pin stays masked", at)
			}
			soundHere(t)
			d.put()
		}
		b, _, pirqs, _ := interrupts(t) // the end
		d := lookupDomain(2)
		b.put(testNIC, 4, cmdMaster)
		ioapicRoute(testNICPin, d.pirq(pirqs[0]).vector, 0, true)
		d.pirq(pirqs[0]).awaited = false
		b.again(reboot)
		if testIOAPIC[testNICPin]&redirMasked != 0 {
			t.Error("the end was discarded: the pin stays masked")
		}
		d.put()
	}
}

// TestBindingDiscarded: a failure between any two stores of what binds a PIRQ, or closes its port,
// leaves both bound or neither, and the call that is issued again does the rest.
func TestBindingDiscarded(t *testing.T) {
	for at := range 5 {
		recoverable(t)
		b := onBus(t)
		d, v, _ := driver(t, 1)
		nr, rc := mapIRQ(abi.PhysdevMapPirq{Type: abi.MapPirqMSI, DevFn: testNIC})
		must(t, "map", rc)
		p := d.pirq(nr)
		port := d.portAfter(0)
		e := d.port(port)
		for _, store := range []func(){
			func() { p.port = port },
			func() { e.vcpu, e.remotePort = 0, nr },
			func() { e.state = abi.EvtchnstatPirq },
			func() { d.addRoute(nr, p) },
		}[:at] {
			store()
		}
		b.again(at%2 == 0)
		soundHere(t)
		enter(v)
		current().arch.log.again = true
		got, rc := bindPirq(d, nr, 0)
		commit()
		if rc != 0 || got != port || !b.strike(testNIC, 0) {
			t.Errorf("binding, after %d stores: port %d, %d", at, got, rc)
		}
		soundHere(t)
		// Closing.
		for _, store := range []func(){
			func() { d.dropRoute(nr, p) },
			func() { p.port, p.shared = 0, false },
			func() { d.clearPending(port) },
			func() { *e = evtchn{queue: e.queue} },
		}[:at] {
			store()
		}
		b.again(at%2 == 1)
		enter(v)
		current().arch.log.again = true
		if rc := closePort(d, port); rc != 0 || p.port != 0 || p.vector != 0 || b.strike(testNIC, 0) {
			t.Errorf("closing, after %d stores: %d, %+v", at, rc, *p)
		}
		current().arch.log.again = false
		soundHere(t)
	}
}

// portAfter is the first closed port behind one.
func (d *Domain) portAfter(n uint32) uint32 {
	for n++; d.port(n).state != abi.EvtchnstatClosed; n++ {
	}
	return n
}

// TestWildDevices: what a fault may have put into what a domain may do with devices is brought
// into its ranges.
func TestWildDevices(t *testing.T) {
	for _, wild := range [...]func(d *Domain, p *pirq){
		func(d *Domain, _ *pirq) { d.io.mem.n = 1 << 30 },
		func(d *Domain, _ *pirq) { d.io.ports.n = maxRanges + 1 },
		func(_ *Domain, p *pirq) { p.kind = 99 },
		func(_ *Domain, p *pirq) { p.vector = 7 },
		func(_ *Domain, p *pirq) { p.source = 1 << 30 },
		func(_ *Domain, p *pirq) { p.port ^= 1 << 20 },
		func(*Domain, *pirq) { devices.routes[0].n = 77 },
		func(d *Domain, _ *pirq) { devices.routes[1].guests[0].d = (*Domain)(frameAddr(99)) },
		func(d *Domain, _ *pirq) { d.io = (*ioTable)(ptr(8)) },
	} {
		b, d, pirqs, _ := interrupts(t)
		wild(d, d.pirq(pirqs[2]))
		b.again(false)
		soundHere(t)
	}
}

// TestStrayDMA: a function whose domain recovery has lost writes nowhere any more.
func TestStrayDMA(t *testing.T) {
	b, d, _, _ := interrupts(t)
	b.put(testNIC, 4, cmdMaster)
	b.put(testDisk, 4, cmdMaster)
	at := &domains.head
	for *at != d {
		at = &(*at).next
	}
	*at = d.next
	b.again(true)
	for _, devfn := range [...]uint8{testNIC, testDisk} {
		if b.get(devfn, 4, 2)&cmdMaster != 0 || findFunction(devfn).owner != 0 {
			t.Errorf("function %#x writes on", devfn)
		}
	}
}
