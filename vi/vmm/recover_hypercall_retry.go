package main

// Step hypercall_retry. A guest that waits for the result of a hypercall would
// go on behind SYSCALL with nothing done, or half of it. The registers of the
// last moment at which guest and VMM agreed are those of before SYSCALL; the
// instruction pointer goes back over it, and the guest issues the call again.
//
// Step syscall_retry. The same for a system call of the guest's user mode, which
// the VMM had not yet handed to the guest's kernel.
//
// Step multicall_retry. A batch, be it of hypercalls or of requests, goes on
// behind the last part that the log (progress.go) says is done.
//
// Step undo_log. Not all calls may be done twice. The log says that the part
// under way may have been done, and operations that are not idempotent then
// accept to find their work done, or take back what they had begun.

// hypercallRetry makes v issue the call again that was under way when w was noted.
func hypercallRetry(v *VCPU, w uint32) {
	step := uint(stepHypercallRetry)
	if w&notedKernel == 0 {
		step = stepSyscallRetry
	}
	if w&notedCall == 0 || !begin(step) {
		return
	}
	v.arch.regs.RIP -= syscallLen
	v.arch.bounce.flags = 0
	clearBits(&v.pause, pauseBlocked|pausePoll) // it blocks, if it did, once more
	clearBits(&v.domain.pollMask, 1<<v.id)
	v.arch.mc.active, v.arch.mc.preempted = false, false
	log := &v.arch.log
	log.resume, log.again = 0, false
	if w&notedKernel == 0 {
		return
	}
	if begin(stepMulticallRetry) {
		log.resume = log.done
	}
	if begin(stepUndoLog) {
		log.again = true
	} else {
		log.page = 0
	}
}
