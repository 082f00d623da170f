package main

import (
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// While a domain is being stopped, a vCPU of it that still runs may set another
// vCPU's timers: so they are stopped only when no vCPU runs.
func TestStopAgainstTimers(t *testing.T) {
	world(t, 2)
	free := heap.nfree
	d, v, _ := onGuest(t, 1)
	other := d.addVCPU(1)
	arg := put(1, 0, abi.VcpuSetPeriodicTimer{PeriodNS: minPeriodNS})
	enter(testCPU.core.idle)
	k := &cpuByID(1).core
	k.curr, k.sched.curr, other.isRunning, other.state = other, other, 1, abi.RunstateRunning
	other.arch.guestTable, other.arch.flags = v.arch.guestTable, inKernelMode
	testRelax = func() {
		me := testCPU
		testCPU = cpuByID(1)
		writeCR3(other.cr3())
		if rc := hyperVcpuOp(abi.VcpuopSetPeriodicTimer, 0, arg, 0, 0); rc != 0 {
			t.Errorf("the other vCPU's timer: %d", rc)
		}
		k.curr, k.sched.curr, other.isRunning, other.state = k.idle, k.idle, 0, abi.RunstateOffline
		writeCR3(k.idle.cr3())
		testCPU, testRelax = me, nil
	}
	stopDomain(d)
	if testRelax != nil || v.periodic.active() {
		t.Errorf("a stopped domain's timer is set: %v", v.periodic.active())
	}
	other.arch.guestTable = 0
	testRelax = nil
	d.shutDown(0)
	ended(t, free, d)
}

// A domain that came to its end but is still mapped by another is not ended twice.
func TestEndOfWhatIsMapped(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	a, _, m := onGuest(t, 1)
	hyperGrantTableOp(abi.GnttabopSetupTable, put(1, 0, abi.GnttabSetupTable{Dom: abi.DomidSelf, NrFrames: 1, FrameList: pageVA + 3<<12}), 1, 0, 0)
	*(*abi.GrantEntry)(frameAddr(mfn(a.grants.shared[0]))) = abi.GrantEntry{Flags: abi.GTFPermitAccess, Domid: 2, Frame: uint32(m[4+5])}
	b, _, _ := onGuest(t, 2)
	op := put(1, 0, abi.GnttabMapGrantRef{HostAddr: pageVA + 9<<12, Flags: abi.GNTMAPHost, Dom: 1})
	if hyperGrantTableOp(abi.GnttabopMapGrantRef, op, 1, 0, 0); got[abi.GnttabMapGrantRef](op).Status != 0 {
		t.Fatalf("status %d", got[abi.GnttabMapGrantRef](op).Status)
	}
	for range 2 * sweepBatch { // these are unpinned before the table that maps the frame
		if pin(allocDomainPage(b), b, ptL1) != 0 {
			t.Fatal("an empty table is refused")
		}
	}
	commit()
	a.shutDown(0)
	b.shutDown(0)
	if !allEnded() {
		t.Fatal("not all have ended")
	}
	enter(testCPU.core.idle)
	turns := 0
	for testCPU.core.softirq = 1; !takeAllBack() && turns < 10; turns++ {
	}
	if heap.nfree != free || domains.head != nil || turns == 0 {
		t.Errorf("%d frames free, before %d, after %d turns", heap.nfree, free, turns)
	}
}

// A domain whose last reference has just gone keeps its id until it is out of the list.
func TestIDOfWhatIsBeingFreed(t *testing.T) {
	world(t, 1)
	d := createDomain(1, 8)
	d.refs = 0 // as if dropped by another CPU, which has not taken it out of the list yet
	free := heap.nfree
	if lookupDomain(1) != nil || createDomain(1, 8) != nil || heap.nfree != free {
		t.Error("two domains of one id")
	}
	d.refs = 1
	killDomain(d, false)
	sound(t)
}

// A CPU has no more vCPUs than its heap has room for their timers.
func TestTimersOfAllVCPUs(t *testing.T) {
	world(t, 2)
	free := heap.nfree
	var list []*Domain
	n := 0
	for full := false; !full; {
		d := createDomain(uint16(len(list)+1), 8)
		list = append(list, d)
		for range maxVCPUs {
			if v := d.addVCPU(0); v == nil {
				full = true
			} else {
				n++
				for _, at := range []*timer{&v.pollTimer, &v.singleshot, &v.periodic} {
					at.set(now() + 1000)
				}
			}
		}
	}
	if n < 16 {
		t.Errorf("only %d vCPUs", n)
	}
	sound(t)
	ended(t, free, list...)
}

// A vCPU whose new state is refused has no address space, and does not run.
func TestRefusedContext(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	control, _, _ := onGuest(t, 1)
	control.privileged = true
	d, v, _ := onGuest(t, 2)
	v.pause = 0
	enter(control.vcpu[0])
	d.pauseCount = 1
	c := put(1, 0, [64]uint64{}) // not the context of a kernel
	if rc := domctlContext(d, &abi.DomctlVcpuContext{Context: c}, true); rc != -abi.EINVAL {
		t.Errorf("%d", rc)
	}
	commit()
	if v.initOK || v.pause&pauseDown == 0 || v.arch.guestTable != 0 || v.cr3() != uint64(idleL4Frame())<<pageShift {
		t.Errorf("pause %#x, root %#x, %v", v.pause, v.arch.guestTable, v.initOK)
	}
	d.pauseCount = 0
	d.shutDown(0)
	control.shutDown(0)
	ended(t, free, d, control)
}

// Guests may name any frame at any time: the counts of those that are not theirs do not
// change, not even for a moment. Otherwise the hypervisor, about to free or share a
// page of its own, could find it in use.
func TestNamedFramesOfOthers(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	a, _, m := onGuest(t, 1)
	b, _, _ := onGuest(t, 2)
	own := allocHeapPage()
	for name, x := range map[string]mfn{"the hypervisor's": own, "shared with another": frameOfAddr(unsafe.Pointer(a.shared)), "another's": m[4+5]} {
		commit()
		if pageOf(x).get(b) {
			t.Errorf("%s: taken", name)
		}
		if j := myJournal(); j.top != j.begin {
			t.Errorf("%s: its count was changed", name)
		}
		for what, rc := range map[string]int64{
			"mmu_update": mmuWrite(uint64(x)<<12|8, 0), "pin": pin(x, b, ptL1), "unpin": unpin(x, b),
			"update_descriptor": hyperUpdateDescriptor(uint64(x)<<12, 0, 0, 0, 0),
		} {
			if rc == 0 {
				t.Errorf("%s: %s has no error", name, what)
			}
		}
	}
	freeHeapPage(own)
	ended(t, free, a, b)
}

// A CPU that waits for the grant lock does not count as hanging while its holder
// waits for page tables, or ends thousands of mappings.
func TestGrantsArePatient(t *testing.T) {
	world(t, 2)
	free := heap.nfree
	a, b, _, _, _, _ := granting(t)
	me := testCPU
	testCPU = cpuByID(1)
	grantLock.lock()
	testCPU = me
	before, turns := me.core.watchdogTicks, 0
	testRelax = func() {
		testCPU = cpuByID(1)
		if turns++; turns < 10 {
			tableDone()
		} else {
			grantLock.unlock()
			testRelax = nil
		}
		testCPU = me
	}
	t.Cleanup(func() { testRelax = nil })
	op := mapRef(8, placeA, abi.GNTMAPHost)
	if op.Status != 0 {
		t.Fatal(op)
	}
	if n := me.core.watchdogTicks - before; n < 5 {
		t.Errorf("progress was noted %d times while another CPU worked", n)
	}
	before = me.core.watchdogTicks
	b.shutDown(0)
	enter(testCPU.core.idle)
	dropTracks(b)
	if me.core.watchdogTicks == before {
		t.Error("the end of a page of mappings is no progress")
	}
	ended(t, free, b, a)
}

// A CPU that wakes a vCPU finds it, even if the control domain moves the vCPU to
// another CPU meanwhile and lets it run there.
func TestWakeOfWhatIsMoved(t *testing.T) {
	world(t, 2)
	free := heap.nfree
	d, v, _ := onGuest(t, 1)
	enter(testCPU.core.idle)
	v.pause, d.pauseCount = 0, 1
	me, q, k := testCPU, &testCPU.core.sched, &cpuByID(1).core
	testCPU = cpuByID(1)
	q.lk.lock()
	testRelax = func() {
		testRelax = nil
		testCPU = cpuByID(1)
		q.lk.unlock()
		v.moveTo(1)
		d.setPauses(0)
		k.sched.lk.lock()
		k.sched.remove(v)
		k.sched.lk.unlock()
		k.curr, k.sched.curr, v.isRunning, v.state = v, v, 1, abi.RunstateRunning
		testCPU = me
	}
	t.Cleanup(func() { testRelax = nil })
	testCPU = me
	v.wake()
	if q.head != nil || v.queued {
		t.Errorf("it runs on one CPU and is in the queue of another")
	}
	k.curr, k.sched.curr, v.isRunning, v.state = k.idle, k.idle, 0, abi.RunstateOffline
	d.shutDown(0)
	ended(t, free, d)
}

// A new instance does not know which GDT the failed one had mapped into a CPU's window.
// It unmaps it even if the next vCPU has none: the failure may have come when a guest had
// just given its table back and could write the frames again.
func TestNoOldTableAfterMicroreboot(t *testing.T) {
	recoverable(t)
	_, v := newDomain(t, 1)
	c := testCPU
	persist().cpus[0] = keptCPU{valid: true, curr: v, idle: c.core.idle}
	c.core.timers, c.core.gdtEnts = timerCPU{}, 0
	coreRebootCPU(c)
	if c.core.gdtEnts == 0 {
		t.Error("a vCPU without a GDT leaves the window as it is")
	}
	if loadGDT(c, v); c.core.gdtEnts != 0 {
		t.Errorf("%d descriptors are mapped", c.core.gdtEnts)
	}
}
