package testbed

import (
	"cmp"
	"fmt"
	"slices"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// Known are the VMM's structures that have names of their own at one moment: the CPUs'
// blocks, domains and vCPUs.
type Known struct {
	byAddr []inspect.Value
	cpus   []inspect.Value
	regs   []inspect.Value // the guest's registers that the entry on a CPU saved
	list   []inspect.Value // domains and vCPUs, in the order of the domains' list
}

// KnownIn finds them.
func (a *Anatomy) KnownIn(m faults.Machine) *Known {
	mem := a.Memory(m)
	k := &Known{}
	for i := range a.ncpus {
		if v, err := a.view.At("main.CPU", a.blockOf(i), mem); err == nil {
			k.cpus = append(k.cpus, v.Rename(fmt.Sprintf("CPU%d", i)))
		}
		if v, err := a.view.At("resvirt/vi/abi.CPUUserRegs", a.blockOf(i)+a.blockRegs, mem); err == nil {
			k.regs = append(k.regs, v.Rename(fmt.Sprintf("CPU%d.guest", i)))
		}
	}
	for _, o := range a.Checker.Objects(a.Machine(m)) {
		if v, err := a.view.At(o.Type, o.Addr, mem); err == nil {
			k.list = append(k.list, v.Rename(o.Name))
		}
	}
	k.byAddr = slices.Concat(k.cpus, k.regs, k.list)
	slices.SortStableFunc(k.byAddr, func(x, y inspect.Value) int { return cmp.Compare(x.Addr, y.Addr) })
	return k
}

// At is the structure that contains an address; it is for inspect.Style.
func (k *Known) At(addr uint64) (inspect.Value, bool) {
	i, exact := slices.BinarySearchFunc(k.byAddr, addr, func(v inspect.Value, addr uint64) int { return cmp.Compare(v.Addr, addr) })
	if !exact {
		i--
	}
	if i < 0 || addr-k.byAddr[i].Addr >= uint64(max(1, k.byAddr[i].Size())) {
		return inspect.Value{}, false
	}
	return k.byAddr[i], true
}

// Roots lists the VMM's structures that are worth a look at one moment, from those that
// concern a CPU to all: the CPU's block, the vCPU on it, the vCPU's domain, the guest's
// registers that the entry saved; then all other blocks, domains and vCPUs, then the
// VMM's variables by name.
func (g *Guests) Roots(m faults.Machine, cpu int) []inspect.Value {
	mem, k := g.Memory(m), g.KnownIn(m)
	var list []inspect.Value
	seen := map[uint64]bool{}
	add := func(v inspect.Value) {
		if !seen[v.Addr] {
			seen[v.Addr] = true
			list = append(list, v)
		}
	}
	if cpu < len(k.cpus) {
		add(k.cpus[cpu])
	}
	if at, ok := g.CurrentVCPU(mem, cpu); ok {
		if v, ok := k.At(at); ok {
			add(v)
			if d, err := v.Follow("domain"); err == nil {
				if to, err := d.Uint(); err == nil {
					if v, ok := k.At(to); ok {
						add(v)
					}
				}
			}
		}
	}
	if cpu < len(k.regs) {
		add(k.regs[cpu])
	}
	for _, v := range slices.Concat(k.cpus, k.regs, k.list) {
		add(v)
	}
	for _, name := range g.view.Vars("main.") {
		if v, err := g.view.Var(name, mem); err == nil {
			list = append(list, v)
		}
	}
	return list
}
