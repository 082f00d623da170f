package main

import (
	"unsafe"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// Constants for entry_amd64.s, and what it declares.

const (
	infoPerCPU  = unsafe.Offsetof(bare.Image.PerCPU) // in bare.Image
	infoPersist = unsafe.Offsetof(bare.Image.Persist)

	fixSPBit      = 1 << stepFixSP
	apicIDAddr    = apicBase + apicID
	persistOffset = persistPage * pageSize

	cpuFPU     = unsafe.Offsetof(CPU{}.fpu)
	cpuGuestTS = unsafe.Offsetof(CPU{}.guestTS)
	gGuard     = unsafe.Offsetof(CPU{}.g) + unsafe.Offsetof(goG{}.stackguard0)

	stackTop  = blockStackTop                // of the primary stack in a block
	blockRegs = blockTopRegs - guestRegsSize // the guest's registers in a block

	// Where a register lies in regs.
	regsR15    = unsafe.Offsetof(regs{}.R15)
	regsR14    = unsafe.Offsetof(regs{}.R14)
	regsR13    = unsafe.Offsetof(regs{}.R13)
	regsR12    = unsafe.Offsetof(regs{}.R12)
	regsRBP    = unsafe.Offsetof(regs{}.RBP)
	regsRBX    = unsafe.Offsetof(regs{}.RBX)
	regsR11    = unsafe.Offsetof(regs{}.R11)
	regsR10    = unsafe.Offsetof(regs{}.R10)
	regsR9     = unsafe.Offsetof(regs{}.R9)
	regsR8     = unsafe.Offsetof(regs{}.R8)
	regsRAX    = unsafe.Offsetof(regs{}.RAX)
	regsRCX    = unsafe.Offsetof(regs{}.RCX)
	regsRDX    = unsafe.Offsetof(regs{}.RDX)
	regsRSI    = unsafe.Offsetof(regs{}.RSI)
	regsRDI    = unsafe.Offsetof(regs{}.RDI)
	regsVector = unsafe.Offsetof(regs{}.EntryVector)
	regsRIP    = unsafe.Offsetof(regs{}.RIP)
	regsCS     = unsafe.Offsetof(regs{}.CS)
	regsRFLAGS = unsafe.Offsetof(regs{}.RFLAGS)
	regsRSP    = unsafe.Offsetof(regs{}.RSP)
	regsSS     = unsafe.Offsetof(regs{}.SS)
	regsES     = unsafe.Offsetof(regs{}.ES)

	// What an exception in the VMM puts below its registers: the FPU's state, then
	// the address of these registers, then CR0.
	nestedRegs = 512
	nestedCR0  = nestedRegs + 8
	nestedFPU  = nestedCR0 + 8

	syscallEntry = trapSyscall
	syscallNew   = trapSyscallNew
	syscall32New = trapSyscall32
	syscallMark  = 1 << 30 // beside CS, pushed by SYSCALL's entry alone

	mxcsrDefault = 0x1f80
)

// csWord is the 8 bytes on the stack that hold CS, and beside it syscallMark.
func csWord(r *regs) *uint64 { return (*uint64)(unsafe.Add(unsafe.Pointer(r), regsCS)) }

// sysStack and sysRSP belong to the entry stubs of SYSCALL, one per CPU: the
// stack pointer to load, and where to keep the guest's meanwhile.
var (
	sysStack [maxCPUs]uint64
	sysRSP   [maxCPUs]uint64
	mxcsr    uint32 = mxcsrDefault
)

// sysEntry, vectorTable, guestIRET: see entry_amd64.s.
//
//go:noescape
func entryAddrs(a *entryTable)

// entryTable holds addresses of assembly code.
type entryTable struct {
	vectors   uint64           // 256 stubs of 8 bytes
	sys       uint64           // maxCPUs stubs of sysStubSize bytes
	sys32     uint64           // the same for SYSCALL in 32-bit code
	guestIRET uint64           // the IRETQ instruction that returns to a guest
	loadFault uint64           // where the loads below go on after a fault
	ap        uint64           // entry of other processors
	copyImage uint64           // what replaces the image in a microreboot
	loads     [numLoads]uint64 // instructions that may fault, see load.go
}

// entries is filled in by findEntries.
var entries entryTable

// findEntries asks the assembly code for its addresses.
func findEntries() {
	entryAddrs(&entries)
	loadAddrs(&entries.loads)
}

const sysStubSize = 32

// returnToGuest drops the stack and goes back to the guest whose registers
// lie at its top. It never returns. Interrupts may be on or off.
func returnToGuest()

// resetStackAndCall drops the stack and calls fn, which must not return.
//
//go:noescape
func resetStackAndCall(fn func())

// copyGuest copies n bytes between guest memory and the VMM's and returns how
// many were left when a page fault stopped it.
//
//go:noescape
func copyGuest(dst, src unsafe.Pointer, n uint64) (left uint64)

// copyToGuest copies to an address that the caller has checked to be the guest's.
func copyToGuest(dst uint64, src unsafe.Pointer, n uint64) (left uint64) {
	return copyGuest(ptr(dst), src, n)
}

// copyFromGuest copies from an address that the caller has checked to be the guest's.
func copyFromGuest(dst unsafe.Pointer, src uint64, n uint64) (left uint64) {
	return copyGuest(dst, ptr(src), n)
}

// goCheck is added to the number of a failed check of Go's (bare.Failure).
const goCheck = seam.KindGoCheck
