package abi

// physdev_op commands (physdev.h).
const (
	PhysdevopIRQStatusQuery = 5
	PhysdevopSetIOPL        = 6
	PhysdevopSetIOBitmap    = 7
	PhysdevopEOI            = 12
)

// PhysdevSetIOPL is physdev_set_iopl.
type PhysdevSetIOPL struct{ IOPL uint32 }

// PhysdevSetIOBitmap is physdev_set_iobitmap.
type PhysdevSetIOBitmap struct {
	Bitmap  uint64
	NrPorts uint32
	_       uint32
}
