package checks

import (
	"fmt"

	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/sim"
)

// flipped is a bit that is to flip, of memory or of a processor's register.
type flipped struct {
	vm, what string
	sort     string // as in Flip, if it is not what
	strike   func(h *testbed.Hardware)
	register *follower // says whether it is used; nil where memory is watched
}

// draw chooses what flips; nil if there is nothing of the class at this moment.
func (o *oracle) draw(h *testbed.Hardware, class string, r *sim.Rand) (*flipped, error) {
	vms, err := o.guests.In(h)
	if err != nil || len(vms) == 0 {
		return nil, err
	}
	switch class {
	case usedMemory, writtenMemory:
		return o.drawPage(vms, class == usedMemory, r), nil
	case kernelStacks:
		return o.drawStack(h, vms, r)
	case liveRegisters:
		return o.drawRunning(h, vms, r)
	}
	vm := vms[r.IntN(len(vms))]
	c, err := o.guests.ContextOf(h, vm)
	if err != nil || c.Registers == 0 {
		return nil, err
	}
	if class == savedRegisters {
		return o.drawSaved(h, vm, &c, r), nil
	}
	return o.drawFPU(h, vm, &c, r), nil
}

// bit flips a bit of a byte of memory and watches it.
func (o *oracle) bit(pa uint64, bit int) func(h *testbed.Hardware) {
	return func(h *testbed.Hardware) {
		var b [1]byte
		h.ReadPhys(pa, b[:])
		h.WritePhys(pa, []byte{b[0] ^ 1<<bit})
		o.guests.Watch(h, pa)
	}
}

// drawPage draws among all pages in use, or among those that are written.
func (o *oracle) drawPage(vms []*testbed.Guest, all bool, r *sim.Rand) *flipped {
	type owned struct {
		vm   string
		page testbed.UsedPage
	}
	var list []owned
	for _, vm := range vms {
		for _, p := range vm.Pages() {
			if all || p.Written {
				list = append(list, owned{vm.Name, p})
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	p := list[r.IntN(len(list))]
	return &flipped{vm: p.vm, what: p.page.Kind, strike: o.bit(p.page.PA+r.Uint64N(4096), r.IntN(8))}
}

func (o *oracle) drawStack(h *testbed.Hardware, vms []*testbed.Guest, r *sim.Rand) (*flipped, error) {
	vm := vms[r.IntN(len(vms))]
	c, err := o.guests.ContextOf(h, vm)
	if err != nil {
		return nil, err
	}
	rsp := uint64(0)
	if c.Kernel {
		rsp = c.Values[4]
	}
	list, total := vm.Stacks(rsp), uint64(0)
	for _, s := range list {
		total += s.Len
	}
	if total == 0 {
		return nil, nil
	}
	k := r.Uint64N(total)
	for _, s := range list {
		if k < s.Len {
			return &flipped{vm: vm.Name, what: "kernel stack", strike: o.bit(s.Start+k, r.IntN(8))}, nil
		}
		k -= s.Len
	}
	panic("BUG: a byte beyond all stacks")
}

// general registers, RFLAGS and RIP, each with its bits.
func drawRegister(r *sim.Rand) (faults.Register, int) {
	reg := faults.Register(r.IntN(faults.Registers))
	return reg, reg.Bit(r.IntN(reg.Bits()))
}

// ofRegister is a flip in a register, or of a flag, which has the name of its bit.
func ofRegister(vm string, reg faults.Register, bit int) *flipped {
	if reg == faults.RFLAGS {
		sort := reg.String() + " bit"
		return &flipped{vm: vm, what: fmt.Sprintf("%s %d", sort, bit), sort: sort}
	}
	return &flipped{vm: vm, what: reg.String()}
}

// followed is the follower for a register of a vCPU.
func (o *oracle) followed(h *testbed.Hardware, vm *testbed.Guest, c *testbed.Context, reg faults.Register, bit int) *follower {
	f := &follower{guests: o.guests, m: h, vcpu: vm.VCPU, at: register{general, int(reg), bit}, value: c.Values[reg]}
	switch reg {
	case faults.RFLAGS:
		f.at.kind = flags
	case faults.RIP:
		f.at.kind = pointer
	}
	return f
}

func (o *oracle) drawRunning(h *testbed.Hardware, vms []*testbed.Guest, r *sim.Rand) (*flipped, error) {
	for _, vm := range vms {
		c, err := o.guests.ContextOf(h, vm)
		if err != nil {
			return nil, err
		}
		if c.CPU != h.Next() || c.Registers != 0 {
			continue
		}
		reg, bit := drawRegister(r)
		f := ofRegister(vm.Name, reg, bit)
		f.register = o.followed(h, vm, &c, reg, bit)
		f.strike = func(h *testbed.Hardware) {
			h.SetRegister(c.CPU, reg, h.Register(c.CPU, reg)^1<<bit)
		}
		return f, nil
	}
	return nil, nil
}

func (o *oracle) drawSaved(h *testbed.Hardware, vm *testbed.Guest, c *testbed.Context, r *sim.Rand) *flipped {
	reg, bit := drawRegister(r)
	f := ofRegister(vm.Name, reg, bit)
	f.register, f.strike = o.followed(h, vm, c, reg, bit), o.bit(c.Slot(reg)+uint64(bit/8), bit%8)
	return f
}

// drawFPU draws among the registers of SSE and x87, their control words, and the
// bases of FS and GS and the selectors of data where the VMM holds them.
func (o *oracle) drawFPU(h *testbed.Hardware, vm *testbed.Guest, c *testbed.Context, r *sim.Rand) *flipped {
	n := r.IntN(33)
	var at register
	where := c.FPU
	switch {
	case n < 16:
		at = register{vector, n, r.IntN(128)}
	case n < 24:
		at = register{x87, n - 16, r.IntN(80)}
	case n == 24:
		at = register{x87Control, 0, [...]int{0, 1, 2, 3, 4, 5, 8, 9, 10, 11}[r.IntN(10)]} // the others do nothing
	case n == 25:
		at = register{mxcsr, 0, r.IntN(16)}
	case c.Bases == 0:
		return nil
	case n < 29:
		at, where = register{[...]part{fsBase, gsKernel, gsUser}[n-26], 0, r.IntN(47)}, c.Bases+8*uint64(n-26)
	default:
		at, where = register{selector, n - 29, r.IntN(16)}, c.Selectors+2*uint64(n-29)
	}
	names := [...]string{vector: "XMM", x87: "x87 register", x87Control: "x87 control word", mxcsr: "MXCSR", fsBase: "FS base", gsKernel: "kernel GS base", gsUser: "GS base", selector: "selector of a data segment"}
	f := &follower{guests: o.guests, m: h, vcpu: vm.VCPU, at: at}
	sort := names[at.kind]
	what := sort
	if at.kind == vector || at.kind == x87 {
		what = fmt.Sprintf("%s %d", sort, at.n)
	}
	pa := where + imageOffset(at) + uint64(at.bit/8)
	return &flipped{vm: vm.Name, what: what, sort: sort, register: f, strike: o.bit(pa, at.bit%8)}
}
