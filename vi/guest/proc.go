package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Process states.
const (
	procFree = iota
	procRunnable
	procSleeping
	procZombie
)

const (
	maxProcs = 24
	maxFiles = 8
)

// stack is the stack pointer of a kernel stack that is not in use, and a sum of
// its content.
type stack struct{ sp, sum uint64 }

// Proc is a process. Process 0 is the kernel's own thread, on the block that
// it booted on and in the address space that the hypervisor built.
type Proc struct {
	state  uint8
	signal uint8 // not 0: it has been asked to end, and calls that would wait give EINTR
	pid    uint32
	parent *Proc
	space  Space
	base   uint64 // block of its kernel stack
	stack  stack  // while another process runs
	fsBase uint64
	gsBase uint64
	ds, es uint16         // while another process runs
	wait   unsafe.Pointer // what it waits for in sleep
	wakeAt uint64         // system time at which it wakes, 0 = none
	status uint32         // as wait4 reports it
	files  [maxFiles]file
}

var (
	procs   [maxProcs]Proc
	current *Proc
	nextPID uint32
	exits   uint32 // processes reaped, the balloon's clock
)

// allocProc finds a free slot; its block is that of the slot.
func allocProc() *Proc {
	for i := 1; i < maxProcs; i++ {
		if p := &procs[i]; p.state == procFree {
			*p = Proc{base: blockBase(i)}
			nextPID++
			p.pid = nextPID
			return p
		}
	}
	return nil
}

// trapFrame is where a process in user mode has its trapFrame: at the stack's top.
func (p *Proc) trapFrame() *trapFrame {
	return (*trapFrame)(ptr(p.base + blockSize - uint64(trapFrameSize)))
}

// start makes the first switch to p go to user mode with the registers in its
// trapFrame.
func (p *Proc) start() {
	sp := addr(unsafe.Pointer(p.trapFrame())) - 16
	*(*uint64)(ptr(sp)) = 0 // BP
	*(*uint64)(ptr(sp + 8)) = entries[entryLeave]
	p.stack = stack{sp, stackSum(sp)}
	p.state = procRunnable
}

// fork is the system call: the child's registers, FPU and files are copies, its
// pages are shared.
func fork(f *trapFrame) int64 {
	p := allocProc()
	if p == nil {
		return -abi.EAGAIN
	}
	if !p.space.build() {
		return -abi.ENOMEM
	}
	if !p.space.copyFrom(&current.space) {
		p.space.destroy()
		return -abi.ENOMEM
	}
	p.space.pin()
	*p.trapFrame() = *f
	p.trapFrame().RAX = 0
	p.trapFrame().Error = 0
	blockAt(p.base).fpu = this().fpu
	p.fsBase, p.gsBase, p.parent, p.files = current.fsBase, current.gsBase, current, current.files
	p.ds, p.es, _, _ = bare.Segments()
	for i := range p.files {
		p.files[i].dup()
	}
	p.start()
	return int64(p.pid)
}

// sleep waits until wakeup of the same thing, or the process's wakeAt.
func sleep(what unsafe.Pointer) {
	current.wait = what
	current.state = procSleeping
	schedule()
}

func wakeup(what unsafe.Pointer) {
	for i := range procs {
		if p := &procs[i]; p.state == procSleeping && p.wait == what {
			p.wake()
		}
	}
}

func (p *Proc) wake() {
	p.state, p.wait, p.wakeAt = procRunnable, nil, 0
}

// exit ends the current process; status is in wait4's encoding.
func exit(status uint32) {
	p := current
	releaseForeign(0, userEnd)
	for i := range p.files {
		p.files[i].close()
	}
	for i := range procs {
		if procs[i].parent == p {
			procs[i].parent = &procs[0]
			if procs[i].state == procZombie {
				wakeup(unsafe.Pointer(&procs[0]))
			}
		}
	}
	p.status = status
	p.state = procZombie
	wakeup(unsafe.Pointer(p.parent))
	schedule()
	Die("a process ran after its exit", uint64(p.pid))
}

// waitChild waits for a child (pid 0: any) and frees it. It returns the PID
// and status, or 0 when there is none to report.
func waitChild(pid uint32, block bool) (uint32, uint32, int64) {
	for {
		found := false
		for i := 1; i < maxProcs; i++ {
			p := &procs[i]
			if p.state == procFree || p.parent != current || pid != 0 && p.pid != pid {
				continue
			}
			found = true
			if p.state == procZombie {
				got, status := p.pid, p.status
				p.space.destroy()
				p.state, p.parent = procFree, nil
				exits++
				balloonTick(exits)
				grantTick(exits)
				return got, status, 0
			}
		}
		if !found {
			return 0, 0, -abi.ECHILD
		}
		if !block {
			return 0, 0, 0
		}
		sleep(unsafe.Pointer(current))
	}
}
