package inspect

import (
	"fmt"

	"resvirt/vi/abi"
)

// fifoOf reads a domain's part of the FIFO interface of event channels.
func (w *world) fifoOf(domain int) (f fifoInfo, ok bool) {
	d := &w.domains[domain]
	name := w.domainName(domain) + ".fifo"
	return f, d.Fifo != 0 && w.object(name, d.Fifo) && w.read(w.fifo, d.Fifo, name, &f)
}

// takeFIFO takes the frames into which the VMM writes event words and heads.
func (r *recount) takeFIFO(domain int) {
	f, ok := r.fifoOf(domain)
	if !ok {
		return
	}
	name := r.domainName(domain) + ".fifo"
	for _, m := range f.Array {
		if m != 0 {
			r.take(m, r.writable, name+".array")
		}
	}
	for _, c := range f.Control {
		if c.Frame != 0 {
			r.take(c.Frame, r.writable, name+".control")
		}
	}
}

// eventWord reads a port's event word, false if there is none.
func (w *world) eventWord(f *fifoInfo, port uint64) (uint64, bool) {
	if port/w.wordsPerPage >= uint64(len(f.Array)) || f.Array[port/w.wordsPerPage] == 0 {
		return 0, false
	}
	x, err := word(w.m.Memory, w.directMap+f.Array[port/w.wordsPerPage]<<12+port%w.wordsPerPage*4, 4)
	return x, err == nil
}

// checkQueuesOf: an event that is pending is in a queue; one that is in a queue and
// links to no other is the last; and the guest is told of queues that are not empty.
// All of this holds only if the guest keeps the rules.
func (w *world) checkQueuesOf(domain int) {
	f, ok := w.fifoOf(domain)
	d := &w.domains[domain]
	if !ok || d.FifoOn == 0 {
		return
	}
	name := w.domainName(domain)
	for _, p := range w.ports(domain) {
		x, ok := w.eventWord(&f, p.port)
		if !ok {
			continue
		}
		port := fmt.Sprintf("%s port %d", name, p.port)
		linked := x&abi.EvtchnFIFOLinked != 0
		switch {
		case x&abi.EvtchnFIFOBusy != 0:
			w.wrong(Events, port, "busy", "free: nobody sets its link")
		case p.Vcpu >= uint64(len(f.Control)) || p.Queue >= uint64(len(f.Tails)):
			w.wrong(Events, port+" queue", num(p.Queue), "below %d", len(f.Tails))
		case x&(abi.EvtchnFIFOPending|abi.EvtchnFIFOMasked) == abi.EvtchnFIFOPending && !linked && f.Control[p.Vcpu].Frame != 0:
			w.wrong(Events, port, "pending, but in no queue", "in a queue")
		case linked && x&abi.EvtchnFIFOLinkMask == 0 && f.Tails[p.Queue] != p.port:
			w.wrong(Events, port, fmt.Sprintf("the end of a queue whose last port is %d", f.Tails[p.Queue]), "the last")
		}
	}
	for q, port := range f.Tails {
		if x, ok := w.eventWord(&f, port); port != 0 && ok && x&abi.EvtchnFIFOLinked != 0 {
			w.checkTold(d, uint64(q))
		}
	}
}

// checkTold: a vCPU with a queue that is not empty will get an upcall, or is
// handling one.
func (w *world) checkTold(d *domainInfo, queue uint64) {
	for i := range w.vcpus {
		v := &w.vcpus[i]
		var u upcallInfo
		if v.domain < 0 || v.Domain != d.Addr || v.Id != queue/w.fifoQueues || v.Info == 0 || w.upcall.read(w.m.Memory, v.Info, &u) != nil {
			continue
		}
		if u.Pending == 0 && u.Mask == 0 {
			w.wrong(Events, v.name+" upcall flag", "0", "1: there are events of priority %d", queue%w.fifoQueues)
		}
	}
}
