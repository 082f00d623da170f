package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// trapFrame is the interrupted program's state on the kernel stack: the registers
// in the order of Xen's cpu_user_regs, then the vector, then what Xen pushes at
// an entry.
type trapFrame struct {
	R15, R14, R13, R12, RBP, RBX uint64
	R11, R10, R9, R8             uint64
	RAX, RCX, RDX, RSI, RDI      uint64
	Vector, Error                uint64 // Error becomes iret_context.flags
	RIP, CS, RFLAGS, RSP, SS     uint64
}

// user says whether user mode was interrupted; in kernel mode CS has RPL 0.
func (f *trapFrame) user() bool { return f.CS&3 == 3 }

// Vectors of our own, beyond the processor's.
const (
	vecEvent    = 0x40
	vecFailsafe = 0x41
	vecSyscall  = 0x50
)

// A block holds one kernel stack and what is found by masking its address.
const (
	blockAlign    = seam.Block // distance of blocks; compiled code masks RSP with it
	blockSize     = 16 << 10   // mapped part
	blockFPU      = 512        // FXSAVE area of user mode
	fpuBytes      = 512        // of an FXSAVE area
	stackGuard    = 2048       // lowest RSP for Go's stack check: g, FPU area, its slack
	trapFrameSize = unsafe.Sizeof(trapFrame{})

	hypercallIret = abi.HypercallIret

	// quietCalls are the hypercalls that do not write to the caller's stack, a
	// bit each. The others may write opBytes from their argument on; more than
	// any operation has.
	quietCalls = 1<<abi.HypercallMMUUpdate | 1<<abi.HypercallMulticall | 1<<abi.HypercallUpdateVAMapping |
		1<<abi.HypercallSetTimerOp | 1<<abi.HypercallConsoleIO | 1<<abi.HypercallVcpuOp |
		1<<abi.HypercallSetSegmentBase | 1<<abi.HypercallMMUExtOp | 1<<abi.HypercallSchedOp
	opBytes = 160
)

// Offsets that the assembly needs of another package's record.
const (
	infoPerCPU    = unsafe.Offsetof(bare.Info{}.PerCPU)
	infoHypercall = unsafe.Offsetof(bare.Info{}.HypercallPage)
)

// block is the head of a block.
type block struct {
	_           [16]byte
	stackguard0 uint64
	_           [480 - 24]byte
	vcpu        uint64 // the vCPU that runs on this stack
	closed      uint64 // while the kernel waits for an event: kernelSum, see closed.go
	_           [16]byte
	fpu         [fpuBytes]byte
}

// initFPU is the state a new program starts with: FCW 037F, MXCSR 1F80.
func (b *block) initFPU() {
	b.fpu = [512]byte{}
	b.fpu[0], b.fpu[1] = 0x7f, 0x03
	b.fpu[24], b.fpu[25] = 0x80, 0x1f
}

func blockAt(base uint64) *block { return (*block)(ptr(base)) }

// this is the block of the running stack.
func this() *block {
	var here byte
	return blockAt(addr(unsafe.Pointer(&here)) &^ (blockAlign - 1))
}

// Entry addresses; the tables are in entry_amd64.s.
var (
	vectors [20]uint64
	entries [5]uint64
)

const (
	entryEvent = iota
	entryFailsafe
	entrySyscall
	entryLeave
	entryWorker
)

// addr and ptr convert between addresses and pointers; nothing here moves.
func addr(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }

func ptr(a uint64) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&a)) }
