package back

import "resvirt/vi/pvio"

// Platform is what back ends need of the kernel that they are in.
type Platform struct {
	Grants *Grants

	// Ring maps the page of a ring that a front end granted, and gives it back.
	Ring    func(domain uint16, ref uint32) (ring *pvio.SharedRing, handle int, ok bool)
	Release func(handle int)

	// Bind joins a port of ours to one of a front end's, Unbind closes ours. Both
	// tell the kernel that it may sleep until an event comes.
	Bind   func(domain uint16, port uint32) (local uint32, ok bool)
	Unbind func(local uint32)
	Notify func(local uint32)

	// Volume finds the volume that a disk's configuration names.
	Volume func(name []byte) (v Volume, d *Disk, ok bool)

	// XenStore. Relative paths are ours. Values and lists are written into a slice;
	// ok is false where there is no such node, or it does not fit.
	Read    func(path, into []byte) (n int, ok bool)
	List    func(path, into []byte) (n int, ok bool)
	Write   func(path, value []byte) bool
	Watch   func(path, token []byte) bool
	Unwatch func(path, token []byte) bool

	Report func(what string, path []byte) // for whoever looks after this kernel
}
