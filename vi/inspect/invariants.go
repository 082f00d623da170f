package inspect

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// Checker checks the invariants of the VMM's structures from outside. It knows
// only the VMM's own types, is immutable and may serve many machines.
type Checker struct {
	layout *layout
	view   *View
}

// NewChecker prepares the checks for a VMM. It fails, with a list of all names
// that are missing, if the VMM's structures are not those that it knows.
func NewChecker(v *View) (*Checker, error) {
	l, err := newLayout(v)
	if err != nil {
		return nil, err
	}
	return &Checker{l, v}, nil
}

func (c *Checker) world(m *Machine) *world {
	w := c.blank(m)
	w.load()
	return w
}

// blank is a world into which nothing has been read yet.
func (c *Checker) blank(m *Machine) *world {
	return &world{layout: c.layout, view: c.view, m: m, byFrame: map[uint64]int{}, known: map[uint64]string{}}
}

// Check lists the invariants that do not hold, by kind, in an order that
// depends on the memory alone. It ends whatever the memory contains. While an
// operation is under way, some invariants do not hold although nothing is
// wrong.
func (c *Checker) Check(m *Machine) []Violation {
	w := c.world(m)
	w.checkImage()
	w.checkLocks()
	w.checkCalls()
	w.checkInterrupts()
	w.checkVCPUs()
	w.checkQueues()
	w.checkTimers()
	w.checkEvents()
	w.checkDevices()
	w.checkFrames()
	w.checkHeap()
	for k := range ViolationKinds {
		if more := w.n[k] - mostViolations; more > 0 {
			w.list = append(w.list, Violation{k, "and more", fmt.Sprint(more), "0"})
		}
	}
	slices.SortStableFunc(w.list, func(a, b Violation) int {
		return cmp.Compare(a.Kind, b.Kind)
	})
	return w.list
}

// CheckRoots is the part of Check about the address spaces and descriptor tables that
// guests run in, which holds whatever is under way on other processors.
func (c *Checker) CheckRoots(m *Machine) []Violation {
	w := c.blank(m)
	w.loadObjects()
	w.list = nil
	for i := range w.vcpus {
		w.checkRoot(&w.vcpus[i])
		w.checkWindow(&w.vcpus[i])
	}
	return w.list
}

// checkImage: code and read-only data are as they were loaded.
func (w *world) checkImage() {
	n := w.roEnd - w.textStart
	now, loaded := make([]byte, n), make([]byte, n)
	if w.m.Memory(w.textStart, now) != nil || Initial(w.view.image)(w.textStart, loaded) != nil {
		w.wrong(Code, "code and constants", "not mapped", "mapped")
		return
	}
	const step = 4096
	for at := 0; at < len(now); at += step {
		end := min(at+step, len(now))
		if bytes.Equal(now[at:end], loaded[at:end]) {
			continue
		}
		for i := at; i < end; i++ {
			if now[i] != loaded[i] {
				w.wrong(Code, w.inImage(w.textStart+uint64(i)), fmt.Sprintf("%#02x", now[i]), "%#02x", loaded[i])
			}
		}
	}
}

// inImage names an address of the image by its symbol.
func (w *world) inImage(addr uint64) string {
	s, ok := w.view.image.Func(addr)
	if !ok {
		s, ok = w.view.image.Var(addr)
	}
	if !ok {
		return fmt.Sprintf("byte %#x", addr)
	}
	return fmt.Sprintf("%s+%#x", s.Name, addr-s.Start)
}

// Lock is a spinlock and who holds it.
type Lock struct {
	Name   string
	Addr   uint64
	Holder int64 // CPU, -1 = free
}

// Locks lists all spinlocks that can be found.
func (c *Checker) Locks(m *Machine) []Lock { return c.world(m).locks() }

func (w *world) locks() []Lock {
	var list []Lock
	add := func(base uint64, owner string, places []lockPlace) {
		for _, p := range places {
			v, err := word(w.m.Memory, base+p.offset, 4)
			if err == nil {
				list = append(list, Lock{owner + p.path, base + p.offset, int64(v) - 1})
			}
		}
	}
	add(0, "", w.layout.locks[""])
	for i := range w.cpus {
		add(w.cpus[i].Addr, fmt.Sprintf("CPU %d ", i), w.layout.locks["main.CPU"])
	}
	for i := range w.domains {
		add(w.domains[i].Addr, w.domainName(i)+".", w.layout.locks["main.Domain"])
	}
	for i := range w.vcpus {
		add(w.vcpus[i].Addr, w.vcpus[i].name+".", w.layout.locks["main.VCPU"])
	}
	return list
}

// checkLocks: no lock is held.
func (w *world) checkLocks() {
	for _, l := range w.locks() {
		switch {
		case l.Holder < 0:
		case l.Holder >= int64(len(w.m.CPUs)):
			w.wrong(Locks, l.Name, num(uint64(l.Holder+1)), "free, or 1 + the number of a CPU")
		default:
			w.wrong(Locks, l.Name, fmt.Sprintf("held by CPU %d", l.Holder), "free")
		}
	}
}

// checkCalls: no request to other CPUs and no hypercall is under way.
func (w *world) checkCalls() {
	for _, p := range []struct {
		name string
		at   place64
	}{{"main.call.todo", w.callTodo}, {"main.flushRequest.todo", w.flushTodo}} {
		if v := w.get(p.at); v != 0 {
			w.wrong(Calls, p.name, fmt.Sprintf("%#x", v), "0")
		}
	}
	for i := range w.vcpus {
		v := &w.vcpus[i]
		if v.Noted > w.notedValid {
			w.wrong(Calls, v.name+".arch.noted", num(v.Noted), "at most %#x", w.notedValid)
			continue
		}
		// A vCPU that was preempted before its system call entered its kernel
		// does so later.
		if w.within(v) {
			w.wrong(Calls, v.name, "in "+w.underWay(v).Name+w.progressText(v.Log), "not within a hypercall")
		}
		if v.Multicall {
			w.wrong(Calls, v.name+".arch.mc.active", "true", "false")
		}
	}
}

// within says whether a vCPU's call is under way on a processor.
func (w *world) within(v *vcpuOf) bool {
	return v.Noted <= w.notedValid && v.IsRunning != 0 && v.Noted&w.notedCall != 0
}

// UnderWay is a hypercall, or a system call of a guest's program, that a vCPU executes.
type UnderWay struct {
	VCPU   string
	System bool
	Name   string
}

func (w *world) underWay(v *vcpuOf) UnderWay {
	if v.Flags&w.kernelMode == 0 {
		return UnderWay{v.name, true, fmt.Sprintf("system call %d", v.Call)}
	}
	return UnderWay{v.name, false, w.callName(v.Call)}
}

// UnderWay lists the calls that are under way.
func (c *Checker) UnderWay(m *Machine) []UnderWay {
	w := c.world(m)
	var list []UnderWay
	for i := range w.vcpus {
		if v := &w.vcpus[i]; w.within(v) {
			list = append(list, w.underWay(v))
		}
	}
	return list
}

func (w *world) progressText(log uint64) string {
	if log == 0 {
		return ""
	}
	if log&w.rewriting != 0 {
		return fmt.Sprintf(" after %d entries, the next being rewritten", log>>32)
	}
	return fmt.Sprintf(" after %d entries and %d parts", log>>32, log&0xffffffff)
}

// inService lists the vectors in service as a CPU's core.eoi has them, and says whether
// its local APIC has the same.
func (w *world) inService(cpu int) (stack []uint8, same bool) {
	c := &w.cpus[cpu]
	for _, v := range c.Vectors[:min(c.Depth, uint64(len(c.Vectors)))] {
		stack = append(stack, uint8(v))
	}
	return stack, slices.Equal(stack, w.m.CPUs[cpu].InService)
}

// Unacknowledged says whether an interrupt is in service of which the VMM does not know.
func (c *Checker) Unacknowledged(m *Machine) bool {
	w := c.world(m)
	for i := range w.cpus {
		if _, same := w.inService(i); !same && w.cpus[i].Depth <= uint64(len(w.cpus[i].Vectors)) {
			return true
		}
	}
	return false
}

// checkInterrupts: no interrupt is being handled, and the APIC agrees with the
// VMM about those in service.
func (w *world) checkInterrupts() {
	for i := range w.cpus {
		c, name := &w.cpus[i], fmt.Sprintf("CPU %d ", i)
		if c.ID != uint64(i) && c.Online != 0 {
			w.wrong(Interrupts, name+"ID", num(c.ID), "%d", i)
		}
		if c.IRQCount != 0 {
			w.wrong(Interrupts, name+"core.irqCount", num(c.IRQCount), "0")
		}
		if c.Depth > uint64(len(c.Vectors)) {
			w.wrong(Interrupts, name+"core.eoi.depth", num(c.Depth), "at most %d", len(c.Vectors))
			continue
		}
		if c.Depth != 0 {
			w.wrong(Interrupts, name+"core.eoi.depth", num(c.Depth), "0")
		}
		if stack, same := w.inService(i); !same {
			w.wrong(Interrupts, name+"local APIC's in-service set", vectors(w.m.CPUs[i].InService), "%s, as core.eoi has it", vectors(stack))
		}
		if c.Soft>>w.softs != 0 {
			w.wrong(Interrupts, name+"core.softirq", fmt.Sprintf("%#x", c.Soft), "below %#x", uint64(1)<<w.softs)
		} else if c.Soft != 0 && w.m.CPUs[i].Halted {
			w.wrong(Interrupts, name+"core.softirq", fmt.Sprintf("%#x while it is halted", c.Soft), "0")
		}
	}
	w.checkInFlight()
}

// vectors lists interrupt vectors.
func vectors(list []uint8) string {
	if len(list) == 0 {
		return "empty"
	}
	return fmt.Sprintf("% #x", list)
}

func (w *world) checkInFlight() {
	for i := range w.irqs.count {
		if v := w.get(place64{w.irqsAt + uint64(i*w.irqs.stride+w.irqs.inFlight), 4}); v != 0 {
			w.wrong(Interrupts, fmt.Sprintf("main.irqs[%d].inFlight", i), num(v), "0")
		}
	}
}
