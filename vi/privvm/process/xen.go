package process

import "unsafe"

// The devices of Xen (include/uapi/xen of Linux).

// Evtchn is an open /dev/xen/evtchn.
type Evtchn int

// BindVirq binds a virtual interrupt and returns the port.
func (e Evtchn) BindVirq(virq uint32) int64 {
	return ioctl(int(e), 0x44500, unsafe.Pointer(&virq))
}

// BindInterdomain joins a new port to a domain's.
func (e Evtchn) BindInterdomain(domain uint16, port uint32) int64 {
	a := [2]uint32{uint32(domain), port}
	return ioctl(int(e), 0x84501, unsafe.Pointer(&a))
}

// BindUnbound makes a port that a domain may bind.
func (e Evtchn) BindUnbound(domain uint16) int64 {
	a := uint32(domain)
	return ioctl(int(e), 0x44502, unsafe.Pointer(&a))
}

// Unbind closes a port.
func (e Evtchn) Unbind(port uint32) int64 { return ioctl(int(e), 0x44503, unsafe.Pointer(&port)) }

// Notify sends on a port.
func (e Evtchn) Notify(port uint32) int64 { return ioctl(int(e), 0x44504, unsafe.Pointer(&port)) }

// Pending waits for a port with an event, and masks it until Unmask.
func (e Evtchn) Pending() int64 {
	var port uint32
	if r := Read(int(e), unsafe.Slice((*byte)(unsafe.Pointer(&port)), 4)); r != 4 {
		return r
	}
	return int64(port)
}

// Unmask lets events of a port through again.
func (e Evtchn) Unmask(port uint32) int64 {
	return Write(int(e), unsafe.Slice((*byte)(unsafe.Pointer(&port)), 4))
}

// Gntdev is an open /dev/xen/gntdev.
type Gntdev int

// Map maps a page that a domain granted, to be read and written.
func (g Gntdev) Map(domain uint16, ref uint32) int64 {
	a := struct {
		count, _    uint32
		index       uint64
		domain, ref uint32
	}{count: 1, domain: uint32(domain), ref: ref}
	if r := ioctl(int(g), 0x184700, unsafe.Pointer(&a)); r < 0 {
		return r
	}
	at := Map(int(g), 4096, true, a.index)
	b := struct {
		index    uint64
		count, _ uint32
	}{index: a.index, count: 1}
	ioctl(int(g), 0x104701, unsafe.Pointer(&b)) // a page that is mapped stays
	return at
}

// Privcmd is an open /dev/xen/privcmd.
type Privcmd int

// Hypercall issues a hypercall. What its arguments point to must have been written once.
func (p Privcmd) Hypercall(n, a1, a2, a3, a4 uint64) int64 {
	a := [6]uint64{n, a1, a2, a3, a4, 0}
	return ioctl(int(p), 0x305000, unsafe.Pointer(&a))
}

// Window makes room for n frames.
func (p Privcmd) Window(n uint64) int64 { return Map(int(p), n<<12, true, 0) }

// MapFrames maps frames of a domain from an address on; errs has an error for each. A
// frame of all ones stands for none.
func (p Privcmd) MapFrames(domain uint16, at uint64, frames []uint64, errs []int32) int64 {
	a := struct {
		num    uint32
		domain uint16
		_      uint16
		at     uint64
		frames uint64
		errs   uint64
	}{uint32(len(frames)), domain, 0, at, Addr(unsafe.Pointer(unsafe.SliceData(frames))), Addr(unsafe.Pointer(unsafe.SliceData(errs)))}
	return ioctl(int(p), 0x205004, unsafe.Pointer(&a))
}
