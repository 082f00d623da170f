package inspect

import "fmt"

// named is a timer and its name.
type named struct {
	timerInfo
	name  string
	recur bool // must be in a heap unless its handler runs
}

// timers lists all timers that exist.
func (w *world) timers() []named {
	var list []named
	for i := range w.cpus {
		c, name := &w.cpus[i], fmt.Sprintf("CPU %d core.", i)
		on := c.Online != 0
		list = append(list,
			named{c.Slice, name + "sched.slice", false}, named{c.Tick, name + "sched.tick", on},
			named{c.Watchdog, name + "watchdogTimer", on && c.Watchdog.Fn != 0},
			named{c.Calibration, name + "clock.timer", on && c.Calibration.Fn != 0})
	}
	for i := range w.vcpus {
		v := &w.vcpus[i]
		list = append(list, named{v.PollTimer, v.name + ".pollTimer", false}, named{v.Singleshot, v.name + ".singleshot", false},
			named{v.Periodic, v.name + ".periodic", v.PeriodNS != 0})
	}
	return list
}

// checkTimers: each heap is ordered, its timers know their places, timers that
// recur are in it, and the hardware is set for the first.
func (w *world) checkTimers() {
	all := w.timers()
	byAddr := map[uint64]*named{}
	for i := range all {
		byAddr[all[i].Addr] = &all[i]
	}
	for i := range w.cpus {
		w.checkTimerHeap(i, byAddr)
	}
	for i := range all {
		t := &all[i]
		if t.Fn == 0 && t.Pos == 0 {
			continue // never used
		}
		if t.Cpu >= uint64(len(w.cpus)) {
			w.wrong(Timers, t.name+".cpu", num(t.Cpu), "below %d", len(w.cpus))
			continue
		}
		c := &w.cpus[t.Cpu]
		if t.Pos != 0 && (t.Pos > c.Size || t.Pos >= uint64(len(c.Heap)) || c.Heap[t.Pos] != t.Addr) {
			w.wrong(Timers, t.name+".pos", num(t.Pos), "its place in the heap of CPU %d, or 0", t.Cpu)
		}
		if t.recur && t.Pos == 0 && c.Running != t.Addr {
			w.wrong(Timers, t.name, "in no heap", "in one: it recurs")
		}
		if t.Fn != 0 && (t.Fn < w.imageStart || t.Fn >= w.imageEnd) {
			w.wrong(Pointers, t.name+".fn", fmt.Sprintf("%#x", t.Fn), "in the image")
		}
	}
}

func (w *world) checkTimerHeap(cpu int, byAddr map[uint64]*named) {
	c, name := &w.cpus[cpu], fmt.Sprintf("CPU %d core.timers.", cpu)
	size := c.Size
	if size >= uint64(len(c.Heap)) {
		w.wrong(Timers, name+"size", num(size), "below %d", len(c.Heap))
		size = uint64(len(c.Heap)) - 1
	}
	for k := uint64(1); k <= size; k++ {
		place := fmt.Sprintf("%sheap[%d]", name, k)
		t := byAddr[c.Heap[k]]
		if t == nil {
			w.wrong(Pointers, place, fmt.Sprintf("%#x", c.Heap[k]), "a timer")
			continue
		}
		if t.Pos != k {
			w.wrong(Timers, t.name+".pos", num(t.Pos), "%d", k)
		}
		if t.Cpu != uint64(cpu) {
			w.wrong(Timers, t.name+".cpu", num(t.Cpu), "%d, in whose heap it is", cpu)
		}
		if up := byAddr[c.Heap[k/2]]; k > 1 && up != nil && up.Expires > t.Expires {
			w.wrong(Timers, place, fmt.Sprintf("%s, which expires at %d", t.name, t.Expires), "after %s, which expires at %d", up.name, up.Expires)
		}
	}
	if c.Running != 0 {
		running := fmt.Sprintf("%#x", c.Running)
		if t := byAddr[c.Running]; t != nil {
			running = t.name
		}
		w.wrong(Timers, name+"running", running, "nil")
	}
	if c.Online == 0 || size == 0 || c.Soft>>w.softTimer&1 != 0 {
		return
	}
	if t := byAddr[c.Heap[1]]; t != nil && (c.Deadline == 0 || c.Deadline > t.Expires) {
		w.wrong(Timers, name+"deadline", fmt.Sprint(c.Deadline), "%d, when %s expires", t.Expires, t.name)
	}
}
