package main

import (
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// recoveryStep is one mechanism of recovery, which the policy word can switch
// off alone.
type recoveryStep struct {
	name string
}

// The steps, by the number of their bit and POST code.
const (
	stepMicroreboot = iota
	stepFixSP
	stepNMIIPI
	stepGuestFrame
	stepSaveFSGS
	stepAckInterrupts
	stepNMIAck
	stepReinitLocks
	stepPageFrames
	stepHypercallRetry
	stepSchedMetadata
	stepRecurringTimers
	stepEventRedelivery
	stepConsoleLine
	stepMicroreset
	stepClearIRQCount
	stepStaticLocks
	stepHardwareTimer
	stepSyscallRetry
	stepMulticallRetry
	stepUndoLog
	stepRenewCPU
	stepVerify
	stepTimerHeap
	stepFrameJournal
	stepDomainList
	stepSaneValues
	stepFullReboot
	stepDoubt
	stepPatrol
	stepAppeal
)

// recoverySteps is the one list of steps; the host reads the names here.
var recoverySteps = [...]recoveryStep{
	stepMicroreboot:     {"microreboot"},
	stepFixSP:           {"fix_sp"},
	stepNMIIPI:          {"nmi_ipi"},
	stepGuestFrame:      {"guest_frame"},
	stepSaveFSGS:        {"save_fs_gs"},
	stepAckInterrupts:   {"ack_interrupts"},
	stepNMIAck:          {"nmi_ack"},
	stepReinitLocks:     {"reinit_locks"},
	stepPageFrames:      {"page_frames"},
	stepHypercallRetry:  {"hypercall_retry"},
	stepSchedMetadata:   {"sched_metadata"},
	stepRecurringTimers: {"recurring_timers"},
	stepEventRedelivery: {"event_redelivery"},
	stepConsoleLine:     {"console_line"},
	stepMicroreset:      {"microreset"},
	stepClearIRQCount:   {"clear_irq_count"},
	stepStaticLocks:     {"static_locks"},
	stepHardwareTimer:   {"hardware_timer"},
	stepSyscallRetry:    {"syscall_retry"},
	stepMulticallRetry:  {"multicall_retry"},
	stepUndoLog:         {"undo_log"},
	stepRenewCPU:        {"renew_cpu"},
	stepVerify:          {"verify"},
	stepTimerHeap:       {"timer_heap"},
	stepFrameJournal:    {"frame_journal"},
	stepDomainList:      {"domain_list"},
	stepSaneValues:      {"sane_values"},
	stepFullReboot:      {"full_reboot"},
	stepDoubt:           {"doubt"},
	stepPatrol:          {"patrol"},
	stepAppeal:          {"appeal"},
}

// allowed says whether the policy allows a step.
func allowed(step uint) bool {
	return step < uint(len(recoverySteps)) && recoverySteps[step].name != "" && persist().policy>>step&1 != 0
}

// post tells the outside how far recovery has come.
func post(code byte) {
	if !native {
		bare.Out8(seam.PostPort, code)
	}
}

// begin says whether the policy allows a step, and announces it.
func begin(step uint) bool {
	if !allowed(step) {
		return false
	}
	post(byte(step))
	return true
}
