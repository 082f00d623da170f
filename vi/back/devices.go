package back

import "resvirt/vi/pvio"

// MaxDevices is how many devices the back ends of one domain serve.
const MaxDevices = 16

// Kinds of device.
const (
	kindNone = iota
	kindDisk
	kindNet
)

// Devices are the back ends of one domain, and how far each is with its front end
// (xenbus.h). The toolstack makes a directory for each, backend/KIND/DOMAIN/NUMBER, and
// takes it away again; everything else is between the two ends.
type Devices struct {
	Platform *Platform
	Bridge   Bridge
	Devices  [MaxDevices]Device

	list  [1024]byte // of a directory
	inner [1024]byte
	value [256]byte
	path  pvio.Path
	name  pvio.Path // of a node in path
	frame Frame
}

// Device is one back end.
type Device struct {
	Kind   uint8
	Domain uint16 // the front end's
	Number uint32
	State  pvio.XenbusState // ours, as XenStore has it
	Block  Block
	Net    Net

	seen   bool // in this scan
	front  pvio.Path
	ports  [2]uint32 // ours; the second is that of received packets, where there are two
	nports int
	rings  [2]int // handles
	nrings int
}

// directory writes the back end's directory, and a node of it, into d.name.
func (d *Devices) directory(v *Device, node string) []byte {
	kind := "backend/vbd/"
	if v.Kind == kindNet {
		kind = "backend/vif/"
	}
	return d.name.Reset(kind).Number(uint64(v.Domain)).Text("/").Number(uint64(v.Number)).Text("/").Text(node).Bytes()
}

// frontNode writes a node of the front end's directory into d.name.
func (d *Devices) frontNode(v *Device, node string) []byte {
	return d.name.Begin(v.front.Bytes()).Text("/").Text(node).Bytes()
}

// Start begins to serve what the toolstack asks for.
func (d *Devices) Start() bool {
	return d.Platform.Watch(d.path.Reset("backend").Bytes(), []byte("backend"))
}

// Event is a watch's event with its token: something in our directories, or in that of a
// front end, has changed. Events may come without a cause.
func (d *Devices) Event(token []byte) {
	if i, ok := pvio.Number(token); ok {
		if i < MaxDevices && d.Devices[i].Kind != kindNone {
			d.step(int(i))
		}
		return
	}
	d.scan()
}

// scan compares the devices with what the toolstack asks for.
func (d *Devices) scan() {
	for i := range d.Devices {
		d.Devices[i].seen = false
	}
	d.scanKind(kindDisk, "backend/vbd")
	d.scanKind(kindNet, "backend/vif")
	for i := range d.Devices {
		if v := &d.Devices[i]; v.Kind != kindNone && !v.seen {
			d.remove(i)
		}
	}
}

func (d *Devices) scanKind(kind uint8, root string) {
	n, ok := d.Platform.List(d.path.Reset(root).Bytes(), d.list[:])
	if !ok {
		return
	}
	base := d.path.Len()
	for domain, rest := pvio.Next(d.list[:n]); len(domain) > 0; domain, rest = pvio.Next(rest) {
		id, ok := pvio.Number(domain)
		if !ok || id >= 0x7ff0 { // xen.h, DOMID_FIRST_RESERVED
			continue
		}
		d.path.Cut(base)
		m, ok := d.Platform.List(d.path.Text("/").Add(domain).Bytes(), d.inner[:])
		if !ok {
			continue
		}
		for number, more := pvio.Next(d.inner[:m]); len(number) > 0; number, more = pvio.Next(more) {
			if k, ok := pvio.Number(number); ok && k <= 0xffffffff {
				d.found(kind, uint16(id), uint32(k))
			}
		}
	}
}

// found takes up a device that there is a directory for.
func (d *Devices) found(kind uint8, domain uint16, number uint32) {
	free := -1
	for i := range d.Devices {
		v := &d.Devices[i]
		if v.Kind == kind && v.Domain == domain && v.Number == number {
			v.seen = true
			d.step(i)
			return
		}
		if v.Kind == kindNone && free < 0 && !v.Block.Busy() {
			free = i
		}
	}
	if free < 0 {
		d.Platform.Report("no room for a device", d.path.Bytes())
		return
	}
	d.add(free, kind, domain, number)
}

// add makes a new back end. One whose state in XenStore is Connected goes on where an
// earlier instance of this domain ended: its front end knows nothing of that.
func (d *Devices) add(i int, kind uint8, domain uint16, number uint32) {
	v := &d.Devices[i]
	v.Kind, v.Domain, v.Number, v.seen, v.nports, v.nrings = kind, domain, number, true, 0, 0
	n, ok := d.Platform.Read(d.directory(v, "frontend"), d.value[:])
	if !ok {
		v.Kind = kindNone // not complete yet; there will be another event
		return
	}
	v.front.Begin(d.value[:n])
	v.State = d.state(d.directory(v, "state"))
	if v.State != pvio.XenbusConnected {
		d.announce(i)
	}
	var token pvio.Path
	d.Platform.Watch(d.frontNode(v, "state"), token.Reset("").Number(uint64(i)).Bytes())
	if v.State == pvio.XenbusConnected && !d.connect(i) {
		d.set(v, pvio.XenbusClosed)
	}
}

// announce writes what the back end can do, and that it is waiting.
func (d *Devices) announce(i int) {
	v := &d.Devices[i]
	features := [...]string{"feature-flush-cache", "feature-discard", "feature-persistent"}
	if v.Kind == kindNet {
		features = [...]string{"feature-sg", "feature-rx-copy", "feature-split-event-channels"}
	}
	for _, f := range features {
		d.write(v, f, 1)
	}
	if v.Kind == kindDisk {
		d.write(v, "feature-max-indirect-segments", uint64(MaxIndirect))
	}
	d.set(v, pvio.XenbusInitWait)
}

// write writes a number into our directory.
func (d *Devices) write(v *Device, node string, value uint64) bool {
	var text pvio.Path
	return d.Platform.Write(d.directory(v, node), text.Reset("").Number(value).Bytes())
}

// set changes our state.
func (d *Devices) set(v *Device, s pvio.XenbusState) {
	v.State = s
	d.write(v, "state", uint64(s))
}

// number reads a number of XenStore.
func (d *Devices) number(path []byte) (uint64, bool) {
	n, ok := d.Platform.Read(path, d.value[:])
	if !ok {
		return 0, false
	}
	return pvio.Number(d.value[:n])
}

// state reads a state.
func (d *Devices) state(path []byte) pvio.XenbusState {
	if n, ok := d.number(path); ok && n <= uint64(pvio.XenbusReconfigured) {
		return pvio.XenbusState(n)
	}
	return pvio.XenbusUnknown
}

// step follows the front end's state (Linux's frontend_changed in its back ends).
func (d *Devices) step(i int) {
	v := &d.Devices[i]
	switch d.state(d.frontNode(v, "state")) {
	case pvio.XenbusInitialising:
		if v.State == pvio.XenbusClosed {
			d.announce(i)
		}
	case pvio.XenbusInitialised, pvio.XenbusConnected:
		if v.State == pvio.XenbusInitWait {
			if d.connect(i) {
				d.set(v, pvio.XenbusConnected)
			} else {
				d.disconnect(i)
				d.set(v, pvio.XenbusClosed)
			}
		}
	case pvio.XenbusClosing:
		if v.State == pvio.XenbusConnected {
			d.set(v, pvio.XenbusClosing)
		}
	case pvio.XenbusClosed:
		if v.State != pvio.XenbusClosed && v.State != pvio.XenbusInitWait && v.State != pvio.XenbusInitialising {
			d.disconnect(i)
			d.set(v, pvio.XenbusClosed)
		}
	}
}

// remove ends a back end whose directory is gone.
func (d *Devices) remove(i int) {
	v := &d.Devices[i]
	var token pvio.Path
	d.Platform.Unwatch(d.frontNode(v, "state"), token.Reset("").Number(uint64(i)).Bytes())
	d.disconnect(i)
	v.Kind, v.State = kindNone, pvio.XenbusUnknown
}

// disconnect gives back everything that belongs to the front end.
func (d *Devices) disconnect(i int) {
	v := &d.Devices[i]
	switch v.Kind {
	case kindDisk:
		if v.Block.Busy() {
			// The disk writes into the front end's pages: they are given back by Serve, once
			// the last command has ended.
			v.Block.Broken = true
		} else if v.Block.Ring.Ring != nil {
			v.Block.Detach()
		}
	case kindNet:
		d.Bridge.On[Uplinks+i] = false
		d.Bridge.Forget(Uplinks + i)
		v.Net.Detach()
	}
	for _, p := range v.ports[:v.nports] {
		d.Platform.Unbind(p)
	}
	for _, r := range v.rings[:v.nrings] {
		d.Platform.Release(r)
	}
	v.nports, v.nrings = 0, 0
}
