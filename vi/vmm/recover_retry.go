package main

// Step hypercall_retry. A guest that waits for the result of a hypercall, or for
// its kernel to be entered by a system call, would go on behind SYSCALL with
// nothing done, or half of it. The registers of the last moment at which guest
// and VMM agreed are those of before SYSCALL; the instruction pointer goes back
// over it, and the guest issues the call again. Not all calls may be done twice:
// the log (progress.go) says which parts are done, and operations that are not
// idempotent accept, the first time again, to find their work done.

// retryCall makes v issue the call again that was under way at s.
func retryCall(v *VCPU, s *guestState) {
	if !s.call || !begin(stepHypercallRetry) {
		return
	}
	v.arch.regs.RIP -= syscallLen
	v.arch.bounce.flags = 0
	clearBits(&v.pause, pauseBlocked|pausePoll) // it blocks, if it did, once more
	clearBits(&v.domain.pollMask, 1<<v.id)
	v.arch.mc.active, v.arch.mc.preempted = false, false
	v.arch.log.resume, v.arch.log.again = v.arch.log.done, true
}
