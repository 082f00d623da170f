package inspect

import (
	"encoding/binary"
	"fmt"

	"resvirt/vi/abi"
)

// deviceTable is the address of the VMM's table of functions, 0 if it has none.
func (w *world) deviceTable() uint64 {
	if w.devices == nil {
		return 0
	}
	at := w.get(w.devicesAt)
	if at == 0 && w.persist.Saved != 0 {
		at = w.persist.Devices
	}
	return at
}

// checkDevices: functions belong to domains; a PIRQ that is bound, its port and the route of
// its vector know each other.
func (w *world) checkDevices() {
	var t devicesInfo
	if at := w.deviceTable(); at != 0 && (!w.object("main.devices", at) || !w.read(w.devices, at, "main.devices", &t)) {
		return
	}
	for i := range t.Functions[:min(t.N, uint64(len(t.Functions)))] {
		f := &t.Functions[i]
		if _, ok := w.byFrame[f.Owner]; f.Owner != 0 && !ok {
			w.wrong(Pointers, fmt.Sprintf("owner of function %02x.%d", f.Devfn>>3, f.Devfn&7), w.ownerName(f.Owner), "a domain or nobody")
		}
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		for _, g := range r.Guests[:min(r.N, uint64(len(r.Guests)))] {
			if f, _ := w.frameOf(g.D); !w.isDomain(f, g.D) {
				w.wrong(Pointers, fmt.Sprintf("a guest of vector %#x", w.firstDevice+uint64(i)), fmt.Sprintf("%#x", g.D), "a domain")
			}
		}
	}
	for i := range w.domains {
		w.checkPirqs(i, &t)
	}
}

func (w *world) isDomain(frame, addr uint64) bool {
	i, ok := w.byFrame[frame]
	return ok && w.domains[i].Addr == addr
}

func (w *world) checkPirqs(domain int, t *devicesInfo) {
	d, name := &w.domains[domain], w.domainName(domain)
	bound := map[uint64]uint64{} // PIRQ and its port, as ports have it
	for _, p := range w.ports(domain) {
		if p.State == abi.EvtchnstatPirq {
			bound[p.RemotePort] = p.port
		}
	}
	var io ioInfo
	if d.Io != 0 && (!w.object(name+".io", d.Io) || !w.read(w.io, d.Io, name+".io", &io)) {
		return
	}
	for nr := range io.Pirqs {
		p, place := &io.Pirqs[nr], fmt.Sprintf("%s PIRQ %d", name, nr)
		if port := bound[uint64(nr)]; port != p.Port {
			w.wrong(Events, place+" port", num(p.Port), "%d, as the ports have it", port)
		}
		delete(bound, uint64(nr))
		switch {
		case p.Port == 0:
			if p.Vector != 0 || p.Awaited {
				w.wrong(Interrupts, place, fmt.Sprintf("not bound, with vector %#x, awaited %v", p.Vector, p.Awaited), "without either")
			}
		case p.Kind <= w.pirqReserved:
			w.wrong(Interrupts, place, "bound, but not mapped", "both")
		case !t.leads(p.Vector-w.firstDevice, d.Addr, uint64(nr)):
			w.wrong(Interrupts, place+" vector", fmt.Sprintf("%#x", p.Vector), "one that leads to it")
		}
	}
	for nr, port := range bound {
		w.wrong(Events, fmt.Sprintf("%s port %d", name, port), fmt.Sprintf("bound to PIRQ %d", nr), "bound to one that it has")
	}
}

// leads says whether a vector leads to a domain's PIRQ.
func (t *devicesInfo) leads(vector, domain, nr uint64) bool {
	if vector >= uint64(len(t.Routes)) {
		return false
	}
	r := &t.Routes[vector]
	for _, g := range r.Guests[:min(r.N, uint64(len(r.Guests)))] {
		if g.D == domain && g.Nr == nr {
			return true
		}
	}
	return false
}

// eachDMATable calls fn for the frames of the tables by which a domain's functions reach memory.
func (w *world) eachDMATable(domain int, fn func(frame uint64)) {
	var io ioInfo
	if d := &w.domains[domain]; d.Io == 0 || w.io.read(w.m.Memory, d.Io, &io) != nil || io.Root == 0 {
		return
	}
	w.dmaTable(io.Root, 3, fn)
}

// dmaTable does so for a table of a level and those below it.
func (w *world) dmaTable(frame uint64, level int, fn func(frame uint64)) {
	fn(frame)
	page := make([]byte, 4096)
	if level == 1 || w.m.Memory(w.directMap+frame<<12, page) != nil {
		return
	}
	for i := 0; i < len(page); i += 8 {
		if e := binary.LittleEndian.Uint64(page[i:]); e&1 != 0 && e&entryAddress>>12 < uint64(len(w.frames)) {
			w.dmaTable(e&entryAddress>>12, level-1, fn)
		}
	}
}
