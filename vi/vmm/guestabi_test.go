package main

import (
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// TestDescriptors: whatever a guest may load is of ring 3; no gate and no
// system segment gets into a table (AMD APM vol. 2, 4.8).
func TestDescriptors(t *testing.T) {
	for _, row := range []struct {
		name       string
		desc, want uint64
		ok         bool
	}{
		{"null", 0, 0, true},
		{"absent call gate", 0x00000c0000000000, 0x00000c0000000000, true},
		{"kernel code, 64 bits", 0x00af9b000000ffff, 0x00affb000000ffff, true},
		{"user data", 0x00cff3000000ffff, 0x00cff3000000ffff, true},
		{"call gate", 0x0000ec0000100000, 0, false},
		{"TSS", 0x0000890000000067, 0, false},
		{"LDT", 0x0000820000000000, 0, false},
	} {
		if got, ok := checkDescriptor(row.desc); ok != row.ok || ok && got != row.want {
			t.Errorf("%s: %#x %v, want %#x %v", row.name, got, ok, row.want, row.ok)
		}
	}
}

// TestDescriptorTables: frames of GDT and LDT are checked, are not writable
// while they are in use, and come back.
func TestDescriptorTables(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	d, v, m := onGuest(t, 1)
	const page2 = pageVA + 2<<12 // read-only for the guest
	gdt := tableAt(m[4+2])
	gdt[1] = 0x00af9b000000ffff
	at := put(1, 0, uint64(m[4+2]))
	if rc := hyperSetGDT(at, 16, 0, 0, 0); rc != 0 || gdt[1] != 0x00affb000000ffff || v.arch.gdtFrames[0] != m[4+2] {
		t.Fatalf("set_gdt: %d, descriptor %#x", rc, gdt[1])
	}
	desc := uint64(m[4+2])<<12 + 8*3
	if rc := hyperUpdateDescriptor(desc, 0x00cf93000000ffff, 0, 0, 0); rc != 0 || gdt[3] != 0x00cff3000000ffff {
		t.Errorf("update_descriptor: %d, %#x", rc, gdt[3])
	}
	if rc := hyperUpdateDescriptor(desc, 0x0000ec0000100000, 0, 0, 0); rc != -abi.EINVAL {
		t.Errorf("a gate: %d", rc)
	}
	if rc := hyperSetGDT(put(1, 0, uint64(m[4+3])), 16, 0, 0, 0); rc != -abi.EINVAL {
		t.Errorf("a writable frame as GDT: %d", rc)
	}
	if rc := setLDT(v, page2, 512); rc != 0 || v.arch.ldtFrames[0] != m[4+2] {
		t.Errorf("set_ldt: %d", rc)
	}
	if rc := setLDT(v, pageVA+4<<12, 8); rc != 0 || v.arch.ldtFrames[0] != m[4+4] || pageOf(m[4+2]).typ&ptCount != 1 {
		t.Errorf("another LDT: %d, uses of the first %#x", rc, pageOf(m[4+2]).typ)
	}
	for _, bad := range [][2]uint64{{pageVA + 1<<12, 8}, {page2 + 8, 8}, {page2, 8193}, {m2pBase, 8}, {1 << 40, 8}} {
		if rc := setLDT(v, bad[0], bad[1]); rc != -abi.EINVAL {
			t.Errorf("LDT at %#x of %d: %d", bad[0], bad[1], rc)
		}
	}
	ended(t, free, d)
}

// TestVcpuInfoPlacement: the guest's page is used from then on, nothing that was
// pending is lost, the frame stays writable, and recovery knows of it.
func TestVcpuInfoPlacement(t *testing.T) {
	recoverable(t)
	d, v, m := onGuest(t, 1)
	v.info.EvtchnUpcallMask = 0
	frame := m[4+3]
	if rc := v.registerInfo(m[3], 0); rc == 0 {
		t.Error("a page table as vcpu_info")
	}
	if rc := v.registerInfo(frame, pageSize-56); rc != -abi.EINVAL {
		t.Errorf("across the end of the page: %d", rc)
	}
	if rc := v.registerInfo(frame, 128); rc != 0 {
		t.Fatal(rc)
	}
	commit()
	if rc := v.registerInfo(frame, 128); rc != -abi.EINVAL {
		t.Errorf("twice: %d", rc)
	}
	if unsafe.Pointer(v.info) != unsafe.Add(frameAddr(frame), 128) || !v.eventsPending() || v.info.EvtchnPendingSel != ^uint64(0) {
		t.Errorf("at %p, pending %v", v.info, v.eventsPending())
	}
	v.arch.log.again = true
	if rc := v.registerInfo(frame, 128); rc != 0 {
		t.Errorf("again after recovery: %d", rc)
	}
	commit()
	v.arch.log.again = false
	uses := pageOf(frame).typ & ptCount
	enter(testCPU.core.idle)
	repair()
	if now := pageOf(frame).typ & ptCount; now != uses {
		t.Errorf("%d uses after recovery, before %d", now, uses)
	}
	enter(v)
	d.shutDown(0)
	enter(testCPU.core.idle)
	killDomain(d, false)
	sound(t)
}

// TestConsoleRing: the guest's output is printed, whatever values its indices
// have.
func TestConsoleRing(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	d, v, m := onGuest(t, 1)
	port := serveConsole(d, m[4+3])
	r := d.consoleRing()
	for _, row := range [][2]uint32{{0, 5}, {0xfffffffe, 3}, {7, 7 + 4096}} {
		r.OutCons, r.OutProd = row[0], row[1]
		d.shared.EvtchnPending[0] = 0
		if rc := sendEvent(d, port); rc != 0 {
			t.Fatal(rc)
		}
		if want := row[0] + min(row[1]-row[0], uint32(len(r.Out))); r.OutCons != want {
			t.Errorf("from %#x to %#x: came to %#x", row[0], row[1], r.OutCons)
		}
		if d.shared.EvtchnPending[port/64]>>(port%64)&1 == 0 {
			t.Error("the guest is not told")
		}
	}
	var s abi.EvtchnStatus
	s.Port = port
	if rc := portStatus(d, &s); rc != 0 || s.Status != abi.EvtchnstatInterdomain {
		t.Errorf("status %d of the port, %d", s.Status, rc)
	}
	closeAllPorts(d, false)
	commit()
	if d.ring != 0 || pageOf(m[4+3]).typ&ptCount != 1 {
		t.Errorf("ring %#x is held: type %#x", d.ring, pageOf(m[4+3]).typ)
	}
	if rc := sendEvent(d, port); rc == 0 {
		t.Error("a closed console takes events")
	}
	d.takeInput()
	_ = v
	ended(t, free, d)
}

// TestNMI: an NMI enters the handler once, and the next waits for iret.
func TestNMI(t *testing.T) {
	world(t, 1)
	_, v, _ := onGuest(t, 1)
	r := guestRegs()
	*r = regs{RIP: 0x1234, RSP: pageVA + 1<<12 + 0x800, CS: abi.FlatKernelCS, SS: abi.FlatKernelSS, RFLAGS: flagIF}
	v.arch.traps[trapNMI] = abi.TrapInfo{Vector: trapNMI, Flags: abi.TrapMaskEvents, Address: 0x5000}
	v.pause, testCPU.core.softirq = 0, 0
	v.sendNMI()
	guestExitWork(r)
	if r.RIP != 0x5000 || v.info.EvtchnUpcallMask != 1 || got[uint64](r.RSP+16) != 0x1234 {
		t.Fatalf("at %#x, mask %d, return address %#x", r.RIP, v.info.EvtchnUpcallMask, got[uint64](r.RSP+16))
	}
	v.sendNMI()
	r.RIP = 0x5004
	guestExitWork(r)
	if r.RIP != 0x5004 {
		t.Errorf("a second NMI before iret, at %#x", r.RIP)
	}
	r.RSP = put(1, 0x700, abi.IretContext{RIP: 0x1234, CS: abi.FlatKernelCS &^ 3, SS: abi.FlatKernelSS, RSP: pageVA + 1<<12 + 0x800, RFLAGS: flagIF})
	hyperIret(0, 0, 0, 0, 0)
	guestExitWork(r)
	if r.RIP != 0x5000 {
		t.Errorf("the second NMI does not come after iret: at %#x", r.RIP)
	}
}

// TestWallclock compares dates with known times.
func TestWallclock(t *testing.T) {
	for _, row := range []struct{ year, month, day, hour, minute, second, want uint64 }{
		{1970, 1, 1, 0, 0, 0, 0},
		{2000, 2, 29, 23, 59, 59, 951868799},
		{2000, 3, 1, 0, 0, 0, 951868800},
		{2026, 11, 25, 12, 34, 56, 1795610096},
	} {
		if got := unixTime(row.year, row.month, row.day, row.hour, row.minute, row.second); got != row.want {
			t.Errorf("%+v: %d", row, got)
		}
	}
}

// TestEventChannelReset closes what a guest has open, the console's end too.
func TestEventChannelReset(t *testing.T) {
	world(t, 1)
	d, _, m := onGuest(t, 1)
	serveConsole(d, m[4+3])
	bindVIRQ(d, abi.VirqTimer, 0)
	bindIPI(d, 0)
	allocUnbound(d, 3)
	if rc := hyperEventChannelOp(abi.EvtchnopReset, put(1, 0, abi.EvtchnReset{Dom: abi.DomidSelf}), 0, 0, 0); rc != 0 {
		t.Fatal(rc)
	}
	for port := uint32(1); d.port(port) != nil; port++ {
		if s := d.port(port).state; s != abi.EvtchnstatClosed {
			t.Errorf("port %d: state %d", port, s)
		}
	}
	if port, rc := bindVIRQ(d, abi.VirqTimer, 0); rc != 0 || port != 1 {
		t.Errorf("bind_virq: port %d, %d", port, rc)
	}
}

// A periodic timer recurs until it is stopped, and not faster than it can be served.
func TestPeriodicTimer(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	d, v, _ := onGuest(t, 1)
	period := func(cmd, ns uint64) int64 {
		return hyperVcpuOp(cmd, 0, put(1, 0, abi.VcpuSetPeriodicTimer{PeriodNS: ns}), 0, 0)
	}
	for _, ns := range []uint64{0, minPeriodNS - 1, maxPeriodNS + 1, 1 << 63, ^uint64(0)} {
		if rc := period(abi.VcpuopSetPeriodicTimer, ns); rc != -abi.EINVAL || v.periodic.active() {
			t.Errorf("a period of %d ns: %d", ns, rc)
		}
	}
	if rc := period(abi.VcpuopSetPeriodicTimer, minPeriodNS); rc != 0 || !v.periodic.active() {
		t.Fatalf("the shortest period: %d", rc)
	}
	first := v.periodic.expires
	v.periodic.stop() // a timer is stopped before its handler runs
	if periodicExpired(&v.periodic); !v.periodic.active() || v.periodic.expires != first+minPeriodNS {
		t.Errorf("after %d it expires at %d", first, v.periodic.expires)
	}
	if rc := period(abi.VcpuopStopPeriodicTimer, 0); rc != 0 || v.periodic.active() || v.periodNS != 0 {
		t.Errorf("stopped: %d, active %v, period %d", rc, v.periodic.active(), v.periodNS)
	}
	if periodicExpired(&v.periodic); v.periodic.active() {
		t.Error("a handler that was running has set the timer that was stopped")
	}
	persist().policy = 1 << stepRecurringTimers
	if recurVCPU(v); v.periodic.active() {
		t.Error("recovery has set a timer that was stopped")
	}
	d.shutDown(0)
	ended(t, free, d)
}

// The VMM does not execute instructions whose opcodes are next to those of IN and OUT:
// a CALL or JMP to an address that is not canonical is the guest's #GP.
func TestBranchesAreNoPorts(t *testing.T) {
	world(t, 1)
	_, v, _ := onGuest(t, 1)
	v.arch.iopl = 3
	for op := 0xe0; op < 0xf0; op++ {
		r := insnBytes(byte(op))
		before := *r
		if ok, port := serveFault(v, r, trapGP), op&^0xb == 0xe4; ok != port || !ok && *r != before {
			t.Errorf("%#x: executed %v, want %v", op, ok, port)
		}
	}
}
