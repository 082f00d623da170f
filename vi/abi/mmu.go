package abi

// MMUUpdate is one request of mmu_update (xen.h): the low two bits of Ptr are
// the command, the rest a machine address.
type MMUUpdate struct {
	Ptr uint64
	Val uint64
}

// mmu_update commands (xen.h).
const (
	MMUNormalPTUpdate     = 0
	MMUMachphysUpdate     = 1
	MMUPTUpdatePreserveAD = 2
	MMUPTNoTranslate      = 3
)

// MMUExtOp is mmuext_op (xen.h). Arg1 is a frame number or linear address;
// Arg2 is nr_ents, a pointer to a vCPU mask or a source frame number.
type MMUExtOp struct {
	Cmd  uint32
	_    uint32
	Arg1 uint64
	Arg2 uint64
}

// mmuext_op commands (xen.h).
const (
	MMUExtPinL1          = 0
	MMUExtPinL2          = 1
	MMUExtPinL3          = 2
	MMUExtPinL4          = 3
	MMUExtUnpin          = 4
	MMUExtNewBaseptr     = 5
	MMUExtTLBFlushLocal  = 6
	MMUExtInvlpgLocal    = 7
	MMUExtTLBFlushMulti  = 8
	MMUExtInvlpgMulti    = 9
	MMUExtTLBFlushAll    = 10
	MMUExtInvlpgAll      = 11
	MMUExtFlushCache     = 12
	MMUExtSetLDT         = 13
	MMUExtNewUserBaseptr = 15
	MMUExtClearPage      = 16
	MMUExtCopyPage       = 17

	MMUExtFlushCacheGlobal = 18
)

// Flags of update_va_mapping (xen.h); with UVMFMulti the other bits, from bit
// 3 up, are a pointer to a vCPU mask; UVMFLocal is a null pointer.
const (
	UVMFNone     = 0
	UVMFTLBFlush = 1
	UVMFInvlpg   = 2
	UVMFTypeMask = 3
	UVMFMulti    = 0
	UVMFLocal    = 0
	UVMFAll      = 1 << 2
)

// MMUPreemptedBit is set in the count of mmu_update and mmuext_op when the
// hypervisor continues a preempted call; guests never set it.
const MMUPreemptedBit = 1 << 31

// memory_op commands (memory.h).
const (
	XenmemIncreaseReservation = 0
	XenmemDecreaseReservation = 1
	XenmemMaximumRAMPage      = 2
	XenmemCurrentReservation  = 3
	XenmemMaximumReservation  = 4
	XenmemMachphysMfnList     = 5
	XenmemPopulatePhysmap     = 6
	XenmemAddToPhysmap        = 7
	XenmemMemoryMap           = 9
	XenmemMachineMemoryMap    = 10
	XenmemExchange            = 11
	XenmemMachphysMapping     = 12

	// A continuation keeps its progress above this bit of the command.
	MemopExtentShift = 6
	MemopCmdMask     = 1<<MemopExtentShift - 1
)

// MemoryReservation is xen_memory_reservation (memory.h).
type MemoryReservation struct {
	ExtentStart uint64 // pointer to frame numbers
	NrExtents   uint64
	ExtentOrder uint32
	MemFlags    uint32
	Domid       uint16
	_           [6]uint8
}

// MemoryMap is xen_memory_map (memory.h): Buffer points to entries as of the
// BIOS's function E820, NrEntries is how many it has room for, and gets.
type MemoryMap struct {
	NrEntries uint32
	_         uint32
	Buffer    uint64
}

// E820Entry is an entry of MemoryMap.Buffer, 20 bytes long there. Kind 1 is RAM.
type E820Entry struct {
	Addr, Size uint64
	Kind       uint32
	_          uint32
}

// E820EntrySize is the length of an entry in a buffer.
const E820EntrySize = 20

// MemoryExchange is xen_memory_exchange (memory.h).
type MemoryExchange struct {
	In, Out     MemoryReservation
	NrExchanged uint64
}

// MachphysMapping is xen_machphys_mapping (memory.h).
type MachphysMapping struct {
	VStart, VEnd uint64
	MaxMFN       uint64
}
