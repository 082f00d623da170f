package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// maxCPUs is the number of CPU blocks the image has room for.
const maxCPUs = seam.MaxCPUs

// A CPU's block: 64 KiB, aligned to its size, so that masking the stack
// pointer finds it. Everything in it is private to the CPU.
//
//	0x0000  CPU: g first, then per-CPU data          (8 KiB)
//	0x2000  GDT, the hypervisor's page of it         (4 KiB)
//	0x3000  IDT                                      (4 KiB)
//	0x4000  guard page, not present
//	0x5000  primary stack, down from 0xc000         (28 KiB)
//	0xc000  stack of #DB, down from 0xcc00           (3 KiB)
//	0xcc00  the guest's registers, at the end        (1 KiB)
//	0xd000  stack of #DF                             (4 KiB)
//	0xe000  stack of #MC                             (4 KiB)
//	0xf000  stack of NMI                             (4 KiB)
//
// Recovery needs the guest's registers. They lie away from the stack, so that
// pushes with a wrong bit in the stack pointer do not overwrite them. The stacks
// for exceptions lie above the primary one because the compiler's stack check
// compares the stack pointer with one limit, that in g.
const (
	blockGDT      = 0x2000
	blockIDT      = 0x3000
	blockGuard    = 0x4000
	blockStack    = 0x5000
	blockStackTop = 0xc000
	blockTopDB    = 0xcc00
	blockTopRegs  = 0xd000
	blockTopDF    = 0xe000
	blockTopMC    = 0xf000
	blockTopNMI   = 0x10000

	// stackSlack is what the compiler may use below the limit it checks.
	stackSlack = 1024
)

// goG is the head of the runtime's g. Compiled code reads stackguard0 alone.
type goG struct {
	stackLo, stackHi uint64
	stackguard0      uint64
	stackguard1      uint64
	rest             [480]byte
}

// regs are the registers that every entry into the VMM saves (cpu_user_regs).
type regs = abi.CPUUserRegs

// trapSyscall in regs.EntryVector marks an entry by SYSCALL.
const trapSyscall = 0x100

// trapSyscallNew stands in regs.EntryVector until the entry has been noted
// (note.go).
const trapSyscallNew = trapSyscall | 1<<9

// trapSyscall32 marks an entry by SYSCALL from 32-bit code. The way back uses
// IRET.
const trapSyscall32 = 0x101

// guestRegsSize is the size of the guest's regs, which end at blockTopRegs. RSP0
// points below ES: there the processor starts pushing.
const (
	guestRegsSize  = uint64(unsafe.Sizeof(regs{}))
	guestRegsAbove = 4 * 8 // ES, DS, FS, GS
)

// CPU is the data at the base of a CPU's block.
type CPU struct {
	g goG // must be first: compiled code finds it by masking RSP

	ID     uint32 // dense number from 0, the boot CPU's
	APICID uint32

	state uint32 // cpuOff, cpuStarting, cpuUp, cpuStopped

	// Where the entry saves the guest's FPU state and the way back loads it
	// from: the current vCPU's 512 bytes, nil while idle. Entry code clears
	// CR0.TS; the way back sets it if guestTS.
	fpu     unsafe.Pointer
	guestTS bool

	guestCR4 uint64 // bits of CR4 that are set for the guest beside cr4VMM

	cr2 uint64 // of the last page fault from a guest

	// Watchdog (watchdog.go).
	lastTicks uint64 // core.watchdogTicks at the last NMI
	lastLeft  uint64 // core.left at the last NMI
	stuck     uint32 // NMIs in a row that found the timers standing still
	staying   uint32 // NMIs in a row that found that it had not left the VMM

	// State that was interrupted by the exception which led to recovery
	// (capture).
	trapped bool
	trap    regs
	trapFPU [512]byte
	loaded  *VCPU // the vCPU whose segment bases are in the CPU

	gdt descTable // operand of LGDT
	idt descTable // operand of LIDT
	tss taskState

	core coreCPU // VI core's part
}

// The block has room for what CPU holds.
const _ = blockGDT - unsafe.Sizeof(CPU{})

// CPU.state
const (
	cpuOff = iota
	cpuStarting
	cpuUp
	cpuStopped // waits in recovery
)

// descTable is the operand of LGDT and LIDT: the limit lies right before the base.
type descTable struct {
	_     [3]uint16
	limit uint16
	base  uint64
}

// taskState is the 64-bit TSS (AMD APM vol. 2, 12.2.5) without an I/O bitmap.
// RSP0 and the IST pointers lie at addresses that are 4 modulo 8.
type taskState struct {
	_    uint32
	rsp  [3][2]uint32
	_    [2]uint32
	ist  [7][2]uint32
	_    [2]uint32
	_    uint16
	iopb uint16
}

// blockAddr is the address of a CPU's block.
func blockAddr(id uint32) uint64 { return bare.Image.PerCPU + uint64(id)*cpuBlockSize }

// number is c.ID, computed from the block's address, because recovery
// overwrites the block's content.
func (c *CPU) number() uint32 {
	return uint32((addrOf(unsafe.Pointer(c))-bare.Image.PerCPU)/cpuBlockSize) & (maxCPUs - 1)
}

// cpuByID is the block of a CPU by number.
func cpuByID(id uint32) *CPU {
	assert(id < maxCPUs)
	return (*CPU)(ptr(blockAddr(id)))
}

// guestRegs are the registers of the interrupted guest.
func guestRegs() *regs { return guestRegsOf(this()) }

func guestRegsOf(c *CPU) *regs {
	return (*regs)(ptr(addrOf(unsafe.Pointer(c)) + blockTopRegs - guestRegsSize))
}

// initBlock lays a block out for a CPU that is about to start. The memory is zero.
func initBlock(id, apicID uint32) *CPU {
	base := blockAddr(id)
	c := (*CPU)(ptr(base))
	c.g.stackLo, c.g.stackHi = base+blockStack, base+blockStackTop
	c.g.stackguard0 = base + blockStack + stackSlack
	c.g.stackguard1 = c.g.stackguard0
	c.ID, c.APICID = id, apicID
	openJournal(c)
	return c
}
