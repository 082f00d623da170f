package front

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// Platform is what front ends need of the kernel that they are in.
type Platform struct {
	// Page gives a page of zeros for a ring, which stays the front end's.
	Page func() *pvio.SharedRing
	// Grant lets a domain use a page of ours, for good.
	Grant func(domain uint16, page *[pvio.PageSize]byte) (ref uint32, ok bool)
	// Buffer gives a page for data.
	Buffer func() *[pvio.PageSize]byte
	// Port makes a port that a domain may bind. An event on it wakes the kernel.
	Port func(domain uint16) (port uint32, ok bool)

	// XenStore, as in package back; relative paths are ours.
	Read  func(path, into []byte) (n int, ok bool)
	Write func(path, value []byte) bool
	Watch func(path, token []byte) bool
}

// Device is what disks and interfaces have in common: a directory of ours, one of the
// back end's, and how far both are (xenbus.h).
type Device struct {
	Platform *Platform
	Path     pvio.Path // ours, as device/vbd/51712
	Back     uint16    // domain of the back end
	State    pvio.XenbusState
	Port     uint32
	Gone     bool // the back end has closed the device, or what it did is not possible

	back  pvio.Path
	name  pvio.Path
	value [256]byte
}

// find reads where the back end is, and watches its state with a token.
func (d *Device) find(path, token []byte) bool {
	d.Path.Begin(path)
	id, ok := d.number(d.ours("backend-id"))
	n, found := d.Platform.Read(d.ours("backend"), d.value[:])
	if !ok || !found || id >= 0x7ff0 {
		return false
	}
	d.Back, d.State, d.Gone = uint16(id), pvio.XenbusInitialising, false
	d.back.Begin(d.value[:n])
	return !d.back.Bad && d.Platform.Watch(d.theirs("state"), token)
}

func (d *Device) ours(node string) []byte {
	return d.name.Begin(d.Path.Bytes()).Text("/").Text(node).Bytes()
}

func (d *Device) theirs(node string) []byte {
	return d.name.Begin(d.back.Bytes()).Text("/").Text(node).Bytes()
}

func (d *Device) number(path []byte) (uint64, bool) {
	n, ok := d.Platform.Read(path, d.value[:])
	if !ok {
		return 0, false
	}
	return pvio.Number(d.value[:n])
}

// has says whether the back end announces a feature.
func (d *Device) has(feature string) bool {
	n, ok := d.number(d.theirs(feature))
	return ok && n != 0
}

func (d *Device) write(node string, v uint64) bool {
	var text pvio.Path
	return d.Platform.Write(d.ours(node), text.Reset("").Number(v).Bytes())
}

func (d *Device) set(s pvio.XenbusState) bool {
	d.State = s
	return d.write("state", uint64(s))
}

// theirState is how far the back end is.
func (d *Device) theirState() pvio.XenbusState {
	if n, ok := d.number(d.theirs("state")); ok && n <= uint64(pvio.XenbusReconfigured) {
		return pvio.XenbusState(n)
	}
	return pvio.XenbusUnknown
}

// offer grants a ring and writes its reference.
func (d *Device) offer(node string, ring *pvio.SharedRing) bool {
	ref, ok := d.Platform.Grant(d.Back, ringPage(ring))
	return ok && d.write(node, uint64(ref))
}

// end follows a back end that closes: so does this end, and the device is gone.
func (d *Device) end(s pvio.XenbusState) {
	if (s == pvio.XenbusClosing || s == pvio.XenbusClosed) && d.State != pvio.XenbusClosed {
		d.Gone = true
		d.set(pvio.XenbusClosed)
	}
}

// BlockDevice is a disk: the front end and its place in XenStore.
type BlockDevice struct {
	Device
	Block
	ReadOnly bool
}

// Find takes up the disk of a directory; token comes with the events that Step is for.
func (b *BlockDevice) Find(p *Platform, path, token []byte) bool {
	b.Platform = p
	return b.find(path, token)
}

// Step goes on as far as the back end's state allows. It is false when the device cannot
// be used.
func (b *BlockDevice) Step() bool {
	s := b.theirState()
	switch {
	case s == pvio.XenbusInitWait && b.State == pvio.XenbusInitialising:
		return b.open() && b.set(pvio.XenbusInitialised)
	case s == pvio.XenbusConnected && b.State == pvio.XenbusInitialised:
		sectors, ok := b.number(b.theirs("sectors"))
		size, sized := b.number(b.theirs("sector-size"))
		if !ok || !sized || size != pvio.BlkSector {
			return false
		}
		info, _ := b.number(b.theirs("info"))
		b.Sectors, b.ReadOnly = sectors, info&4 != 0
		b.Flush, b.Discard = b.has("feature-flush-cache"), b.has("feature-discard")
		return b.set(pvio.XenbusConnected)
	}
	b.end(s)
	return true
}

// open makes ring, port and pages, once, and says where they are.
func (b *BlockDevice) open() bool {
	ring := b.Platform.Page()
	if ring == nil {
		return false
	}
	for i := range b.Buffers {
		if !buffer(b.Platform, b.Back, &b.Buffers[i]) {
			return false
		}
	}
	b.Init(ring)
	port, ok := b.Platform.Port(b.Back)
	b.Port = port
	return ok && b.offer("ring-ref", ring) && b.write("event-channel", uint64(port)) && b.write("feature-persistent", 1) &&
		b.Platform.Write(b.ours("protocol"), []byte("x86_64-abi"))
}

// NetDevice is an interface: the front end and its place in XenStore.
type NetDevice struct {
	Device
	Net
}

// Find takes up the interface of a directory.
func (n *NetDevice) Find(p *Platform, path, token []byte) bool {
	n.Platform = p
	if !n.find(path, token) {
		return false
	}
	k, ok := p.Read(n.ours("mac"), n.value[:])
	return ok && address(n.value[:k], &n.Address)
}

// Step goes on as far as the back end's state allows.
func (n *NetDevice) Step() bool {
	s := n.theirState()
	if s == pvio.XenbusInitWait && n.State == pvio.XenbusInitialising {
		return n.has("feature-rx-copy") && n.open() && n.set(pvio.XenbusConnected)
	}
	n.end(s)
	return true
}

func (n *NetDevice) open() bool {
	tx, rx := n.Platform.Page(), n.Platform.Page()
	if tx == nil || rx == nil {
		return false
	}
	for i := range n.Receive {
		if !buffer(n.Platform, n.Back, &n.Receive[i]) {
			return false
		}
	}
	for i := range n.Out {
		if !buffer(n.Platform, n.Back, &n.Out[i]) {
			return false
		}
	}
	n.Init(tx, rx)
	port, ok := n.Platform.Port(n.Back)
	n.Port = port
	return ok && n.offer("tx-ring-ref", tx) && n.offer("rx-ring-ref", rx) && n.write("event-channel", uint64(port)) &&
		n.write("request-rx-copy", 1) && n.write("feature-rx-notify", 1)
}

// buffer takes a page for data and grants it.
func buffer(p *Platform, back uint16, b *Buffer) (ok bool) {
	if b.Data = p.Buffer(); b.Data == nil {
		return false
	}
	b.Ref, ok = p.Grant(back, b.Data)
	return ok
}

// address reads six hexadecimal numbers with colons between them.
func address(text []byte, to *[6]byte) bool {
	if len(text) != 17 {
		return false
	}
	for i, c := range text {
		var v byte
		switch {
		case i%3 == 2:
			if c != ':' {
				return false
			}
			continue
		case c >= '0' && c <= '9':
			v = c - '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = c | 0x20 - 'a' + 10
		default:
			return false
		}
		to[i/3] = to[i/3]<<4 | v
	}
	return true
}

func ringPage(s *pvio.SharedRing) *[pvio.PageSize]byte {
	return (*[pvio.PageSize]byte)(unsafe.Pointer(s))
}
