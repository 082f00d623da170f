package pvio

// XenbusState is how far an end of a device is, in its directory of XenStore
// (xenbus.h).
type XenbusState uint8

const (
	XenbusUnknown XenbusState = iota // no such node
	XenbusInitialising
	XenbusInitWait    // back end: has written what it can do
	XenbusInitialised // front end: has written rings and ports
	XenbusConnected   // both
	XenbusClosing     // on the way down
	XenbusClosed      // can be removed, or begun anew
	XenbusReconfiguring
	XenbusReconfigured
)
