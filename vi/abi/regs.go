package abi

// CPUUserRegs is cpu_user_regs (xen-x86_64.h). ErrorCode and EntryVector are
// private to the hypervisor.
type CPUUserRegs struct {
	R15, R14, R13, R12      uint64
	RBP, RBX                uint64
	R11, R10, R9, R8        uint64
	RAX, RCX, RDX, RSI, RDI uint64
	ErrorCode, EntryVector  uint32
	RIP                     uint64
	CS, _                   uint16
	SavedUpcallMask         uint8
	_                       [3]uint8
	RFLAGS                  uint64
	RSP                     uint64
	SS, _, _, _             uint16
	ES, _, _, _             uint16
	DS, _, _, _             uint16
	FS, _, _, _             uint16
	GS, _, _, _             uint16
}

// IretContext is what the iret hypercall finds at the guest kernel's RSP
// (xen-x86_64.h). CS with RPL 3 means user mode, lower means kernel mode.
type IretContext struct {
	RAX, R11, RCX, Flags uint64
	RIP, CS, RFLAGS      uint64
	RSP, SS              uint64
}

// VGCFInSyscall in IretContext.Flags: return by SYSRET, drop RCX and R11.
const VGCFInSyscall = 1 << 8

// TrapInfo is trap_info (arch-x86/xen.h); a table ends with Address == 0.
type TrapInfo struct {
	Vector  uint8
	Flags   uint8
	CS      uint16
	Address uint64
}

// TrapInfo.Flags: bits 0-1 the privilege level that may INT n, and:
const (
	TrapDPLMask     = 3
	TrapMaskEvents  = 4 // events are masked at entry
	TrapVectorCount = 256
)

// VcpuGuestContext is vcpu_guest_context (arch-x86/xen.h).
type VcpuGuestContext struct {
	FPU              [512]byte
	Flags            uint64
	Regs             CPUUserRegs
	Traps            [256]TrapInfo
	LDTBase, LDTEnts uint64
	GDTFrames        [16]uint64
	GDTEnts          uint64
	KernelSS         uint64
	KernelSP         uint64
	CtrlReg          [8]uint64 // CR3 is the kernel's, CR1 the user's page table
	DebugReg         [8]uint64
	EventCallback    uint64
	FailsafeCallback uint64
	SyscallCallback  uint64
	VMAssist         uint64
	FSBase           uint64
	GSBaseKernel     uint64
	GSBaseUser       uint64
}

// VcpuGuestContext.Flags (arch-x86/xen.h).
const (
	VGCFI387Valid             = 1 << 0
	VGCFInKernel              = 1 << 2
	VGCFFailsafeDisableEvents = 1 << 3
	VGCFSyscallDisableEvents  = 1 << 4
	VGCFOnline                = 1 << 5
)

// set_segment_base registers (xen-x86_64.h).
const (
	SegbaseFS        = 0
	SegbaseGSUser    = 1
	SegbaseGSKernel  = 2
	SegbaseGSUserSel = 3
)

// callback_op commands, types and flags (callback.h). The set_callbacks
// hypercall takes event, failsafe and syscall addresses in this order.
const (
	CallbackOpRegister   = 0
	CallbackOpUnregister = 1

	CallbackTypeEvent     = 0
	CallbackTypeFailsafe  = 1
	CallbackTypeSyscall   = 2
	CallbackTypeNMI       = 4
	CallbackTypeSysenter  = 5
	CallbackTypeSyscall32 = 7

	CallbackMaskEvents = 1 << 0
)

// CallbackRegister is callback_register (callback.h).
type CallbackRegister struct {
	Type    uint16
	Flags   uint16
	Address uint64
}

// XenCR3ToPFN is the frame number in a cr3 value of VcpuGuestContext.
func XenCR3ToPFN(cr3 uint64) uint64 { return cr3 >> 12 }

// XenPFNToCR3 is the cr3 value of a page table's frame number.
func XenPFNToCR3(mfn uint64) uint64 { return mfn << 12 }
