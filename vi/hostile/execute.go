package main

import "resvirt/vi/abi"

// begins are the first bytes of instructions that a guest's kernel may not
// execute, or that the hypervisor emulates.
var begins = [...][4]byte{
	{0x48, 0x89}, {0x48, 0x87}, {0xf0, 0x48, 0x0f, 0xb1}, {0x0f, 0x22}, {0x0f, 0x20}, {0x0f, 0x30}, {0x0f, 0x32},
	{0x48, 0x0f, 0xba}, {0x0f, 0x01}, {0x0f, 0xa2}, {0xf4}, {0xfa}, {0xfb}, {0xe4}, {0xe6}, {0xec}, {0xee}, {0xed}, {0xef}, {0x6c}, {0x6e},
	{0x0f, 0x09}, {0x0f, 0x06}, {0x0f, 0x00}, {0x8e}, {0xcd}, {0xcf}, {0x48, 0xcf}, {0x0f, 0x05}, {0x0f, 0x07}, {0x0f, 0x34},
	{0x0f, 0x21}, {0x0f, 0x23}, {0xcc}, {0xf1}, {0x0f, 0x0b, 0x78, 0x65}, {0x9d}, {0xca}, {0xcb}, {0x0f, 0xae}, {0x0f, 0xc7},
	{0xf3, 0x48, 0x0f, 0xae}, {0x0f, 0x22, 0xe0}, {0x66, 0x8e},
}

// execute jumps into a page of the arena that holds an instruction at random, with
// registers at random. The exception that follows ends the round.
func (r dice) execute() {
	at := arena + r.page()*pageSize + r.n(4000)
	code := [16]byte{}
	for i := range 15 {
		code[i] = byte(r.word() >> 24)
	}
	if !r.one(8) {
		b := &begins[r.n(uint64(len(begins)))]
		for i := range 4 {
			if b[i] != 0 {
				code[i] = b[i]
			}
		}
	}
	for i := range uint64(16) {
		*(*byte)(ptr(at + i)) = code[i]
	}
	*(*byte)(ptr(at + 16)) = 0x0f // UD2
	*(*byte)(ptr(at + 17)) = 0x0b
	var regs [16]uint64
	for i := range regs {
		regs[i] = r.value()
	}
	if r.one(4) {
		regs[2] = [3]uint64{0xcf8, 0xcfc, devicePort + r.n(256)}[r.n(3)] // RDX, the port
	}
	if r.one(8) {
		level := r.words(1 + r.n(3))
		hypercall(abi.HypercallPhysdevOp, abi.PhysdevopSetIOPL, level, 0, 0, 0)
	}
	if regs[0] = r.n(abi.NumHypercalls); regs[0] == abi.HypercallSelfCheck {
		regs[0] = 0
	}
	if !r.one(100) {
		regs[4] = 0 // RSP is not changed: without a stack the VM would end
	}
	jump(at, &regs)
}

// strange does what a kernel seldom or never does: it makes an iret with any
// values, replaces tables, turns the FPU off.
func (r dice) strange() {
	rounds[me()] |= 31 // so that mend is called soon, else the VM ends
	switch r.n(10) {
	case 0, 1:
		r.giveBack()
	case 2:
		hypercall(abi.HypercallSetGDT, r.words(r.frame(), r.frame()), r.n(1100), 0, 0, 0)
	case 3:
		hypercall(abi.HypercallUpdateDescriptor, r.frame()<<12+r.n(512)*8, r.value(), 0, 0, 0)
	case 4:
		hypercall(abi.HypercallSetTrapTable, r.text(8), 0, 0, 0, 0)
	case 5:
		hypercall(abi.HypercallFPUTaskswitch, 1, 0, 0, 0, 0)
		*(*float64)(ptr(arena)) *= 1.5
	case 6:
		hypercall(abi.HypercallStackSwitch, r.n(1<<16), r.value(), 0, 0, 0)
	case 7:
		hypercall(abi.HypercallSetSegmentBase, r.n(5), r.value(), 0, 0, 0)
	case 8:
		hypercall(abi.HypercallCallbackOp, r.n(3), r.words(r.n(9)|r.n(3)<<16, r.value()), 0, 0, 0)
	case 9:
		hypercall(abi.HypercallSetDebugreg, r.n(9), r.value(), 0, 0, 0)
	}
}

// giveBack returns by the iret hypercall to anywhere: our own code, the arena,
// user mode.
func (r dice) giveBack() {
	v := me()
	c := r.toUser(v)
	switch r.n(4) {
	case 0:
		c[5], c[8] = r.n(1<<16), r.n(1<<16)
	case 1:
		if c[4] = r.value(); r.one(50) {
			c[7] = r.value()
		}
	case 2:
		c[5], c[8] = 0xe033, 0xe02b
		c[4] = r.va()
	}
	iret(&c)
}

// toUser is an iret_context that leads to our code in user mode.
func (r dice) toUser(v int) [10]uint64 {
	return [10]uint64{r.value(), r.value(), r.value(), r.n(1 << 9), entries[v], abi.FlatKernelCS, r.word() & 0x3f7fd7, tops[v] - 64, abi.FlatKernelSS}
}
