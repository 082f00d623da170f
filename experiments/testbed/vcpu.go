package testbed

import (
	"bytes"
	"fmt"

	"resvirt/faults"
	"resvirt/vi/abi"
	"resvirt/vi/inspect"
	"resvirt/vi/seam"
)

// VCPU is what a VM's virtual processor does, as the hypervisor has it.
type VCPU struct {
	VM    string // "d1"
	ID    int
	CPU   int // that runs it now, or the hypervisor for it; -1 = none
	State VCPUState
	// Call is the hypercall that it has under way, "" if none. Of a multicall, Part is the
	// part being executed, from 0, of Parts; PartCall is its name.
	Call        string
	Part, Parts int
	PartCall    string
}

// VCPUState classifies what a vCPU does.
type VCPUState uint8

// States of vCPUs.
const (
	VCPURunning VCPUState = iota
	VCPURunnable
	VCPUBlocked // waits for an event
	VCPUOffline
	VCPUUnknown // the hypervisor's record of it is none of the above
)

var vcpuStates = [...]string{"running", "runnable", "blocked", "offline", "unknown"}

func (s VCPUState) String() string { return vcpuStates[s] }

// VCPUs are those of all domains, in the order of the hypervisor's list.
func (g *Guests) VCPUs(m faults.Machine) (list []VCPU) {
	mem := g.Memory(m)
	for _, o := range g.Checker.Objects(g.Machine(m)) {
		domain, id := g.nameOf(mem, o.Addr)
		if o.Type != "main.VCPU" || domain < 0 {
			continue
		}
		v, err := g.view.At("main.VCPU", o.Addr, mem)
		if err != nil {
			continue
		}
		c := VCPU{VM: vmName(domain), ID: id, CPU: -1, Part: -1, State: VCPUUnknown}
		r := reader{}
		if s := r.number(v, "state"); r.err == nil && s <= abi.RunstateOffline {
			c.State = VCPUState(s)
		}
		for i := range m.CPUs() {
			if curr, ok := g.CurrentVCPU(mem, i); ok && curr == o.Addr {
				c.CPU = i
			}
		}
		g.callOf(&c, m, mem, v)
		list = append(list, c)
	}
	return list
}

// callOf finds the hypercall that a vCPU has under way: it is in the hypervisor, whose
// saved registers say that it came by one.
func (g *Guests) callOf(c *VCPU, m faults.Machine, mem inspect.Memory, v inspect.Value) {
	if c.CPU < 0 || m.CPL(c.CPU) == 3 {
		return
	}
	r := reader{}
	vector, err := ReadWord(mem, g.blockOf(c.CPU)+g.blockRegs+g.regsVector)
	regs, ok := g.GuestRegisters(mem, c.CPU)
	const kernelMode = 1
	if err != nil || !ok || vector&0xffffffff&^g.entering != g.bySyscall || r.number(v, "arch.flags")&kernelMode == 0 {
		return
	}
	c.Call = inspect.HypercallName(g.view, mem, regs[0])
	if r.number(v, "arch.mc.active") != 0 && r.err == nil {
		c.Parts = int(min(regs[6], mostParts)) // RSI: the second argument
		c.Part = int(min(r.number(v, "arch.log.done")>>32, mostParts))
		c.PartCall = inspect.HypercallName(g.view, mem, r.number(v, "arch.mc.call.Op"))
	}
}

// mostParts is how many entries a multicall has at most.
const mostParts = 1 << 20

// vmName is the name by which a domain calls itself on the console.
func vmName(domain int) string { return seam.VMOpen[1:] + fmt.Sprint(domain) }

// LinesOfVMM are the hypervisor's own complete lines.
func LinesOfVMM(serial []byte) (list []string) {
	for line := range bytes.Lines(serial) {
		if text, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte(seam.VMM)); ok && bytes.HasSuffix(line, []byte("\n")) {
			list = append(list, string(text))
		}
	}
	return list
}
