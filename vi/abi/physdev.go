package abi

// physdev_op commands (physdev.h).
const (
	PhysdevopIRQStatusQuery  = 5
	PhysdevopSetIOPL         = 6
	PhysdevopSetIOBitmap     = 7
	PhysdevopEOI             = 12
	PhysdevopMapPirq         = 13
	PhysdevopUnmapPirq       = 14
	PhysdevopGetFreePirq     = 23
	PhysdevopPCIDeviceAdd    = 25
	PhysdevopPCIDeviceRemove = 26
	PhysdevopPrepareMSIX     = 30
	PhysdevopReleaseMSIX     = 31
)

// PhysdevIRQ is physdev_irq_status_query, whose Flags are out, and, without them,
// physdev_eoi.
type PhysdevIRQ struct {
	IRQ   uint32
	Flags uint32 // XenIRQStatX
}

// PhysdevIRQ.Flags
const (
	XenIRQStatNeedsEOI = 1 << 0
	XenIRQStatShared   = 1 << 1
)

// PhysdevSetIOPL is physdev_set_iopl.
type PhysdevSetIOPL struct{ IOPL uint32 }

// PhysdevSetIOBitmap is physdev_set_iobitmap.
type PhysdevSetIOBitmap struct {
	Bitmap  uint64
	NrPorts uint32
	_       uint32
}

// PhysdevMapPirq is physdev_map_pirq. Pirq is in and out: -1 asks for any.
type PhysdevMapPirq struct {
	Domid     uint16
	_         uint16
	Type      int32 // MapPirqX
	Index     int32 // of a GSI
	Pirq      int32
	Bus       int32 // the segment stands in the upper half
	DevFn     int32
	EntryNr   int32 // of the MSI-X table; how many messages of multi-message MSI
	TableBase uint64
}

// PhysdevMapPirq.Type. With a TableBase other than 0, MSI means MSI-X.
const (
	MapPirqMSI      = 0
	MapPirqGSI      = 1
	MapPirqUnknown  = 2
	MapPirqMSISeg   = 3
	MapPirqMultiMSI = 4
)

// PhysdevUnmapPirq is physdev_unmap_pirq.
type PhysdevUnmapPirq struct {
	Domid uint16
	_     uint16
	Pirq  int32
}

// PhysdevGetFreePirq is physdev_get_free_pirq; Pirq is out.
type PhysdevGetFreePirq struct {
	Type int32
	Pirq uint32
}

// PhysdevPCIDevice is physdev_pci_device, and the begin of physdev_pci_device_add.
type PhysdevPCIDevice struct {
	Seg   uint16
	Bus   uint8
	DevFn uint8
}
