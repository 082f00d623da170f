package main

import (
	"testing"

	"resvirt/vi/abi"
)

// control makes a control domain whose vCPU the test's CPU runs, with an L1
// table in use, and returns it with the table's frame.
func control(t *testing.T) (*Domain, mfn) {
	t.Helper()
	d, p := pagesOf(t, 0, 8)
	d.privileged = true
	if pin(p[0], d, ptL1) != 0 {
		t.Fatal("no table")
	}
	k := &testCPU.core
	v := d.vcpu[0]
	k.idle.isRunning, v.isRunning = 0, 1
	k.idle.state, v.state = abi.RunstateOffline, abi.RunstateRunning
	v.pause = 0
	k.curr, k.sched.curr = v, v
	return d, p[0]
}

// asIdle lets the CPU run nothing again.
func asIdle() {
	k := &testCPU.core
	v := k.curr
	v.isRunning, k.idle.isRunning = 0, 1
	v.state, k.idle.state = abi.RunstateOffline, abi.RunstateRunning
	v.pause = pauseDown
	k.curr, k.sched.curr = k.idle, k.idle
}

// command issues a domctl the way hyperDomctl does, but for guest memory.
func command(cmd uint32, id uint16, words ...uint64) (abi.Domctl, int64) {
	op := abi.Domctl{Cmd: cmd, Version: abi.DomctlVersion, Domain: id}
	copy(op.U[:], words)
	log := &current().arch.log
	log.start(0)
	rc := int64(errContinue)
	for rc == errContinue {
		domctlLock.lock()
		var d *Domain
		if d, rc = domctlTarget(&op); rc == 0 {
			rc = domctl(d, &op)
		}
		domctlLock.unlock()
		if d != nil {
			d.put()
		}
	}
	commit()
	log.again = false
	return op, rc
}

// createWords are the words of a DomctlCreateDomain for so many vCPUs, 1024 ports, and grant
// tables of version 1.
func createWords(vcpus uint32) []uint64 {
	return []uint64{3: uint64(vcpus) << 32, 4: 1023 | 0xffffffff<<32, 5: 0xffffffff | 1<<32}
}

// must fails the test if rc is an error, and ends the part as a hypercall does.
func must(t *testing.T, what string, rc int64) {
	t.Helper()
	commit()
	if rc != 0 {
		t.Fatalf("%s: %d", what, rc)
	}
}

// TestDomctlLeavesNothing makes, fills, maps and destroys a thousand domains as
// a toolstack does, every third still mapped when it is destroyed.
func TestDomctlLeavesNothing(t *testing.T) {
	world(t, 2)
	first := heap.nfree
	c, l1 := control(t)
	free := heap.nfree
	for i := range 1000 {
		op, rc := command(abi.DomctlCreate, 0, createWords(2)...)
		must(t, "create", rc)
		id := op.Domain
		_, rc = command(abi.DomctlMaxVcpus, id, 2)
		must(t, "max_vcpus", rc)
		_, rc = command(abi.DomctlMaxMem, id, 16*4)
		must(t, "max_mem", rc)
		d := lookupDomain(id)
		var p [16]mfn
		for k := range p {
			p[k] = allocDomainPage(d)
		}
		if allocDomainPage(d) != 0 {
			t.Fatal("more than its maximum")
		}
		at := uint64(l1) << pageShift
		must(t, "map", mmuUpdate(c, d, at, entryTo(p[3], pteW|pteU)))
		if pin(p[3], d, ptL1) != -abi.EINVAL {
			t.Fatal("a frame that another has mapped writable became a page table")
		}
		port, rc := allocUnbound(d, 0)
		must(t, "alloc_unbound", rc)
		far, rc := bindInterdomain(c, d, port)
		must(t, "bind_interdomain", rc)
		d.put()
		mapped := i%3 == 0
		if !mapped {
			must(t, "unmap", mmuUpdate(c, d, at, 0))
		}
		_, rc = command(abi.DomctlDestroy, id)
		must(t, "destroy", rc)
		must(t, "close", closePort(c, far))
		d = lookupDomain(id)
		if (d != nil) != mapped {
			t.Fatalf("cycle %d: mapped %v, still there %v", i, mapped, d != nil)
		}
		if mapped {
			info, rc := command(abi.DomctlGetInfo, id)
			if rc != 0 || info.U[0]>>32&abi.DominfDying == 0 {
				t.Fatalf("a dying domain is not called so: %d %#x", rc, info.U[0])
			}
			must(t, "unmap", mmuUpdate(c, c, at, 0))
			d.put()
		}
		if heap.nfree != free {
			t.Fatalf("cycle %d: %d frames lost", i, free-heap.nfree)
		}
	}
	sound(t)
	asIdle()
	killDomain(c, false)
	if heap.nfree != first || domains.head != nil {
		t.Errorf("%d frames lost, domains %v", first-heap.nfree, domains.head)
	}
}

// TestDomctlTwice issues commands again as after a recovery that discarded
// them, before they began and after they were done.
func TestDomctlTwice(t *testing.T) {
	world(t, 1)
	c, _ := control(t)
	log := &c.vcpu[0].arch.log
	twice := func(cmd uint32, id uint16, words ...uint64) (abi.Domctl, int64) {
		t.Helper()
		one, rc := command(cmd, id, words...)
		log.again = true
		two, rc2 := command(cmd, id, words...)
		if rc != rc2 || one.Domain != two.Domain {
			t.Errorf("command %d: %d and %d, then %d and %d", cmd, rc, one.Domain, rc2, two.Domain)
		}
		return two, rc2
	}
	op, rc := twice(abi.DomctlCreate, 0, createWords(1)...)
	must(t, "create", rc)
	id := op.Domain
	if op, rc = twice(abi.DomctlCreate, 7, createWords(1)...); rc != 0 || op.Domain != 7 {
		t.Errorf("create 7: %d %d", rc, op.Domain)
	}
	if _, rc = command(abi.DomctlCreate, 7, createWords(1)...); rc != -abi.EEXIST {
		t.Errorf("a second domain 7: %d", rc)
	}
	_, rc = twice(abi.DomctlMaxVcpus, id, 1)
	must(t, "max_vcpus", rc)
	d := lookupDomain(id)
	for i, c := range []struct{ cmd, want uint32 }{
		{abi.DomctlPause, 2}, {abi.DomctlPause, 3}, {abi.DomctlUnpause, 2}, {abi.DomctlUnpause, 1}, {abi.DomctlUnpause, 0}, {abi.DomctlPause, 1},
	} {
		if _, rc := twice(c.cmd, id); rc != 0 || d.pauseCount != c.want || d.nvcpus != 1 {
			t.Errorf("step %d: %d, %d pauses, %d vCPUs", i, rc, d.pauseCount, d.nvcpus)
		}
	}
	d.put()
	if _, rc = twice(abi.DomctlDestroy, id); rc != 0 {
		t.Errorf("destroyed twice: %d", rc)
	}
	if _, rc = command(abi.DomctlDestroy, id); rc != -abi.ESRCH {
		t.Errorf("destroyed without need: %d", rc)
	}
	sound(t)
}

// TestDomctlRefuses: what a command must not do.
func TestDomctlRefuses(t *testing.T) {
	world(t, 2)
	control(t)
	op, rc := command(abi.DomctlCreate, 3, createWords(2)...)
	must(t, "create", rc)
	for _, c := range []struct {
		name  string
		cmd   uint32
		id    uint16
		words []uint64
		want  int64
	}{
		{"an HVM domain", abi.DomctlCreate, 4, []uint64{2: 1 << 32, 3: 1 << 32, 4: 0xffffffff << 32, 5: 0xffffffff | 1<<32}, -abi.EINVAL},
		{"no version of grant tables", abi.DomctlCreate, 4, []uint64{3: 1 << 32, 4: 0xffffffff << 32, 5: 0xffffffff}, -abi.EINVAL},
		{"version 2 of grant tables", abi.DomctlCreate, 4, []uint64{3: 1 << 32, 4: 0xffffffff << 32, 5: 0xffffffff | 2<<32}, -abi.EINVAL},
		{"a domain without vCPUs", abi.DomctlCreate, 4, createWords(0), -abi.EINVAL},
		{"too many vCPUs", abi.DomctlCreate, 4, createWords(maxVCPUs + 1), -abi.EINVAL},
		{"an id that is reserved", abi.DomctlCreate, abi.DomidFirstReserved, createWords(1), -abi.EINVAL},
		{"another number of vCPUs", abi.DomctlMaxVcpus, op.Domain, []uint64{1}, -abi.EINVAL},
		{"no such domain", abi.DomctlPause, 9, nil, -abi.ESRCH},
		{"its own pause", abi.DomctlPause, 0, nil, -abi.EINVAL},
		{"its own end", abi.DomctlDestroy, 0, nil, -abi.EINVAL},
		{"registers of no vCPU", abi.DomctlSetVcpuContext, op.Domain, []uint64{0}, -abi.ESRCH},
		{"a hypercall page that is not its own", abi.DomctlHypercallInit, op.Domain, []uint64{100}, -abi.EINVAL},
		{"another scheduler", abi.DomctlSchedulerOp, op.Domain, []uint64{6}, -abi.EINVAL},
		{"a cap", abi.DomctlSchedulerOp, op.Domain, []uint64{abi.SchedulerCredit, 256 | 50<<16}, -abi.EOPNOTSUPP},
		{"too many frames", abi.DomctlGetPageFrames, op.Domain, []uint64{abi.DomctlGetPageFrameMax + 1}, -abi.E2BIG},
		{"an unknown command", 999, op.Domain, nil, -abi.ENOSYS},
	} {
		if _, rc := command(c.cmd, c.id, c.words...); rc != c.want {
			t.Errorf("%s: %d, want %d", c.name, rc, c.want)
		}
		sound(t)
	}
	d := lookupDomain(op.Domain)
	if _, rc := allocUnbound(d, 0); rc != -abi.EINVAL {
		t.Errorf("an event channel of a domain without vCPUs: %d", rc)
	}
	must(t, "weight", second(command(abi.DomctlSchedulerOp, d.id, abi.SchedulerCredit, 512)))
	if got, _ := command(abi.DomctlSchedulerOp, d.id, abi.SchedulerCredit|abi.SchedopGetInfo<<32); d.weight != 512 || got.U[1] != 512 {
		t.Errorf("weight %d, told %d", d.weight, got.U[1])
	}
	must(t, "max_vcpus", second(command(abi.DomctlMaxVcpus, d.id, 2)))
	if v := d.vcpu[0]; v.cpu == d.vcpu[1].cpu {
		t.Error("both vCPUs are on one CPU")
	} else {
		v.singleshot.set(now() + 5000)
		to := 1 - v.cpu
		v.moveTo(to)
		if v.cpu != to || v.singleshot.cpu != to || !v.singleshot.active() {
			t.Error("a vCPU did not move with its timer")
		}
	}
	sound(t)
	d.privileged = false
	enter(d.vcpu[0])
	for _, rc := range []int64{hyperDomctl(0, 0, 0, 0, 0), hyperSysctl(0, 0, 0, 0, 0), hyperUpdateVAOther(0, 0, 0, 0, 0), hyperMMUUpdate(0, 0, 0, 0, 0)} {
		if rc != -abi.EPERM {
			t.Errorf("a domain without privilege: %d", rc)
		}
	}
}

func second(_ abi.Domctl, rc int64) int64 { return rc }

// TestDomctlRandom issues random commands: whatever they are, all invariants
// hold, and nothing is lost in the end.
func TestDomctlRandom(t *testing.T) {
	r := world(t, 2)
	control(t)
	free := heap.nfree
	cmds := []uint32{1, 1, 2, 3, 4, 5, 11, 11, 14, 15, 15, 16, 22, 61, 77}
	for range 20000 {
		cmd, id := cmds[r.IntN(len(cmds))], uint16(r.UintN(6))
		words := []uint64{r.Uint64N(200), r.Uint64N(3), 0, r.Uint64N(6) << 32, 0xffffffff << 32, 0xffffffff | 1<<32}
		switch cmd {
		case abi.DomctlCreate:
			words[0], words[1], words[2] = 0, 0, r.Uint64N(8)/7<<32
		case abi.DomctlMaxVcpus:
			words[0] = r.Uint64N(5)
		case abi.DomctlGetPageFrames:
			words[0] = 0
		}
		command(cmd, id, words...)
		if d := lookupDomain(uint16(r.UintN(6))); d != nil {
			if d.id != 0 && r.IntN(2) == 0 && d.totPages < d.maxPages {
				allocDomainPage(d)
			}
			d.put()
		}
	}
	sound(t)
	for id := range uint16(600) {
		if id != 0 {
			command(abi.DomctlDestroy, id)
		}
	}
	sound(t)
	if heap.nfree != free {
		t.Errorf("%d frames lost", free-heap.nfree)
	}
}

// TestForeignMappingsAfterRecovery: what the control domain has mapped of others
// is counted again, a domain at its end stays as long as it is mapped, and goes
// when nothing holds it.
func TestForeignMappingsAfterRecovery(t *testing.T) {
	recoverable(t)
	c, _ := newDomain(t, 0)
	c.privileged = true
	d, _ := newDomain(t, 1)
	gone, _ := newDomain(t, 2)
	l1 := walkToL1(c.vcpu[0].arch.guestTable, 0)
	at := uint64(l1) << pageShift
	page := allocDomainPage(d)
	held := allocDomainPage(gone)
	must(t, "map", mmuUpdate(c, d, at+100*8, entryTo(page, pteW|pteU)))
	must(t, "map", mmuUpdate(c, gone, at+101*8, entryTo(held, pteU)))
	killDomain(gone, false)
	if !gone.gone || gone.totPages != 1 {
		t.Fatalf("gone %v with %d pages", gone.gone, gone.totPages)
	}
	want := shapes()
	repair()
	if got := shapes(); got != want {
		for m := range got {
			if got[m] != want[m] {
				t.Errorf("frame %#x: %x, before %x", m, got[m], want[m])
			}
		}
	}
	if !gone.dying || gone.refs != 1 {
		t.Errorf("the domain at its end: dying %v, %d references", gone.dying, gone.refs)
	}
	must(t, "unmap", mmuUpdate(c, c, at+101*8, 0))
	if lookupDomain(2) != nil {
		t.Error("the domain did not go with its last mapping")
	}
	// A domain whose last reference was dropped by a thread that was discarded.
	lost, _ := newDomain(t, 3)
	killAllBut(t, lost)
	repair()
	if lookupDomain(3) != nil {
		t.Error("a domain without references stayed")
	}
	sound(t)
}

// killAllBut ends a domain up to the moment before its objects are freed.
func killAllBut(t *testing.T, d *Domain) {
	t.Helper()
	d.hold()
	killDomain(d, false)
	if d.totPages != 0 || d.refs != 1 {
		t.Fatalf("%d pages, %d references", d.totPages, d.refs)
	}
}
