package inspect

import (
	"fmt"

	"resvirt/vi/abi"
)

// runstates by number.
var runstates = [...]string{
	abi.RunstateRunning: "running", abi.RunstateRunnable: "runnable", abi.RunstateBlocked: "blocked", abi.RunstateOffline: "offline",
}

func runstate(s uint64) string {
	if s < uint64(len(runstates)) {
		return runstates[s]
	}
	return num(s) + ", which is no run state"
}

// checkVCPUs: which vCPU runs is the same in the CPU's record, the run state,
// the running flag and the queues.
func (w *world) checkVCPUs() {
	for i := range w.cpus {
		c, name := &w.cpus[i], fmt.Sprintf("CPU %d ", i)
		if c.Online == 0 {
			continue
		}
		if _, ok := w.known[c.Curr]; !ok {
			w.wrong(Pointers, name+"core.curr", fmt.Sprintf("%#x", c.Curr), "a vCPU")
		}
		if c.Chosen != c.Curr {
			w.wrong(VCPUs, name+"core.sched.curr", w.vcpuName(c.Chosen), "%s, as core.curr", w.vcpuName(c.Curr))
		}
	}
	for i := range w.vcpus {
		w.checkVCPU(&w.vcpus[i])
		w.checkRoot(&w.vcpus[i])
		w.checkWindow(&w.vcpus[i])
	}
}

// checkRoot: while a guest runs, CR3 is a root that its vCPU holds.
func (w *world) checkRoot(v *vcpuOf) {
	if v.Cpu >= uint64(len(w.cpus)) || w.cpus[v.Cpu].Curr != v.Addr {
		return
	}
	want := v.RootUser
	if v.Flags&w.kernelMode != 0 {
		want = v.Root
	}
	if p := &w.m.CPUs[v.Cpu]; p.Guest && p.Root != 0 && p.Root != want {
		w.wrong(VCPUs, fmt.Sprintf("CPU %d CR3", v.Cpu), fmt.Sprintf("frame %d", p.Root), "frame %d, the root of %s", want, v.name)
	}
}

func (w *world) checkVCPU(v *vcpuOf) {
	if v.Cpu >= uint64(len(w.cpus)) {
		w.wrong(VCPUs, v.name+".cpu", num(v.Cpu), "below %d", len(w.cpus))
		return
	}
	c := &w.cpus[v.Cpu]
	if c.Online == 0 {
		return
	}
	current := c.Curr == v.Addr
	want := "not running"
	if current {
		want = fmt.Sprintf("running, for CPU %d runs it", v.Cpu)
	}
	if current != (v.State == abi.RunstateRunning) {
		w.wrong(VCPUs, v.name+".state", runstate(v.State), "%s", want)
	}
	if current != (v.IsRunning != 0) || v.IsRunning > 1 {
		w.wrong(VCPUs, v.name+".isRunning", num(v.IsRunning), "%d", bit(current))
	}
	if v.domain < 0 {
		return
	}
	if runnable := v.State == abi.RunstateRunnable; v.Queued != runnable {
		w.wrong(VCPUs, v.name+".queued", fmt.Sprint(v.Queued), "%v, for it is %s", runnable, runstate(v.State))
	}
	paused := w.domains[v.domain].PauseCount
	free := v.Pause == 0 && paused == 0
	switch {
	case v.State >= abi.RunstateBlocked && free:
		w.wrong(VCPUs, v.name+".state", runstate(v.State), "running or runnable: nothing keeps it")
	case v.State == abi.RunstateBlocked && v.Pause&w.blocked == 0 && paused == 0:
		w.wrong(VCPUs, v.name+".state", "blocked", "offline: it does not wait")
	case v.State == abi.RunstateRunnable && !free:
		w.wrong(VCPUs, v.name+".state", "runnable", "not runnable: pause is %#x, its domain has %d pauses", v.Pause, paused)
	}
	if v.Traps != 0 {
		w.object(v.name+".arch.traps", v.Traps)
	}
	if v.Info != 0 {
		if _, ok := w.frameOf(v.Info); !ok {
			w.wrong(Pointers, v.name+".info", fmt.Sprintf("%#x", v.Info), "in RAM")
		}
	}
	for _, r := range []struct {
		name  string
		frame uint64
	}{{".arch.guestTable", v.Root}, {".arch.guestTableUser", v.RootUser}} {
		if r.frame >= uint64(len(w.frames)) && len(w.frames) > 0 {
			w.wrong(Pointers, v.name+r.name, num(r.frame), "below %d", len(w.frames))
		}
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// checkQueues: each run queue is a list of runnable vCPUs of its CPU in order
// of priority, and a vCPU that is marked as queued is in one.
func (w *world) checkQueues() {
	queued := map[uint64]bool{}
	byAddr := map[uint64]*vcpuOf{}
	for i := range w.vcpus {
		byAddr[w.vcpus[i].Addr] = &w.vcpus[i]
	}
	for i := range w.cpus {
		place := fmt.Sprintf("CPU %d core.sched.head", i)
		var prev *vcpuOf
		for at := w.cpus[i].Queue; at != 0; {
			v := byAddr[at]
			if v == nil || v.domain < 0 {
				w.wrong(Pointers, place, w.vcpuName(at), "a domain's vCPU or nil")
				break
			}
			if queued[at] {
				w.wrong(Queues, place, v.name+", which is in a queue already", "the next vCPU or nil")
				break
			}
			queued[at] = true
			if before := addrOfVCPU(prev); v.Qprev != before {
				w.wrong(Queues, v.name+".qprev", w.vcpuName(v.Qprev), "%s", w.vcpuName(before))
			}
			if v.Cpu != uint64(i) {
				w.wrong(Queues, place, fmt.Sprintf("%s of CPU %d", v.name, v.Cpu), "a vCPU of CPU %d", i)
			}
			if prev != nil && prev.Pri < v.Pri {
				w.wrong(Queues, v.name+".pri", fmt.Sprint(v.Pri), "at most %d, as %s before it", prev.Pri, prev.name)
			}
			prev, at, place = v, v.Qnext, v.name+".qnext"
		}
	}
	for i := range w.vcpus {
		v := &w.vcpus[i]
		if v.domain >= 0 && v.Queued != queued[v.Addr] {
			w.wrong(Queues, v.name+".queued", fmt.Sprint(v.Queued), "%v, as the run queues have it", queued[v.Addr])
		}
		if v.Pri > w.priBoost {
			w.wrong(Queues, v.name+".pri", fmt.Sprint(v.Pri), "at most %d", w.priBoost)
		}
	}
}

func addrOfVCPU(v *vcpuOf) uint64 {
	if v == nil {
		return 0
	}
	return v.Addr
}
