package inspect

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"resvirt/vi/abi"
)

// checkEvents: ports have a valid state, both ends of a channel refer to each
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
		w.checkQueuesOf(i)
	}
	for i := range w.vcpus {
		v := &w.vcpus[i]
		var u upcallInfo
		if v.domain < 0 || v.Info == 0 || w.upcall.read(w.m.Memory, v.Info, &u) != nil {
			continue
		}
		if u.Pending != 0 && v.Pause&w.blocked != 0 {
			w.wrong(Events, v.name, "blocked with an event pending", "awake")
		}
		if u.Selector != 0 && u.Pending == 0 && u.Mask == 0 {
			w.wrong(Events, v.name+" upcall flag", "0", "1: selector is %#x", u.Selector)
		}
	}
}

// numbered is an open port of a domain, with its number.
type numbered struct {
	portInfo
	port uint64
}

// eachBucket calls fn for the pages that hold a domain's event channels, with the
// number of the first one in each.
func (w *world) eachBucket(domain int, fn func(at, first uint64)) {
	for g, at := range w.domains[domain].Groups {
		name := fmt.Sprintf("%s.groups[%d]", w.domainName(domain), g)
		page := make([]byte, 8*w.bucketsPerGroup)
		if at == 0 || !w.object(name, at) || w.m.Memory(at, page) != nil {
			continue
		}
		for k := range w.bucketsPerGroup {
			b := binary.LittleEndian.Uint64(page[8*k:])
			if b != 0 && w.object(fmt.Sprintf("%s[%d]", name, k), b) {
				fn(b, (uint64(g)*w.bucketsPerGroup+k)*w.evtchnPerBucket)
			}
		}
	}
}

// ports lists the event channels of a domain.
func (w *world) ports(domain int) []numbered {
	if w.channels == nil {
		w.channels = make([][]numbered, len(w.domains))
	}
	list := w.channels[domain]
	if list != nil {
		return list
	}
	list = []numbered{}
	w.eachBucket(domain, func(at, first uint64) {
		for k := range w.evtchnPerBucket {
			var p portInfo
			if w.port.read(w.m.Memory, at+k*uint64(w.port.size), &p) == nil && p.State != abi.EvtchnstatClosed {
				list = append(list, numbered{p, first + k})
			}
		}
	})
	w.channels[domain] = list
	return list
}

func (w *world) checkPort(domain string, d *domainInfo, p *numbered, s *sharedInfo) {
	name := fmt.Sprintf("%s port %d", domain, p.port)
	switch {
	case p.State > abi.EvtchnstatIPI:
		w.wrong(Events, name+" state", num(p.State), "at most %d", abi.EvtchnstatIPI)
	case p.Vcpu >= d.Nvcpus:
		w.wrong(Events, name+" vcpu", num(p.Vcpu), "below %d", d.Nvcpus)
		return
	case p.State == abi.EvtchnstatInterdomain:
		w.checkRemote(name, d, p)
	}
	at := p.port / 64
	if d.FifoOn != 0 {
		return // checkQueuesOf
	}
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
			w.wrong(Events, name, "pending, but not in the selector of "+v.name, "announced")
		}
	}
}

func (w *world) checkRemote(name string, d *domainInfo, p *numbered) {
	f, _ := w.frameOf(p.Remote)
	i, ok := w.byFrame[f]
	if !ok || w.domains[i].Addr != p.Remote {
		w.wrong(Pointers, name+" remote", fmt.Sprintf("%#x", p.Remote), "a domain")
		return
	}
	list := w.ports(i)
	k, found := slices.BinarySearchFunc(list, p.RemotePort, func(o numbered, port uint64) int { return cmp.Compare(o.port, port) })
	if found && list[k].State == abi.EvtchnstatInterdomain && list[k].Remote == d.Addr && list[k].RemotePort == p.port {
		return
	}
	w.wrong(Events, name, fmt.Sprintf("bound to port %d of %s", p.RemotePort, w.domainName(i)), "bound to a port that is bound to it")
}
