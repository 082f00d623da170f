package abi

// grant_table_op commands (grant_table.h).
const (
	GnttabopMapGrantRef     = 0
	GnttabopUnmapGrantRef   = 1
	GnttabopSetupTable      = 2
	GnttabopDumpTable       = 3
	GnttabopTransfer        = 4
	GnttabopCopy            = 5
	GnttabopQuerySize       = 6
	GnttabopUnmapAndReplace = 7
	GnttabopSetVersion      = 8
	GnttabopGetStatusFrames = 9
	GnttabopGetVersion      = 10
	GnttabopSwapGrantRef    = 11
)

// GrantEntry is grant_entry_v1: a domain permits another to use a frame.
type GrantEntry struct {
	Flags uint16
	Domid uint16
	Frame uint32
}

// GrantEntry.Flags. Reading and Writing are set by the hypervisor while the
// frame is in use.
const (
	GTFInvalid      = 0
	GTFPermitAccess = 1
	GTFTypeMask     = 3
	GTFReadonly     = 1 << 2
	GTFReading      = 1 << 3
	GTFWriting      = 1 << 4
)

// GnttabMapGrantRef is gnttab_map_grant_ref; from Status on out.
type GnttabMapGrantRef struct {
	HostAddr   uint64
	Flags      uint32
	Ref        uint32
	Dom        uint16
	Status     int16
	Handle     uint32
	DevBusAddr uint64
}

// Flags of GnttabMapGrantRef.
const (
	GNTMAPDevice      = 1 << 0
	GNTMAPHost        = 1 << 1
	GNTMAPReadonly    = 1 << 2
	GNTMAPApplication = 1 << 3
	GNTMAPContainsPTE = 1 << 4
	GNTMAPAvail0      = 16 // the bits from here on go to the available bits of the entry
)

// GnttabUnmapGrantRef is gnttab_unmap_grant_ref.
type GnttabUnmapGrantRef struct {
	HostAddr, DevBusAddr uint64
	Handle               uint32
	Status               int16
	_                    uint16
}

// GnttabUnmapAndReplace is gnttab_unmap_and_replace.
type GnttabUnmapAndReplace struct {
	HostAddr, NewAddr uint64
	Handle            uint32
	Status            int16
	_                 uint16
}

// GnttabSetupTable is gnttab_setup_table; FrameList points to uint64s.
type GnttabSetupTable struct {
	Dom       uint16
	_         uint16
	NrFrames  uint32
	Status    int16
	_         [3]uint16
	FrameList uint64
}

// GnttabCopyPtr is one end of a GnttabCopy: a frame number of the caller's, or
// of a domain, or a grant reference.
type GnttabCopyPtr struct {
	Ref    uint64 // in the low half if it is a reference
	Domid  uint16
	Offset uint16
	_      uint32
}

// GnttabCopy is gnttab_copy.
type GnttabCopy struct {
	Source, Dest GnttabCopyPtr
	Len, Flags   uint16
	Status       int16
	_            uint16
}

// GnttabCopy.Flags.
const (
	GNTCOPYSourceGref = 1 << 0
	GNTCOPYDestGref   = 1 << 1
)

// GnttabQuerySize is gnttab_query_size.
type GnttabQuerySize struct {
	Dom         uint16
	_           uint16
	NrFrames    uint32
	MaxNrFrames uint32
	Status      int16
	_           uint16
}

// GnttabVersion is gnttab_get_version; of gnttab_set_version only Version.
type GnttabVersion struct {
	Dom     uint16
	_       uint16
	Version uint32
}

// Status values of grant operations.
const (
	GNTSTOkay             = 0
	GNTSTGeneralError     = -1
	GNTSTBadDomain        = -2
	GNTSTBadGntref        = -3
	GNTSTBadHandle        = -4
	GNTSTBadVirtAddr      = -5
	GNTSTBadDevAddr       = -6
	GNTSTNoDeviceSpace    = -7
	GNTSTPermissionDenied = -8
	GNTSTBadPage          = -9
	GNTSTBadCopyArg       = -10
)
