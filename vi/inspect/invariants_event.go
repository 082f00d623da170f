package inspect

import (
	"fmt"

	"resvirt/vi/abi"
)

// checkEvents: ports are of a known state, both ends of a channel know each
// other, and a pending event is announced: selector, upcall flag, vCPU awake.
func (w *world) checkEvents() {
	for i := range w.domains {
		d, name := &w.domains[i], w.domainName(i)
		var s sharedInfo
		if !w.object(name+".shared", d.Shared) || !w.read(w.shared, d.Shared, name+".shared", &s) {
			continue
		}
		for _, p := range w.ports(i) {
			w.checkPort(name, d, &p, &s)
		}
	}
	for i := range w.vcpus {
		v := &w.vcpus[i]
		var u upcallInfo
		if v.domain < 0 || v.Info == 0 || w.upcall.read(w.m.Memory, v.Info, &u) != nil {
			continue
		}
		if u.Pending != 0 && v.Pause&w.blocked != 0 {
			w.wrong("events", v.name, "blocked with an event pending", "awake")
		}
		if u.Selector != 0 && u.Pending == 0 && u.Mask == 0 {
			w.wrong("events", v.name+" upcall flag", "0", "1: selector is %#x", u.Selector)
		}
	}
}

// numbered is a port of a domain that is not closed.
type numbered struct {
	portInfo
	port uint64
}

// ports lists the event channels of a domain.
func (w *world) ports(domain int) []numbered {
	var list []numbered
	for b, at := range w.domains[domain].Buckets {
		if at == 0 || !w.object(fmt.Sprintf("%s.buckets[%d]", w.domainName(domain), b), at) {
			continue
		}
		for k := range w.evtchnPerBucket {
			var p portInfo
			if w.port.read(w.m.Memory, at+k*uint64(w.port.size), &p) == nil && p.State != abi.EvtchnstatClosed {
				list = append(list, numbered{p, uint64(b)*w.evtchnPerBucket + k})
			}
		}
	}
	return list
}

func (w *world) checkPort(domain string, d *domainInfo, p *numbered, s *sharedInfo) {
	name := fmt.Sprintf("%s port %d", domain, p.port)
	switch {
	case p.State > abi.EvtchnstatIPI:
		w.wrong("events", name+" state", num(p.State), "at most %d", abi.EvtchnstatIPI)
	case p.Vcpu >= d.Nvcpus:
		w.wrong("events", name+" vcpu", num(p.Vcpu), "below %d", d.Nvcpus)
		return
	case p.State == abi.EvtchnstatInterdomain:
		w.checkRemote(name, d, p)
	}
	at := p.port / 64
	if at >= uint64(len(s.Pending)) || at >= uint64(len(s.Mask)) || s.Pending[at]>>(p.port%64)&1 == 0 || s.Mask[at]>>(p.port%64)&1 != 0 {
		return
	}
	for i := range w.vcpus {
		v := &w.vcpus[i]
		var u upcallInfo
		if v.domain < 0 || v.Domain != d.Addr || v.Id != p.Vcpu || v.Info == 0 || w.upcall.read(w.m.Memory, v.Info, &u) != nil {
			continue
		}
		if u.Selector>>at&1 == 0 && u.Mask == 0 {
			w.wrong("events", name, "pending, but not in the selector of "+v.name, "announced")
		}
	}
}

func (w *world) checkRemote(name string, d *domainInfo, p *numbered) {
	f, _ := w.frameOf(p.Remote)
	i, ok := w.byFrame[f]
	if !ok || w.domains[i].Addr != p.Remote {
		w.wrong("pointers", name+" remote", fmt.Sprintf("%#x", p.Remote), "a domain")
		return
	}
	for _, o := range w.ports(i) {
		if o.port == p.RemotePort && o.State == abi.EvtchnstatInterdomain && o.Remote == d.Addr && o.RemotePort == p.port {
			return
		}
	}
	w.wrong("events", name, fmt.Sprintf("bound to port %d of %s", p.RemotePort, w.domainName(i)), "bound to a port that is bound to it")
}
