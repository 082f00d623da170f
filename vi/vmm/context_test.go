package main

import (
	"strings"
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// spareVCPU gives a guest a vCPU that is down, and a page for its first state.
func spareVCPU(d *Domain) *VCPU { return d.addVCPU(0) }

// properContext is a first state that initVCPU accepts.
func properContext(root mfn) abi.VcpuGuestContext {
	c := abi.VcpuGuestContext{Flags: abi.VGCFInKernel | abi.VGCFI387Valid}
	initFPU(&c.FPU)
	c.Regs.RIP, c.Regs.RSP, c.Regs.CS, c.Regs.SS = pageVA, pageVA, abi.FlatKernelCS, abi.FlatKernelSS
	c.CtrlReg[3] = abi.XenPFNToCR3(uint64(root))
	return c
}

// putContext writes a first state into the guest's pages 4 and 5, and returns its address.
func putContext(c *abi.VcpuGuestContext) uint64 {
	b := unsafe.Slice((*byte)(unsafe.Pointer(c)), unsafe.Sizeof(*c))
	const at = pageVA + 4<<12
	for va := uint64(at); len(b) > 0; va += pageSize {
		n := copy(unsafe.Slice((*byte)(frameAddr(frameOfVA(current(), va))), pageSize), b)
		b = b[n:]
	}
	return at
}

// TestFirstState: a first state is refused if the processor would refuse any part of
// it, and the refusal leaves nothing behind.
func TestFirstState(t *testing.T) {
	const bad = 1 << 63
	world(t, 1)
	free := heap.nfree
	d, _, m := onGuest(t, 1)
	v := spareVCPU(d)
	root := m[0]
	uses := pageOf(root).typ
	for _, row := range []struct {
		name string
		set  func(c *abi.VcpuGuestContext)
		want int64
	}{
		{"FS base", func(c *abi.VcpuGuestContext) { c.FSBase = bad }, -abi.EINVAL},
		{"GS base", func(c *abi.VcpuGuestContext) { c.GSBaseKernel = 1 << 47 }, -abi.EINVAL},
		{"other GS base", func(c *abi.VcpuGuestContext) { c.GSBaseUser = 0xffff7fffffffffff }, -abi.EINVAL},
		{"MXCSR", func(c *abi.VcpuGuestContext) { *mxcsrOf(&c.FPU) = 0xffffffff }, -abi.EINVAL},
		{"MXCSR, lowest reserved bit", func(c *abi.VcpuGuestContext) { *mxcsrOf(&c.FPU) = 1 << 16 }, -abi.EINVAL},
		{"RIP", func(c *abi.VcpuGuestContext) { c.Regs.RIP = bad }, -abi.EINVAL},
		{"RSP", func(c *abi.VcpuGuestContext) { c.Regs.RSP = bad }, -abi.EINVAL},
		{"kernel's stack", func(c *abi.VcpuGuestContext) { c.KernelSP = bad }, -abi.EINVAL},
		{"event callback", func(c *abi.VcpuGuestContext) { c.EventCallback = bad }, -abi.EINVAL},
		{"failsafe callback", func(c *abi.VcpuGuestContext) { c.FailsafeCallback = bad }, -abi.EINVAL},
		{"system call's callback", func(c *abi.VcpuGuestContext) { c.SyscallCallback = bad }, -abi.EINVAL},
		{"trap", func(c *abi.VcpuGuestContext) { c.Traps[255].Address = bad }, -abi.EINVAL},
		{"breakpoint on the hypervisor", func(c *abi.VcpuGuestContext) { c.DebugReg[3] = directMapBaseInTest }, -abi.EINVAL},
		{"breakpoint not canonical", func(c *abi.VcpuGuestContext) { c.DebugReg[0] = bad }, -abi.EINVAL},
		{"DR7.GD", func(c *abi.VcpuGuestContext) { c.DebugReg[7] = 1 << 13 }, -abi.EINVAL},
		{"breakpoint on a port", func(c *abi.VcpuGuestContext) { c.DebugReg[7] = 1 | 2<<16 }, -abi.EINVAL},
		{"vm_assist", func(c *abi.VcpuGuestContext) { c.VMAssist = 1 << 63 }, -abi.EINVAL},
		{"LDT of the hypervisor", func(c *abi.VcpuGuestContext) { c.LDTBase, c.LDTEnts = m2pBase, 8 }, -abi.EINVAL},
		{"LDT too long", func(c *abi.VcpuGuestContext) { c.LDTBase, c.LDTEnts = pageVA, 8193 }, -abi.EINVAL},
		{"LDT in a writable page", func(c *abi.VcpuGuestContext) { c.LDTBase, c.LDTEnts = pageVA+1<<12, 8 }, -abi.EINVAL},
		{"GDT too long", func(c *abi.VcpuGuestContext) { c.GDTEnts = 1 << 40 }, -abi.EINVAL},
		{"GDT of a writable frame", func(c *abi.VcpuGuestContext) { c.GDTFrames[0], c.GDTEnts = uint64(m[4+1]), 8 }, -abi.EINVAL},
		{"user's root of a data page", func(c *abi.VcpuGuestContext) { c.CtrlReg[1] = uint64(m[4+1]) << 12 }, -abi.EINVAL},
		{"user mode", func(c *abi.VcpuGuestContext) { c.Flags = 0 }, -abi.EINVAL},
		{"proper", func(c *abi.VcpuGuestContext) {
			c.LDTBase, c.LDTEnts = pageVA+2<<12, 8
			c.DebugReg[0], c.DebugReg[7] = pageVA, 1|1<<16
			c.FSBase, c.Regs.RFLAGS = 0xffff880000000000, 3<<12
			c.CtrlReg[4] = ^uint64(0)
		}, 0},
	} {
		c := properContext(root)
		row.set(&c)
		if rc := hyperVcpuOp(abi.VcpuopInitialise, 1, putContext(&c), 0, 0); rc != row.want || v.initOK != (rc == 0) {
			t.Errorf("%s: %d, want %d", row.name, rc, row.want)
		}
		commit()
		if !v.initOK && (pageOf(root).typ != uses || v.arch.guestTable != 0 || v.arch.ldtEnts != 0 || v.arch.gdtEnts != 0) {
			t.Errorf("%s: the root is used %#x times, before %#x", row.name, pageOf(root).typ, uses)
		}
	}
	if a := &v.arch; a.ldtEnts != 8 || a.debugReg[7] != 1|1<<16|dr7Fixed || a.debugReg[6] != dr6Fixed || a.iopl != 3 || a.cr4 != cr4FSGSBASE || a.regs.RFLAGS>>12&3 != 0 {
		t.Errorf("LDT of %d, DR7 %#x, DR6 %#x, level %d, CR4 %#x", a.ldtEnts, a.debugReg[7], a.debugReg[6], a.iopl, a.cr4)
	}
	if !v.loadable() {
		t.Error("what was taken cannot be loaded")
	}
	ended(t, free, d)
}

const directMapBaseInTest = 0xffff830000000000 // an address of the hypervisor's, whatever directMapBase is in tests

// TestContextTwice: setvcpucontext accepts what getvcpucontext returns.
func TestContextTwice(t *testing.T) {
	world(t, 1)
	d, _, m := onGuest(t, 1)
	v := spareVCPU(d)
	c := properContext(m[0])
	c.DebugReg[2], c.DebugReg[7], c.Regs.RFLAGS, c.CtrlReg[0], c.CtrlReg[4] = pageVA, 0xdf0020, 1<<12|1<<9|2, 8, cr4FSGSBASE
	c.FSBase, c.GSBaseUser, c.EventCallback = 1, 2, 3
	if rc := initVCPU(v, putContext(&c)); rc != 0 {
		t.Fatal(rc)
	}
	const out = pageVA + 5<<12
	l1 := tableAt(walkToL1(v.arch.guestTable, out))
	for i := range uint64(2) { // writable, because the hypervisor writes there
		l1[out>>12&511+i] |= pteW
	}
	var first archVCPU = v.arch
	if rc := saveVCPU(v, out); rc != 0 {
		t.Fatal(rc)
	}
	v.arch.debugReg, v.arch.fsBase, v.arch.iopl, v.arch.cr4, v.arch.fpuTS = [8]uint64{}, 0, 0, 0, 0
	if rc := initVCPU(v, out); rc != 0 {
		t.Fatal(rc)
	}
	a := &v.arch
	if a.debugReg != first.debugReg || a.fsBase != 1 || a.gsUser != 2 || a.event != 3 || a.iopl != 1 || a.cr4 != cr4FSGSBASE || a.fpuTS != 1 {
		t.Errorf("%x, FS %d, level %d, CR4 %#x, TS %d", a.debugReg, a.fsBase, a.iopl, a.cr4, a.fpuTS)
	}
}

// TestDebugRegisters: which values may be written to them, and what is read
// back (Xen's set_debugreg; AMD APM vol. 2, 13.1.1).
func TestDebugRegisters(t *testing.T) {
	world(t, 1)
	_, v, _ := onGuest(t, 1)
	read := func(n uint64) uint64 { return uint64(hyperGetDebugreg(n, 0, 0, 0, 0)) }
	if read(6) != 0xffff0ff0 || read(7) != 0x400 {
		t.Errorf("at the start DR6 is %#x, DR7 %#x", read(6), read(7))
	}
	for _, row := range []struct {
		n, val, want uint64
		rc           int64
	}{
		{0, 0x1234, 0x1234, 0}, {3, 0xffff880000000000, 0xffff880000000000, 0},
		{1, 0x800000000000, 0, -abi.EPERM}, {1, 0xffff87ffffffffff, 0, -abi.EPERM}, {2, m2pBase, 0, -abi.EPERM},
		{6, 0, 0xffff0ff0, 0}, {6, ^uint64(0), 0xffffefff, 0}, {4, 1, 0xffff0ff1, 0},
		{7, 0, 0x400, 0}, {7, 0xd0101, 0xd0501, 0}, {5, 0x1000000000001, 0x401, 0}, {7, 0xdc55, 0x455, 0},
		{7, 1 << 13, 0x455, -abi.EPERM}, {7, 1 | 2<<28, 0x455, -abi.EPERM}, {7, 2 << 28, 2<<28 | 0x400, 0},
		{8, 0, 0, -abi.ENODEV}, {^uint64(0), 0, 0, -abi.ENODEV},
	} {
		if rc := hyperSetDebugreg(row.n, row.val, 0, 0, 0); rc != row.rc || row.n < 8 && read(row.n) != row.want {
			t.Errorf("DR%d = %#x: %d, reads %#x; want %d, %#x", row.n, row.val, rc, read(row.n&7), row.rc, row.want)
		}
	}
	if hyperGetDebugreg(8, 0, 0, 0, 0) != -abi.EINVAL {
		t.Error("DR8 is read")
	}
	if !v.loadable() {
		t.Error("the processor would refuse what was taken")
	}
}

// TestSaneState: recovery brings damaged values that the processor will load into range,
// and does not change those that are in range.
func TestSaneState(t *testing.T) {
	recoverable(t)
	_, v, _ := onGuest(t, 1)
	v.arch.fsBase, v.arch.gsUser = 0x7fff12345678|1<<61, ^uint64(0)&^(1<<50)
	v.arch.gsKernel = 0xffff800000000000
	*mxcsrOf(&v.arch.fpu) = 0x1f80 | 1<<20
	v.arch.debugReg[0], v.arch.debugReg[7], v.arch.debugReg[6] = 1<<62, 1|1<<40, 0
	v.arch.cr4, v.arch.iopl = ^uint64(0), 7
	if v.loadable() {
		t.Error("nonsense passes for what can be loaded")
	}
	v.saneValues()
	if a := &v.arch; !v.loadable() || a.fsBase != 0x7fff12345678 || a.gsUser != ^uint64(0) || a.gsKernel != 0xffff800000000000 || *mxcsrOf(&a.fpu) != 0x1f80 || a.debugReg[7] != 0x401 {
		t.Errorf("loadable %v, FS %#x, GS %#x and %#x, DR7 %#x", v.loadable(), a.fsBase, a.gsUser, a.gsKernel, a.debugReg[7])
	}
}

// TestIOPL: who may execute CLI, STI and OUT, by level, mode and architectural_iopl,
// and where the level is seen and set (Xen's iopl_ok).
func TestIOPL(t *testing.T) {
	world(t, 1)
	d, v, m := onGuest(t, 1)
	v.arch.guestTableUser = m[0]
	for _, row := range []struct {
		kernel, arch bool
		least        uint32 // level from which on it is allowed
	}{{true, false, 1}, {true, true, 0}, {false, false, 3}, {false, true, 3}} {
		for level := range uint32(4) {
			for _, op := range []byte{0xfa, 0xfb, 0xee} {
				r := insnBytes(op)
				d.assist, v.arch.iopl = 0, level
				if row.arch {
					d.assist = 1 << abi.VMAssistArchitecturalIOPL
				}
				if v.arch.flags &^= inKernelMode; row.kernel {
					v.arch.flags |= inKernelMode
				}
				if ok := serveFault(v, r, trapGP); ok != (level >= row.least) {
					t.Errorf("%#x in the kernel %v, architectural %v, level %d: %v", op, row.kernel, row.arch, level, ok)
				}
			}
		}
	}
	d.assist, v.arch.iopl = 1<<abi.VMAssistArchitecturalIOPL, 2
	v.arch.flags |= inKernelMode
	r := guestRegs()
	*r = regs{RSP: pageVA + 1<<12 + 0x800, CS: abi.FlatKernelCS, SS: abi.FlatKernelSS, RFLAGS: flagIF | 2}
	v.enterGuestKernel(r, &bounce{rip: pageVA})
	if flags := got[uint64](r.RSP + 32); flags>>12&3 != 2 || r.RFLAGS>>12&3 != 0 {
		t.Errorf("the kernel sees %#x, the processor %#x", flags, r.RFLAGS)
	}
	r.RSP = put(1, 0x700, abi.IretContext{RIP: 1, CS: abi.FlatKernelCS &^ 3, RFLAGS: 3 << 12})
	hyperIret(0, 0, 0, 0, 0)
	v.complete(r, 0)
	if v.arch.iopl != 3 || r.RFLAGS>>12&3 != 0 {
		t.Errorf("iret: level %d, the processor's flags %#x", v.arch.iopl, r.RFLAGS)
	}
}

// TestUnfit: a vCPU whose state cannot be loaded ends its domain, with a reason.
func TestUnfit(t *testing.T) {
	world(t, 1)
	d, v, _ := onGuest(t, 1)
	for what := range uint32(len(unfitNames)) {
		d.shutdown = false
		v.unfit(what, 1<<63)
		b := v.arch.bounce
		v.arch.bounce.flags = 0
		v.enterGuestKernel(guestRegs(), &b)
		if !d.shutdown || !strings.Contains(unfitNames[what], "cannot be loaded") {
			t.Errorf("%s: shut down %v", unfitNames[what], d.shutdown)
		}
	}
	v.loadBase(msrFSBase, 1<<63)
	if b := v.arch.bounce; b.flags != bounceUnfit || b.code != unfitFSBase || b.rip != 1<<63 {
		t.Errorf("%+v", b)
	}
}

// TestStepOverEmulated: a guest can single-step over an instruction that the VMM
// executes.
func TestStepOverEmulated(t *testing.T) {
	world(t, 1)
	_, v, _ := onGuest(t, 1)
	v.arch.iopl = 1
	v.arch.traps[trapDB] = abi.TrapInfo{Vector: trapDB, Address: 0x5000}
	for _, code := range [][]byte{{0xfa}, {0x0f, 0x09}, {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2}} {
		for _, tf := range []uint64{0, flagTF} {
			r := insnBytes(code...)
			r.RFLAGS |= tf
			v.arch.bounce, v.arch.debugReg[6] = bounce{}, dr6Fixed
			vector := uint32(trapGP)
			if code[1%len(code)] == 0x0b {
				vector = trapUD
			}
			if !serveFault(v, r, vector) || (v.arch.bounce.rip == 0x5000) != (tf != 0) || v.arch.debugReg[6]&dr6Step != tf<<6 {
				t.Errorf("%x, TF %#x: %+v, DR6 %#x", code, tf, v.arch.bounce, v.arch.debugReg[6])
			}
		}
	}
}

// TestPortMap: with a map of ports user mode may use those whose bits are clear.
func TestPortMap(t *testing.T) {
	world(t, 1)
	_, v, m := onGuest(t, 1)
	v.arch.guestTableUser = m[0]
	v.arch.flags &^= inKernelMode
	at := put(1, 0, [32]byte{0x10: 0xfe, 0x11: 0xff, 0x12: 0x7f, 0x13: 0xfe, 0x1f: 0})
	arg := put(1, 0x100, abi.PhysdevSetIOBitmap{Bitmap: at, NrPorts: 256})
	for _, on := range []bool{false, true} {
		for _, row := range []struct {
			code    byte
			port    uint64
			allowed bool
		}{
			{0xec, 0x80, true}, {0xec, 0x81, false}, {0xef, 0x80, false}, {0xee, 0x97, true}, {0xed, 0x97, false},
			{0xec, 0xff, true}, {0xed, 0xfc, true}, {0xed, 0xfd, false}, {0xec, 0x100, false}, {0xed, 0xffff, false},
		} {
			r := insnBytes(row.code)
			r.RDX = row.port
			if ok := serveFault(v, r, trapGP); ok != (on && row.allowed) {
				t.Errorf("%#x of port %#x, a map %v: %v", row.code, row.port, on, ok)
			}
		}
		if rc := hyperPhysdevOp(abi.PhysdevopSetIOBitmap, arg, 0, 0, 0); rc != 0 {
			t.Fatal(rc)
		}
	}
}
