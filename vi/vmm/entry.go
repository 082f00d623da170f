package main

import (
	"unsafe"

	"resvirt/vi/bare"
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

	stackTop     = blockStackTop                                 // of the primary stack in a block
	frameTop     = blockTopFrame - uint64(unsafe.Sizeof(regs{})) // the guest's regs there
	frameVector  = unsafe.Offsetof(regs{}.EntryVector)
	frameRDI     = unsafe.Offsetof(regs{}.RDI)
	frameRIP     = unsafe.Offsetof(regs{}.RIP)
	frameCS      = unsafe.Offsetof(regs{}.CS)
	frameRFLAGS  = unsafe.Offsetof(regs{}.RFLAGS)
	frameRSP     = unsafe.Offsetof(regs{}.RSP)
	frameSS      = unsafe.Offsetof(regs{}.SS)
	frameES      = unsafe.Offsetof(regs{}.ES)
	syscallEntry = trapSyscall
	syscallNew   = trapSyscallNew
	syscall32New = trapSyscall32
	syscallMark  = 1 << 30 // beside CS, pushed by SYSCALL's entry alone

	mxcsrDefault = 0x1f80
)

// csWord is CS with what lies beside it in its 8 bytes on the stack: syscallMark.
func csWord(r *regs) *uint64 { return (*uint64)(unsafe.Add(unsafe.Pointer(r), frameCS)) }

// sysStack and sysRSP belong to the entry stubs of SYSCALL, one per CPU: the
// stack to load and where to keep the guest's meanwhile.
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
	guestIRET uint64           // the IRETQ that returns to a guest
	loadFault uint64           // where those of loads go on after a fault
	ap        uint64           // entry of other processors
	copyImage uint64           // what replaces the image in a microreboot
	loads     [numLoads]uint64 // instructions that may fault, see load.go
}

// entries is filled in by findEntries.
var entries entryTable

// findEntries fills entries in.
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

// panicOn and hangOn leave whatever runs for the failure handler, see
// entry_amd64.s.
func panicOn(kind, pc uint64)
func hangOn(kind, pc uint64)

// goCheck is added to the number of a failed check of Go's (bare.Failure).
const goCheck = 0x100

// copyPristine replaces the image and never returns: at is copyImage's address
// in the pristine copy, dst and src where image and copy lie, bss and end the
// offsets of zeroed data and of the image's end.
func copyPristine(at, dst, src, bss, end uint64)

// waitRelease sets bit in *parked, waits until *release changes, and enters the
// new instance.
//
//go:noescape
func waitRelease(parked *uint64, bit uint64, release *uint64)

// outCounted sends a byte to a port and counts it.
//
//go:noescape
func outCounted(port uint16, b *byte, count *uint32)

// unblockNMI returns by IRET, which lets NMIs in again.
func unblockNMI()
