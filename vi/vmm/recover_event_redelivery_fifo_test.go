package main

import (
	"slices"
	"testing"

	"resvirt/vi/abi"
)

// cutOff does the first steps of setPendingFIFO and enqueue for a port, and says
// whether these are all steps.
func (g *fifoGuest) cutOff(port uint32, steps int) bool {
	f, e := g.d.fifo, g.d.port(port)
	was, from, word, info := *f, e.queue, *g.word(port), *g.d.vcpu[e.vcpu].info
	q := e.vcpu*fifoQueues + uint32(e.priority)
	c := f.block(e.vcpu)
	block := *c
	last := &word // stands for a port of which nothing is left
	if p := f.tails[q]; p != 0 && p != port {
		last = g.word(p)
	}
	lastWas := *last
	setPending(g.d.vcpu[e.vcpu], port)
	to, lastNew, head, ready := e.queue, *last, c.Head[e.priority], c.Ready
	*f, e.queue, *g.word(port), *last, *c, *g.d.vcpu[e.vcpu].info = was, from, word, lastWas, block, info
	list := []func(){
		func() { *g.word(port) |= abi.EvtchnFIFOPending },
		func() {
			if f.tails[from] == port {
				f.tails[from] = 0
			}
		},
		func() { e.queue = to },
		func() { *g.word(port) |= abi.EvtchnFIFOLinked },
		func() { *last, c.Head[e.priority] = lastNew, head },
		func() { f.tails[q] = port },
		func() { c.Ready = ready },
	}
	for _, step := range list[:steps] {
		step()
	}
	return steps == len(list)
}

// TestEventsCutOff: whenever the VMM fails while it puts an event into a queue,
// recovery sees to it that this and all others arrive, each once and in order.
func TestEventsCutOff(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(g *fifoGuest, p []uint32)
		want    []int // which ports vCPU 0 gets in the end
	}{
		{"into an empty queue", func(g *fifoGuest, p []uint32) {}, []int{0}},
		{"into a queue that the guest has emptied", func(g *fifoGuest, p []uint32) { g.send(p[1]); g.take(0) }, []int{0}},
		{"behind others", func(g *fifoGuest, p []uint32) { g.send(p[1], p[2]) }, []int{1, 2, 0}},
		{"once more", func(g *fifoGuest, p []uint32) { g.send(p[0]); g.take(0) }, []int{0}},
		{"once more, and others are there", func(g *fifoGuest, p []uint32) { g.send(p[1], p[0]); g.take(0); g.send(p[2]) }, []int{2, 0}},
		{"from another vCPU's queue", func(g *fifoGuest, p []uint32) {
			g.d.port(p[0]).vcpu = 1
			g.send(p[0])
			g.take(1)
			g.d.port(p[0]).vcpu = 0
			g.send(p[1])
		}, []int{1, 0}},
		{"from another priority", func(g *fifoGuest, p []uint32) {
			g.send(p[0])
			g.take(0)
			g.send(p[1])
			setPriority(g.d, p[0], 3)
		}, []int{0, 1}},
	} {
		for done, all := 1, false; !all; done++ {
			recoverable(t)
			free := heap.nfree
			g, _ := onFIFO(t, 1, 2)
			g.d.vcpu[0].pause |= pauseBlocked
			p := []uint32{g.ipi(0), g.ipi(0), g.ipi(0)}
			c.prepare(g, p)
			all = g.cutOff(p[0], done)
			g.d.eventLock.v, g.d.fifoLock.v = 1, 1
			reinitLocks()
			eventRedelivery()
			if g.d.vcpu[0].pause&pauseBlocked != 0 {
				t.Errorf("%s, after %d steps: the vCPU sleeps", c.name, done)
			}
			var want []uint32
			for _, i := range c.want {
				want = append(want, p[i])
			}
			if got := g.take(0); !slices.Equal(got, want) {
				t.Errorf("%s, after %d steps: %v, want %v", c.name, done, got, want)
			}
			g.send(p[2], p[0])
			if got := g.take(0); len(got) != 2 || *g.word(p[0])&(abi.EvtchnFIFOBusy|abi.EvtchnFIFOLinked) != 0 {
				t.Errorf("%s, after %d steps: then %v, word %#x", c.name, done, got, *g.word(p[0]))
			}
			testCPU.core.softirq, g.d.vcpu[0].queued, testCPU.core.sched.head = 0, false, nil
			g.stop(free)
		}
	}
}

// TestBusyWordIsFreed: recovery clears the busy mark by which the VMM kept the
// guest from unmasking.
func TestBusyWordIsFreed(t *testing.T) {
	recoverable(t)
	free := heap.nfree
	g, _ := onFIFO(t, 1, 1)
	port := g.ipi(0)
	g.send(port)
	*g.word(port) |= abi.EvtchnFIFOBusy
	eventRedelivery()
	if w := *g.word(port); w != abi.EvtchnFIFOPending|abi.EvtchnFIFOLinked {
		t.Errorf("word %#x", w)
	}
	testCPU.core.softirq = 0
	g.stop(free)
}

// TestRecoveryKeepsFIFO: control blocks and event words are held after recovery as
// before, whether recovery counts anew or takes back; and what it took back can be
// done again.
func TestRecoveryKeepsFIFO(t *testing.T) {
	for _, undo := range []bool{false, true} {
		for _, under := range []string{"init_control", "expand_array", "reset"} {
			recoverable(t)
			free := heap.nfree
			g, m := onFIFO(t, 1, 2)
			d, v := g.d, current()
			port, other := g.ipi(0), g.ipi(1)
			g.send(port)
			c := &d.fifo.control[1]
			d.setHeld(&c.frame, 0)
			putPageAndType(pageOf(m[4+3]))
			commit()
			persist().mode = modeReset
			v.arch.log.start(0)
			issue := func() int64 {
				switch under {
				case "init_control":
					return initControl(d, &abi.EvtchnInitControl{ControlGFN: uint64(m[4+9]), Vcpu: 1})
				case "expand_array":
					return expandArray(d, m[4+9])
				}
				d.stopFIFO()
				return 0
			}
			must0(t, under, issue())
			enter(testCPU.core.idle)
			if undo && !frameJournal() {
				t.Fatal("the journal was not enough")
			} else if !undo {
				persist().mode = modeReboot
				repair()
			}
			counted(t, d)
			eventRedelivery()
			enter(v)
			if under != "reset" {
				g.send(other) // perhaps while its vCPU has no control block again
			}
			v.arch.log.again = true
			v.arch.log.start(0)
			if rc := issue(); rc != 0 {
				t.Errorf("%s again, undo %v: %d", under, undo, rc)
			}
			commit()
			v.arch.log.again = false
			n := heldFrames(d)
			if want := map[string]int{"init_control": 4, "expand_array": 4, "reset": 0}[under]; n != want {
				t.Errorf("%s, undo %v: %d frames are held, want %d", under, undo, n, want)
			}
			if under != "reset" {
				if got := g.take(0); !slices.Equal(got, []uint32{port}) {
					t.Errorf("%s, undo %v: events %v", under, undo, got)
				}
			}
			if under == "init_control" {
				if got := g.take(1); !slices.Equal(got, []uint32{other}) {
					t.Errorf("%s, undo %v: events of the other vCPU %v", under, undo, got)
				}
			}
			testCPU.core.softirq = 0
			persist().mode = modeNone
			g.stop(free)
		}
	}
}

// must0 is must without the end of the part.
func must0(t *testing.T, what string, rc int64) {
	t.Helper()
	if rc != 0 {
		t.Fatalf("%s: %d", what, rc)
	}
}

// heldFrames counts the frames that the interface uses.
func heldFrames(d *Domain) (n int) {
	d.eachFIFOFrame(func(*mfn) { n++ })
	return n
}

// TestExpandArrayAgain: if expand_array was complete when the VMM failed, the
// second call adds no page, and the events of the new words come.
func TestExpandArrayAgain(t *testing.T) {
	recoverable(t)
	free := heap.nfree
	d, v, m := onGuest(t, 1)
	g := &fifoGuest{t: t, d: d}
	must(t, "init_control", g.init(0, m[4+3], 0))
	port, _ := bindIPI(d, 0)
	v.arch.log.start(0)
	must(t, "expand_array", expandArray(d, m[4+5]))
	g.words = append(g.words, m[4+5])
	d.port(port).saved = 1 // as before expandArray looked for events of its words
	v.arch.log.again = true
	v.arch.log.start(0)
	must(t, "expand_array again", expandArray(d, m[4+5]))
	v.arch.log.again = false
	if d.fifo.array[1] != 0 || d.port(port).saved != 0 || !d.isPending(port) {
		t.Errorf("second page %#x, pending %v", d.fifo.array[1], d.isPending(port))
	}
	v.arch.log.start(0)
	if rc := expandArray(d, m[4+5]); rc != 0 || d.fifo.array[1] != m[4+5] {
		t.Errorf("the same frame as the next page: %d", rc)
	}
	commit()
	testCPU.core.softirq = 0
	g.stop(free)
}

// TestWildQueues: after recovery, numbers that a fault has changed do no harm.
func TestWildQueues(t *testing.T) {
	recoverable(t)
	free := heap.nfree
	g, m := onFIFO(t, 1, 2)
	port := g.ipi(1)
	f := g.d.fifo
	f.tails[3], f.tails[40], f.control[0].offset, f.array[1], f.control[1].frame = 1<<30, 99, 5000, 1<<40, m[0]
	g.d.port(port).queue, g.d.port(port).priority = 255, 200
	putPageAndType(pageOf(m[4+7]))
	putPageAndType(pageOf(m[4+3]))
	commit()
	saneValues()
	repair()
	eventRedelivery()
	if f.array[1] != 0 || f.control[1].frame != 0 || !g.d.soundQueues() || !g.d.soundHeld() {
		t.Errorf("%+v", f)
	}
	must(t, "init_control", g.init(1, m[4+3], 256))
	g.send(port)
	testCPU.core.softirq = 0
	g.stop(free)
}
