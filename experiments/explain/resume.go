package explain

import (
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/cpu"
	"resvirt/vi/inspect"
)

// guestAt is the state of a vCPU that its guest would see.
type guestAt struct {
	name     string // of the vCPU
	addr     uint64
	current  bool // a CPU has it
	cpu      int
	position uint64 // of a vCPU that goes on
	regs     testbed.Registers
	fs, gs   uint64
	bases    bool   // the bases are known
	call     call   // under way
	upcall   uint64 // where its kernel has just interrupted it, 0 = nowhere
}

// call is a call from a guest under way.
type call struct {
	kind callKind
	name string
}

type callKind uint8

const (
	noCall callKind = iota
	hypercall
	systemCall
	entering // its kind is not known yet
)

// Loss is what a VM's vCPU lost in a recovery.
type Loss uint8

// Losses.
const (
	LostHypercall  Loss = iota // was not issued again
	LostSystemCall             // the same
	LostEntry                  // the same, of a call of unknown kind
	LostRegisters
	LostRIP
	LostFS
)

var lossTexts = [...]string{
	"a hypercall under way was not issued again", "a system call under way was not issued again",
	"a call that had just entered the VMM was not issued again", "registers of the VM changed", "RIP of the VM changed", "FS base of the VM changed",
}

func (l Loss) String() string { return lossTexts[l] }

// lossOf is the loss of a call.
var lossOf = map[callKind]Loss{hypercall: LostHypercall, systemCall: LostSystemCall, entering: LostEntry}

const vcpuType = "main.VCPU"

// guests lists the states of a VM's vCPUs that have a CPU.
func (x *explainer) guests(vm string) []guestAt {
	a := x.a
	mem := a.Memory(x.Machine)
	under := map[string]call{}
	for _, c := range a.Checker.UnderWay(a.Machine(x.Machine)) {
		under[c.VCPU] = call{hypercall, c.Name}
		if c.System {
			under[c.VCPU] = call{systemCall, c.Name}
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
		if g.call.kind == noCall && x.a.Enters(mem, g.cpu) {
			g.call = call{entering, "a call that had just entered the VMM"}
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
// in which they go on after recovery. It returns what was lost, and the evidence.
func (x *explainer) resumption(row *experiments.Row, s experiments.Setting, vm string) (lost []Loss, evidence []Fact, err error) {
	if err := x.Begin(row, s); err != nil {
		return nil, nil, err
	}
	x.Past(&row.Detections[0])
	before := x.guests(vm)
	done := x.Machine.Position()
	if st, ok := completion(row); ok {
		done = st.Position
	}
	x.To(done)
	for _, g := range before {
		now, ok := x.resumed(&g, row.EndPosition)
		if !ok {
			evidence = append(evidence, Fact{Kind: DidNotGoOn, CPU: g.cpu, Object: g.name})
			continue
		}
		l, facts := x.compareGuest(&g, now)
		lost, evidence = append(lost, l...), append(evidence, facts...)
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
			now = &guestAt{name: g.name, cpu: e.CPU, position: e.Position}
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
func (x *explainer) compareGuest(was, is *guestAt) (lost []Loss, evidence []Fact) {
	rip, now := was.regs[faults.RIP], is.regs[faults.RIP]
	note := func(f Fact) {
		f.CPU, f.Position, f.Object = is.cpu, is.position, was.name
		evidence = append(evidence, f)
	}
	here := []Line{x.line(x.a.Target.Locate(now))}
	both := append(slices.Clone(here), x.line(x.a.Target.Locate(rip)))
	switch {
	case was.call.kind != noCall && now == rip-syscallBytes:
		note(Fact{Kind: IssuedAgain, Words: was.call.name, Places: here})
	case was.call.kind != noCall && now == rip:
		lost = append(lost, lossOf[was.call.kind])
		note(Fact{Kind: NotIssuedAgain, Words: was.call.name, Places: here, Values: []Value{{Name: "result", Is: Word(is.regs[0])}}})
	case now == rip:
		if changed := changedRegisters(was, is); len(changed) > 0 {
			lost = append(lost, LostRegisters)
			note(Fact{Kind: RegistersChanged, Places: here, Values: changed})
		}
	case is.upcall != 0 && is.upcall != rip && is.upcall != rip-syscallBytes && was.call.kind != noCall:
		lost = append(lost, LostRIP)
		note(Fact{Kind: InterruptedAt, Places: both, Values: []Value{{Name: "rip", Is: Word(is.upcall)}}})
	default:
		note(Fact{Kind: GoesOn, Places: both})
	}
	if was.bases && is.bases && was.fs != is.fs {
		lost = append(lost, LostFS)
		note(Fact{Kind: BaseChanged, Values: []Value{changed("fs base", is.fs, was.fs)}})
	}
	return lost, evidence
}

// changedRegisters lists the general registers with other values.
func changedRegisters(was, is *guestAt) []Value {
	var list []Value
	for i := range 16 {
		if was.regs[i] != is.regs[i] {
			list = append(list, changed(faults.Register(i).String(), is.regs[i], was.regs[i]))
		}
	}
	return list
}

func changed(name string, is, was uint64) Value {
	w := Word(was)
	return Value{Name: name, Is: Word(is), Was: &w}
}
