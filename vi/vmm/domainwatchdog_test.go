package main

import (
	"testing"

	"resvirt/vi/abi"
)

// TestDomainWatchdogs: a domain has two, which it must wind up; one that expires ends it.
func TestDomainWatchdogs(t *testing.T) {
	world(t, 1)
	params.secondNS = 1000
	free := heap.nfree
	d, v, _ := onGuest(t, 1)
	set := func(id, timeout uint32) int64 {
		rc := hyperSchedOp(abi.SchedopWatchdog, put(1, 0, abi.SchedWatchdog{ID: id, Timeout: timeout}), 0, 0, 0)
		commit()
		return rc
	}
	for _, x := range []struct {
		id, timeout uint32
		want        int64
	}{
		{0, 0, -abi.EINVAL}, {1, 5, -abi.EINVAL}, {3, 5, -abi.EINVAL}, {0, 10, 1}, {0, 20, 2}, {0, 30, -abi.ENOSPC},
		{1, 0, 0}, {1, 0, -abi.EINVAL}, {0, 10, 1}, {2, 0, 0},
	} {
		if rc := set(x.id, x.timeout); rc != x.want {
			t.Errorf("watchdog %d for %d: %d, want %d", x.id, x.timeout, rc, x.want)
		}
	}
	v.arch.log.again = true
	if rc := set(0, 10); rc != 1 {
		t.Errorf("started again after a recovery: %d", rc)
	}
	v.arch.log.again, v.arch.log.undo = false, 0
	pass := func(seconds uint64) {
		testTSC += seconds * 2 * uint64(params.secondNS)
		expireTimers()
	}
	for range 5 {
		if pass(8); d.shutdown {
			t.Fatal("it expires although it is wound up")
		}
		set(1, 10)
	}
	if pass(11); !d.shutdown || d.shutdownCode != abi.ShutdownWatchdog {
		t.Errorf("shut down %v, reason %d", d.shutdown, d.shutdownCode)
	}
	other, ov, _ := onGuest(t, 2)
	set(0, 1000)
	ov.domain = other
	ended(t, free, d, other)
}

// TestWatchdogSurvives: recovery sets it as it was, also if its handler was discarded.
func TestWatchdogSurvives(t *testing.T) {
	recoverable(t)
	params.secondNS = 1000
	d, v := newDomain(t, 1)
	enter(v)
	for _, reset := range [...]bool{false, true} {
		w := &d.watchdogs[0].timer
		d.setWatchdog(0, 100)
		v.arch.log.undo = 0
		at := w.expires
		persist().mode = modeReboot
		if reset {
			persist().mode = modeReset
			timerHeap()
		} else {
			testCPU.core.timers = timerCPU{}
		}
		if recurringTimers(); !w.active() || w.expires != at || !reset && testCPU.core.timers.heap[w.pos] != w {
			t.Errorf("reset %v: set %v for %d, was for %d", reset, w.active(), w.expires, at)
		}
		w.stop()
		persist().cpus[0].running = w
		if recurringTimers(); !w.active() {
			t.Error("its handler was discarded, and it never expires")
		}
		persist().cpus[0].running = nil
		d.setWatchdog(1, 0)
	}
}

// TestLimits: a domain made with limits has no more event channels, grants and mappings.
func TestLimits(t *testing.T) {
	world(t, 1)
	control(t)
	for _, x := range []struct {
		ports      uint64
		grants     int32
		mappings   int32
		want       int64
		name       string
		mostGrants uint32
	}{
		{40, 3, 1, 0, "small", 3},
		{40, -1, -1, 0, "as much as there is", grantFrames},
		{40, 0, 1, -abi.EINVAL, "no grants", 0},
		{40, grantFrames + 1, 1, -abi.EINVAL, "too many grants", 0},
		{40, 1, trackPages + 1, -abi.EINVAL, "too many mappings", 0},
		{40, -2, 1, -abi.EINVAL, "less than none", 0},
		{40, 1, 0, 0, "no mappings", 1},
	} {
		words := createWords(1)
		words[4] = x.ports | uint64(uint32(x.grants))<<32
		words[5] = uint64(uint32(x.mappings)) | 1<<32
		op, rc := command(abi.DomctlCreate, 0, words...)
		if rc != x.want {
			t.Errorf("%s: %d, want %d", x.name, rc, x.want)
		}
		if rc != 0 {
			continue
		}
		_, rc = command(abi.DomctlMaxVcpus, op.Domain, 1)
		must(t, "max_vcpus", rc)
		d := lookupDomain(op.Domain)
		n := uint64(0)
		for rc = 0; rc == 0; n++ {
			_, rc = allocUnbound(d, 0)
		}
		if n-1 != x.ports || rc != -abi.ENOSPC {
			t.Errorf("%s: %d ports, %d", x.name, n-1, rc)
		}
		g := grantTableOf(d)
		tracks := 0
		for h := g.newTrack(d.trackLimit); h != ^uint32(0); h = g.newTrack(d.trackLimit) {
			g.tracks[h/tracksPerPage][h%tracksPerPage].flags = 1
			tracks++
		}
		most := int(x.mappings) * tracksPerPage
		if x.mappings < 0 {
			most = trackPages * tracksPerPage
		}
		if tracks != most || d.grantLimit != x.mostGrants {
			t.Errorf("%s: %d mappings, %d frames of grants", x.name, tracks, d.grantLimit)
		}
		for i := range g.tracks {
			if g.tracks[i] != nil {
				*g.tracks[i] = [tracksPerPage]grantTrack{}
			}
		}
		d.put()
		_, rc = command(abi.DomctlDestroy, op.Domain)
		must(t, "destroy", rc)
	}
	sound(t)
}

// TestStatusOfOthers: the control domain may ask for another's ports, nobody else.
func TestStatusOfOthers(t *testing.T) {
	world(t, 1)
	c, cv, _ := onGuest(t, 0)
	d, v, _ := onGuest(t, 1)
	c.privileged = true
	port, rc := bindVIRQ(d, abi.VirqTimer, 0)
	must(t, "virq", rc)
	ask := func(v *VCPU, id uint16) (abi.EvtchnStatus, int64) {
		enter(v)
		at := put(1, 0, abi.EvtchnStatus{Dom: id, Port: port})
		rc := hyperEventChannelOp(abi.EvtchnopStatus, at, 0, 0, 0)
		commit()
		return got[abi.EvtchnStatus](at), rc
	}
	if s, rc := ask(cv, 1); rc != 0 || s.Status != abi.EvtchnstatVirq || s.U[0] != abi.VirqTimer {
		t.Errorf("the control domain: %d, %+v", rc, s)
	}
	if _, rc := ask(cv, 9); rc != -abi.ESRCH {
		t.Errorf("of nobody: %d", rc)
	}
	if _, rc := ask(v, 0); rc != -abi.EPERM {
		t.Errorf("of the control domain: %d", rc)
	}
	if d.refs != 2 {
		t.Errorf("%d references", d.refs)
	}
}
