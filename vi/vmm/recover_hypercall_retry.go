package main

// Step hypercall_retry. A guest that waits for the result of a hypercall would
// go on behind SYSCALL although the call was not done, or only half of it. The
// agreed registers (note.go) are those from before the call; the instruction
// pointer goes back over SYSCALL, and the guest issues the call again.
//
// Step syscall_retry. A system call of the guest's user mode is issued again,
// too, if the VMM had not yet handed it to the guest's kernel.
//
// Step multicall_retry. A list of hypercalls or requests continues behind the
// last part that is done according to the log (progress.go).
//
// Step undo_log. Not all calls may be done twice. The log says that the part
// under way may have been done before. Operations that are not idempotent then
// accept that their work is done already, or take back what they had begun.

// hypercallRetry makes v issue its call again if one was under way. w is what was
// noted (archVCPU.noted).
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
	clearBits(&v.pause, pauseBlocked|pausePoll) // if the call blocks, it does so once more
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
