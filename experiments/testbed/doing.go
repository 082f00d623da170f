package testbed

import (
	"resvirt/faults"
	"resvirt/hw/cpu"
	"resvirt/vi/inspect"
)

// DoingKind classifies what a processor does.
type DoingKind uint8

// What processors do.
const (
	InVMM   DoingKind = iota // the hypervisor's code
	InNMI                    // the hypervisor's, with NMIs blocked: it handles one, or waits in its handler for another processor
	Idle                     // halted, until an interrupt
	InGuest                  // a VM's kernel
	InUser                   // a VM's program
	Off                      // not started, or shut down
)

var doingKinds = [...]string{InVMM: "VMM", InNMI: "NMI handler", Idle: "idle", InGuest: "VM kernel", InUser: "VM program", Off: "off"}

func (k DoingKind) String() string { return doingKinds[k] }

// Doing is what a processor does at one moment.
type Doing struct {
	Kind   DoingKind
	Domain int // whose vCPU it runs, or serves in the hypervisor; -1 = none that is known
	VCPU   int
}

// Doing is what a processor does.
func (a *Anatomy) Doing(m faults.Machine, id int) Doing {
	d := Doing{Kind: InVMM, Domain: -1, VCPU: -1}
	h, _ := m.(*Hardware)
	mem := a.Memory(m)
	vcpu, known := a.CurrentVCPU(mem, id)
	if known && vcpu != 0 {
		d.Domain, d.VCPU = a.nameOf(mem, vcpu)
	}
	switch {
	case h != nil && h.CPU(id).Activity == cpu.Halted:
		d.Kind = Idle
	case h != nil && h.CPU(id).Activity != cpu.Running:
		d.Kind = Off
	case m.CPL(id) == 3:
		d.Kind = InUser
		if flags, err := ReadWord(mem, vcpu+a.flags); known && err == nil && flags&1 != 0 {
			d.Kind = InGuest
		}
	case h != nil && h.CPU(id).NMIBlocked:
		d.Kind = InNMI
	}
	return d
}

// nameOf is the domain and the number of a vCPU, -1 for both if it is an idle one or none.
func (a *Anatomy) nameOf(mem inspect.Memory, vcpu uint64) (domain, number int) {
	v, err := a.view.At("main.VCPU", vcpu, mem)
	if err != nil {
		return -1, -1
	}
	r := reader{}
	at := r.number(v, "domain")
	if r.err != nil || at == 0 {
		return -1, -1
	}
	d, err := a.view.At("main.Domain", at, mem)
	if err != nil {
		return -1, -1
	}
	domain, number = int(r.number(d, "id")), int(r.number(v, "id"))
	if r.err != nil || domain >= firstReservedDomain {
		return -1, -1
	}
	return domain, number
}

// firstReservedDomain: identifiers from here on stand for no domain (Xen's public
// xen.h, DOMID_FIRST_RESERVED).
const firstReservedDomain = 0x7ff0
