package main

import (
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// recoveryStep is one mechanism of recovery, which the policy word can switch
// off alone.
type recoveryStep struct {
	name    string
	detects bool // the step repairs nothing: it decides what counts as a failure
	back    bool // the step brings back a working hypervisor; without such a step every failure is the end
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
	stepIRQRoutes
	stepIRQEnds
	stepIRQRedelivery
	stepStrayDMA
	stepIOMMUQueues
	stepIOMMUTables
)

// recoverySteps is the one list of steps; the host reads it, too.
var recoverySteps = [...]recoveryStep{
	stepMicroreboot:     {name: "microreboot", back: true},
	stepFixSP:           {name: "fix_sp"},
	stepNMIIPI:          {name: "nmi_ipi"},
	stepGuestFrame:      {name: "guest_frame"},
	stepSaveFSGS:        {name: "save_fs_gs"},
	stepAckInterrupts:   {name: "ack_interrupts"},
	stepNMIAck:          {name: "nmi_ack"},
	stepReinitLocks:     {name: "reinit_locks"},
	stepPageFrames:      {name: seam.StepPageFrames},
	stepHypercallRetry:  {name: "hypercall_retry"},
	stepSchedMetadata:   {name: "sched_metadata"},
	stepRecurringTimers: {name: "recurring_timers"},
	stepEventRedelivery: {name: "event_redelivery"},
	stepConsoleLine:     {name: "console_line"},
	stepMicroreset:      {name: "microreset", back: true},
	stepClearIRQCount:   {name: "clear_irq_count"},
	stepStaticLocks:     {name: "static_locks"},
	stepHardwareTimer:   {name: "hardware_timer"},
	stepSyscallRetry:    {name: "syscall_retry"},
	stepMulticallRetry:  {name: "multicall_retry"},
	stepUndoLog:         {name: "undo_log"},
	stepRenewCPU:        {name: "renew_cpu"},
	stepVerify:          {name: "verify"},
	stepTimerHeap:       {name: "timer_heap"},
	stepFrameJournal:    {name: "frame_journal"},
	stepDomainList:      {name: "domain_list"},
	stepSaneValues:      {name: "sane_values"},
	stepFullReboot:      {name: seam.StepFullReboot, back: true},
	stepDoubt:           {name: "doubt", detects: true},
	stepPatrol:          {name: "patrol", detects: true},
	stepAppeal:          {name: "appeal", detects: true},
	stepIRQRoutes:       {name: "irq_routes"},
	stepIRQEnds:         {name: "irq_ends"},
	stepIRQRedelivery:   {name: "irq_redelivery"},
	stepStrayDMA:        {name: "stray_dma"},
	stepIOMMUQueues:     {name: "iommu_queues"},
	stepIOMMUTables:     {name: "iommu_tables"},
}

// allowed says whether the policy allows a step.
func allowed(step uint) bool {
	return step < uint(len(recoverySteps)) && recoverySteps[step].name != "" && persist().policy>>step&1 != 0
}

const postPort = 0x80

// post tells the outside how far recovery has come.
func post(code byte) {
	if !native {
		bare.Out8(postPort, code)
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
