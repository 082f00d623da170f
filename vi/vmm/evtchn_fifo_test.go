package main

import (
	"slices"
	"sync/atomic"
	"testing"

	"resvirt/vi/abi"
)

// TestFIFO: events come in the order in which they were raised, by priority, to the
// vCPU that is to be told.
func TestFIFO(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	g, _ := onFIFO(t, 1, 2)
	var p []uint32
	for range 6 {
		p = append(p, g.ipi(0))
	}
	check := func(what string, vcpu uint32, want ...uint32) {
		t.Helper()
		if got := g.take(vcpu); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("nothing raised", 0)
	g.send(p[3], p[1], p[3], p[5])
	check("in order, each once", 0, p[3], p[1], p[5])
	must(t, "set_priority", setPriority(g.d, p[2], 0))
	must(t, "set_priority", setPriority(g.d, p[4], 15))
	g.send(p[4], p[0], p[2], p[1])
	check("by priority", 0, p[2], p[0], p[1], p[4])

	g.mask(p[0])
	g.send(p[0], p[1])
	check("masked", 0, p[1])
	must(t, "unmask", unmask(g.d, p[0]))
	check("unmasked", 0, p[0])
	g.send(p[0])
	g.mask(p[0]) // while it is in the queue
	check("masked in the queue", 0)
	must(t, "unmask", unmask(g.d, p[0]))
	check("unmasked again", 0, p[0])

	un, rc := allocUnbound(g.d, g.d.id)
	must(t, "alloc_unbound", rc)
	far, rc := bindInterdomain(g.d, g.d, un)
	must(t, "bind_interdomain", rc)
	must(t, "unmask", unmask(g.d, un))
	g.send(far)
	must(t, "bind_vcpu", bindVcpu(g.d, un, 1))
	check("still where it was raised", 0, un)
	g.send(far, p[0])
	check("moved", 1, un)
	check("the rest", 0, p[0])
	must(t, "set_priority", setPriority(g.d, un, 3))
	g.send(far, p[0])
	check("moved to another priority", 1, un)
	check("the rest", 0, p[0])
	g.stop(free)
}

// TestFIFORules: which calls are refused, and what the others do.
func TestFIFORules(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	d, _, m := onGuest(t, 1)
	d.addVCPU(0)
	g := &fifoGuest{t: t, d: d}
	if rc := g.expand(m[4+5]); rc != -abi.EOPNOTSUPP {
		t.Errorf("expand_array without a control block: %d", rc)
	}
	if rc := setPriority(d, 1, 1); rc != -abi.ENOSYS {
		t.Errorf("set_priority of the two-level interface: %d", rc)
	}
	for _, c := range []struct {
		name   string
		vcpu   uint32
		frame  mfn
		offset uint32
		want   int64
	}{
		{"no such vCPU", 2, m[4+3], 0, -abi.ENOENT},
		{"across the end of the page", 0, m[4+3], pageSize - 64, -abi.EINVAL},
		{"not aligned", 0, m[4+3], 4, -abi.EINVAL},
		{"a page table", 0, m[3], 0, -abi.EINVAL},
		{"the idle L4", 0, idleL4Frame(), 0, -abi.EINVAL},
		{"no such frame", 0, 1 << 40, 0, -abi.EINVAL},
		{"the first", 1, m[4+3], pageSize - 72, 0},
		{"twice", 1, m[4+3], 0, -abi.EINVAL},
		{"the other vCPU's, in the same page", 0, m[4+3], 0, 0},
	} {
		if rc := g.init(c.vcpu, c.frame, c.offset); rc != c.want {
			t.Errorf("%s: %d, want %d", c.name, rc, c.want)
		}
		counted(t, d)
	}
	if rc := g.expand(m[4+5]); rc != 0 {
		t.Fatalf("expand_array: %d", rc)
	}
	port := g.ipi(0)
	for _, c := range [][3]int64{{int64(port), 16, -abi.EINVAL}, {9, 1, -abi.EACCES}, {maxPorts, 1, -abi.EINVAL}, {int64(port), 15, 0}} {
		if rc := setPriority(d, uint32(c[0]), uint32(c[1])); rc != c[2] {
			t.Errorf("priority %d of port %d: %d, want %d", c[1], c[0], rc, c[2])
		}
	}
	// A port that is closed but still in a queue is not given out again.
	g.send(port)
	must(t, "close", closePort(d, port))
	if again, _ := bindIPI(d, 0); again == port {
		t.Error("a port was given out that is still in a queue")
	}
	if got := g.take(0); len(got) != 0 {
		t.Errorf("events of a closed port: %v", got)
	}
	if again, _ := bindIPI(d, 0); again != port {
		t.Errorf("port %d, %d is free", again, port)
	}
	g.stop(free)
}

// TestFIFOKeepsWhatIsPending: events from before the switch, and events of ports
// whose words do not exist yet, come when the words exist.
func TestFIFOKeepsWhatIsPending(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	d, _, m := onGuest(t, 1)
	before, _ := bindIPI(d, 0)
	sendEvent(d, before)
	g := &fifoGuest{t: t, d: d}
	must(t, "init_control", g.init(0, m[4+3], 0))
	after, _ := bindIPI(d, 0)
	g.send(after)
	if e := d.port(after); e.saved == 0 || d.isPending(after) {
		t.Error("an event without a word is lost")
	}
	must(t, "expand_array", g.expand(m[4+5]))
	for _, port := range []uint32{after, before} {
		must(t, "unmask", unmask(d, port))
	}
	if got := g.take(0); !slices.Equal(got, []uint32{after, before}) {
		t.Errorf("got %v", got)
	}
	g.stop(free)
}

// TestFIFOFramesAreHeld: as long as the interface is in use its frames are nothing
// but writable data; a reset gives them back, and the two-level interface works.
func TestFIFOFramesAreHeld(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	g, m := onFIFO(t, 1, 1)
	d := g.d
	unmap := func(page int) {
		t.Helper()
		must(t, "update_va_mapping", hyperUpdateVAMapping(uint64(pageVA+page<<12), 0, 0, 0, 0))
	}
	g.send(g.ipi(0))
	for _, page := range []int{3, 5, 7} {
		unmap(page)
		if rc := pin(m[4+page], d, ptL1); rc != -abi.EINVAL {
			t.Errorf("page %d as a page table: %d", page, rc)
		}
	}
	if removeFrame(d, m[4+7]); pageOf(m[4+7]).count&pgRefs == 0 {
		t.Error("a frame of event words was freed")
	}
	g.send(g.ipi(0))
	counted(t, d)
	g.reset()
	counted(t, d)
	if d.usesFIFO() || pageOf(m[4+7]).count != pgFree {
		t.Errorf("after reset: FIFO %v, count %#x", d.usesFIFO(), pageOf(m[4+7]).count)
	}
	for _, page := range []int{3, 5} {
		*tableAt(m[4+page]) = table{}
		must(t, "pin", pin(m[4+page], d, ptL1))
		must(t, "unpin", unpin(m[4+page], d))
	}
	port, _ := bindIPI(d, 0)
	d.shared.EvtchnMask[0] = 0
	if sendEvent(d, port); d.vcpu[0].info.EvtchnPendingSel&1 == 0 {
		t.Error("the two-level interface does not work")
	}
	must(t, "init_control again", g.init(0, m[4+9], 0))
	g.stop(free)
}

// TestFIFOPorts: 131071 ports, each of which can be raised; a reset that makes way.
func TestFIFOPorts(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	g, m := onFIFO(t, 1, 1)
	d := g.d
	if port := lastPort(g, 0); port != abi.NumEvtchn2L-1 {
		t.Errorf("the last port is %d", port)
	}
	d.mostPorts, d.maxPages = maxPorts, 300
	for len(g.words) < fifoPages {
		page := allocDomainPage(d)
		must(t, "expand_array", g.expand(page))
	}
	if rc := g.expand(m[4+9]); rc != -abi.ENOSPC {
		t.Errorf("a page too many: %d", rc)
	}
	if port := lastPort(g, abi.NumEvtchn2L-1); port != maxPorts-1 {
		t.Errorf("the last port is %d", port)
	}
	var want []uint32
	for port := uint32(1); port < maxPorts; port = port*3 + 1 {
		must(t, "unmask", unmask(d, port))
		g.send(port)
		want = append(want, port)
	}
	if got := g.take(0); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	must(t, "close", closePort(d, 70000))
	if port, _ := bindIPI(d, 0); port != 70000 {
		t.Errorf("port %d is given out, 70000 is free", port)
	}
	raiseSoft(softTimer)
	at := put(1, 0x800, abi.EvtchnReset{Dom: abi.DomidSelf})
	if rc := hyperEventChannelOp(abi.EvtchnopReset, at, 0, 0, 0); rc != abi.HypercallEventChannelOp || d.nextPort != evtchnPerBucket {
		t.Errorf("a reset that should make way: %d, came to port %d", rc, d.nextPort)
	}
	current().arch.drafted = 0
	g.reset()
	testCPU.core.softirq = 0
	commit()
	g.stop(free)
}

// lastPort opens ports until there are no more.
func lastPort(g *fifoGuest, port uint32) uint32 {
	for {
		next, rc := bindIPI(g.d, 0)
		if rc != 0 {
			return port
		}
		if next != port+1 {
			g.t.Fatalf("port %d after %d", next, port)
		}
		port = next
	}
}

// TestSetLinkEnds: a guest that changes a word all the time does not keep the
// hypervisor, and finds the word free.
func TestSetLinkEnds(t *testing.T) {
	w := uint32(abi.EvtchnFIFOLinked)
	var stop atomic.Bool
	done := make(chan bool)
	go func() {
		for !stop.Load() {
			atomic.OrUint32(&w, abi.EvtchnFIFOMasked)
			atomic.AndUint32(&w, ^uint32(abi.EvtchnFIFOMasked))
		}
		close(done)
	}()
	for port := range uint32(20000) {
		if !setLink(&w, port) {
			t.Fatal("a word that is linked counts as taken out")
		}
		if x := atomic.LoadUint32(&w); x&abi.EvtchnFIFOBusy != 0 {
			t.Fatalf("port %d: word %#x", port, x)
		}
	}
	stop.Store(true)
	<-done
	w = 0
	if setLink(&w, 5) || w != 0 {
		t.Errorf("a word that is in no queue: %#x", w)
	}
}

// TestSearchIsBounded: a guest that leaves a closed port of each bucket in its queues
// does not make the hypervisor search them all; nor does recovery, which knows which
// buckets are full.
func TestSearchIsBounded(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	g, m := onFIFO(t, 1, 1)
	g.d.mostPorts = maxPorts
	for _, i := range []int{9, 11, 13} {
		must(t, "expand_array", g.expand(m[4+i]))
	}
	const buckets, most = 36, maxSearch / evtchnPerBucket
	for i := 1; i < buckets*evtchnPerBucket; i++ {
		if _, rc := bindIPI(g.d, 0); rc != 0 {
			t.Fatal(i, rc)
		}
	}
	for i := uint32(0); i <= most; i++ {
		port := i*evtchnPerBucket + 1
		must(t, "close", closePort(g.d, port))
		if i != most {
			*g.word(port) |= abi.EvtchnFIFOLinked
		}
	}
	persist().policy = ^uint64(0)
	for _, when := range []string{"", " after recovery"} {
		if port, rc := bindIPI(g.d, 0); rc != -abi.ENOSPC {
			t.Errorf("port %d, %d%s: found behind %d buckets", port, rc, when, most)
		}
		for i := range uint32(buckets) {
			if full := g.d.full[0]>>i&1 != 0; full != (i > most) && when != "" {
				t.Errorf("bucket %d is full: %v%s", i, full, when)
			}
		}
		saneValues()
	}
	*g.word(evtchnPerBucket + 1) &^= uint32(abi.EvtchnFIFOLinked)
	if port, rc := bindIPI(g.d, 0); port != evtchnPerBucket+1 || rc != 0 {
		t.Errorf("port %d, %d", port, rc)
	}
	g.stop(free)
}
