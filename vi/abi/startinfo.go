package abi

// StartInfoMagic begins StartInfo.Magic; Xen writes "xen-3.0-x86_64".
const StartInfoMagic = "xen-3.0-x86_64"

// MaxGuestCmdline is the length of StartInfo.CmdLine (xen.h).
const MaxGuestCmdline = 1024

// StartInfo is the start of day page, in RSI at entry (xen.h, start_info).
// The console fields are those of a domU.
type StartInfo struct {
	Magic         [32]byte
	NrPages       uint64
	SharedInfo    uint64 // machine address
	Flags         uint32
	_             uint32
	StoreMFN      uint64
	StoreEvtchn   uint32
	_             uint32
	ConsoleMFN    uint64
	ConsoleEvtchn uint32
	_             uint32
	PTBase        uint64 // virtual address of the L4 table
	NrPTFrames    uint64
	MFNList       uint64 // virtual address of the P2M, or of nothing with InitP2M
	ModStart      uint64 // virtual address of the initrd, or PFN with SIFModStartPFN
	ModLen        uint64
	CmdLine       [MaxGuestCmdline]byte
	FirstP2MPFN   uint64
	NrP2MFrames   uint64
}

// StartInfo.Flags (xen.h).
const (
	SIFPrivileged   = 1 << 0
	SIFInitdomain   = 1 << 1
	SIFMultibootMod = 1 << 2
	SIFModStartPFN  = 1 << 3
)

// ELF notes of a PV kernel: owner name "Xen" (elfnote.h).
const (
	NoteInfo         = 0
	NoteEntry        = 1
	NoteHypercall    = 2
	NoteVirtBase     = 3
	NotePaddrOffset  = 4
	NoteXenVersion   = 5
	NoteGuestOS      = 6
	NoteGuestVersion = 7
	NoteLoader       = 8
	NotePAEMode      = 9
	NoteFeatures     = 10
	NoteHVStartLow   = 12
	NoteL1MFNValid   = 13
	NoteInitP2M      = 15
	NoteModStartPFN  = 16
	NotePhys32Entry  = 18 // where a kernel is entered without paging
)

// Flat selectors that are in every GDT of a 64-bit guest (xen-x86_64.h).
const (
	FlatRing3CS64 = 0xe033
	FlatRing3DS64 = 0
	FlatRing3SS64 = 0xe02b
	FlatKernelCS  = FlatRing3CS64
	FlatKernelSS  = FlatRing3SS64
	FlatUserCS    = FlatRing3CS64
	FlatUserSS    = FlatRing3SS64

	// FirstReservedGDTEntry bounds set_gdt (arch-x86/xen.h).
	FirstReservedGDTPage  = 14
	FirstReservedGDTEntry = FirstReservedGDTPage * 4096 / 8
)

// Virtual addresses of the hypervisor; the machine-to-physical table that
// guests may read lies at its start (xen-x86_64.h).
const (
	HypervisorVirtStart = 0xffff800000000000
	HypervisorVirtEnd   = 0xffff880000000000
	M2PVirtStart        = HypervisorVirtStart
	M2PVirtEnd          = 0xffff804000000000
)
