package explain

import (
	"fmt"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/cpu"
	"resvirt/vi/inspect"
)

// guestAt is the state of a vCPU that its guest would see.
type guestAt struct {
	name    string // of the vCPU
	addr    uint64
	current bool // a CPU has it
	cpu     int
	regs    testbed.Registers
	fs, gs  uint64
	bases   bool   // the bases are known
	call    string // the hypercall or system call under way, "" = none
	upcall  uint64 // where its kernel has just interrupted it, 0 = nowhere
}

const vcpuType = "main.VCPU"

// guests lists the states of a VM's vCPUs that have a CPU.
func (x *explainer) guests(vm string) []guestAt {
	a := x.a
	mem := a.Memory(x.Machine)
	under := map[string]string{}
	for _, v := range a.Check(x.Machine) {
		if call, ok := strings.CutPrefix(v.Is, "in "); ok && v.Kind == "calls" {
			under[v.Place], _, _ = strings.Cut(call, " after ")
		}
	}
	var list []guestAt
	for _, o := range a.Checker.Objects(a.Machine(x.Machine)) {
		if o.Type != vcpuType || !strings.HasPrefix(o.Name, vm+"v") {
			continue
		}
		g := guestAt{name: o.Name, addr: o.Addr, call: under[o.Name]}
		for c := range x.Machine.CPUs() {
			if v, ok := a.CurrentVCPU(mem, c); !ok || v != o.Addr {
				continue
			}
			g.current, g.cpu = true, c
			x.fill(&g, mem)
		}
		if g.current {
			list = append(list, g)
		}
	}
	return list
}

// fill reads the guest's state from its CPU.
func (x *explainer) fill(g *guestAt, mem inspect.Memory) {
	g.regs = testbed.RegistersOf(x.Machine, g.cpu)
	if x.Machine.CPL(g.cpu) == 0 {
		g.regs, _ = x.a.GuestRegisters(mem, g.cpu)
		if g.call == "" && x.a.Enters(mem, g.cpu) {
			g.call = "a call that had just entered the VMM"
		}
	}
	// At an entry the kernel's stack has RCX, R11 and RIP.
	if p := x.a.Target.Locate(g.regs[faults.RIP]); x.Machine.CPL(g.cpu) == 3 && p.Offset == 0 && strings.Contains(p.Function, "guest.vec") {
		g.upcall, _ = testbed.ReadWord(x.a.Virtual(x.Machine, g.cpu), g.regs[4]+16)
	}
	if h, ok := x.Machine.(*testbed.Hardware); ok {
		g.fs, g.gs, g.bases = h.CPU(g.cpu).Seg[cpu.FS].Base, h.CPU(g.cpu).Seg[cpu.GS].Base, true
	}
}

// resumption compares the state of a VM's vCPUs at the detection with the state
// in which they go on after recovery. It returns what was lost, as a text that
// is equal for similar runs, and the evidence.
func (x *explainer) resumption(row *experiments.Row, s experiments.Setting, vm string) (lost, evidence []string, err error) {
	if err := x.Begin(row, s); err != nil {
		return nil, nil, err
	}
	x.Past(&row.Detections[0])
	before := x.guests(vm)
	done := x.Machine.Position()
	for _, st := range row.Steps {
		if st.Done {
			done = st.Position
			break
		}
	}
	x.To(done)
	for _, g := range before {
		now, ok := x.resumed(&g, row.EndPosition)
		if !ok {
			evidence = append(evidence, fmt.Sprintf("%s, which had CPU %d, did not go on", g.name, g.cpu))
			continue
		}
		l, t := compareGuest(&g, now, x.a.Target)
		lost, evidence = append(lost, l...), append(evidence, t...)
	}
	return lost, evidence, nil
}

const resumeSlice = 20000

// resumed runs until the guest's first instruction after recovery.
func (x *explainer) resumed(g *guestAt, end uint64) (*guestAt, bool) {
	mem := x.a.Memory(x.Machine)
	var now *guestAt
	x.Machine.Trace(func(e faults.TraceEntry) {
		if now != nil || e.CPL != 3 || e.CPU != g.cpu {
			return
		}
		if v, ok := x.a.CurrentVCPU(mem, e.CPU); ok && v == g.addr {
			now = &guestAt{name: g.name, cpu: e.CPU}
			x.fill(now, mem)
		}
	})
	defer x.Machine.Trace(nil)
	for now == nil && x.Machine.Position() < end {
		before := x.Machine.Position()
		x.To(min(end, before+resumeSlice))
		if x.Machine.Position() == before {
			break
		}
	}
	return now, now != nil
}

const syscallBytes = 2

// compareGuest tells what a guest lost.
func compareGuest(was, is *guestAt, t *faults.Target) (lost, evidence []string) {
	at := shortPlace(t.Locate(is.regs[faults.RIP]))
	rip := was.regs[faults.RIP]
	switch {
	case was.call != "" && is.regs[faults.RIP] == rip-syscallBytes:
		evidence = append(evidence, fmt.Sprintf("%s was in %s, which is issued again, in %s", was.name, was.call, at))
	case was.call != "" && is.regs[faults.RIP] == rip:
		lost = append(lost, alikeCall(was.call)+" was not issued again")
		evidence = append(evidence, fmt.Sprintf("%s was in %s, which is not issued again: it goes on in %s with %#x for its result", was.name, was.call, at, is.regs[0]))
	case is.regs[faults.RIP] == rip:
		var names []string
		for i := range 16 {
			if was.regs[i] != is.regs[i] {
				names = append(names, fmt.Sprintf("%s = %#x, was %#x", faults.Register(i), is.regs[i], was.regs[i]))
			}
		}
		if len(names) > 0 {
			lost = append(lost, "registers of the VM changed")
			evidence = append(evidence, fmt.Sprintf("%s goes on in %s with other registers: %s", was.name, at, strings.Join(names, "; ")))
		}
	case is.upcall != 0 && is.upcall != rip && is.upcall != rip-syscallBytes && was.call != "":
		lost = append(lost, "RIP of the VM changed")
		evidence = append(evidence, fmt.Sprintf("%s was at %s and goes on in %s, as if it had been at %#x", was.name, shortPlace(t.Locate(rip)), at, is.upcall))
	default:
		evidence = append(evidence, fmt.Sprintf("%s was at %s and goes on in %s", was.name, shortPlace(t.Locate(rip)), at))
	}
	if was.bases && is.bases && was.fs != is.fs {
		lost = append(lost, "FS base of the VM changed")
		evidence = append(evidence, fmt.Sprintf("%s goes on with FS base %#x, was %#x", was.name, is.fs, was.fs))
	}
	return lost, evidence
}

// alikeCall drops the name of the call.
func alikeCall(call string) string {
	switch {
	case strings.HasPrefix(call, "system call"):
		return "a system call under way"
	case strings.HasPrefix(call, "hypercall"):
		return "a hypercall under way"
	}
	return call
}
