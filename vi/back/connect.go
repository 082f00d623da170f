package back

import "resvirt/vi/pvio"

// connect takes over what the front end offers in its directory; false where that
// cannot be, with a report. The caller sets the state.
func (d *Devices) connect(i int) bool {
	v := &d.Devices[i]
	ok := false
	switch v.Kind {
	case kindDisk:
		ok = d.connectDisk(i)
	case kindNet:
		ok = d.connectNet(i)
	}
	if !ok {
		d.Platform.Report("a front end's offer cannot be used", v.front.Bytes())
	}
	return ok
}

// ring maps the ring whose grant stands in a node of the front end.
func (d *Devices) ring(v *Device, node string) (*pvio.SharedRing, bool) {
	ref, ok := d.number(d.frontNode(v, node))
	if !ok || ref > 0xffffffff {
		return nil, false
	}
	s, handle, ok := d.Platform.Ring(v.Domain, uint32(ref))
	if ok {
		v.rings[v.nrings] = handle
		v.nrings++
	}
	return s, ok
}

// bind joins the port that stands in a node of the front end.
func (d *Devices) bind(v *Device, node string) bool {
	port, ok := d.number(d.frontNode(v, node))
	if !ok || port > 0xffffffff {
		return false
	}
	local, ok := d.Platform.Bind(v.Domain, uint32(port))
	if ok {
		v.ports[v.nports] = local
		v.nports++
	}
	return ok
}

// says reads a node of the front end that is 0 where it is absent.
func (d *Devices) says(v *Device, node string) uint64 {
	n, _ := d.number(d.frontNode(v, node))
	return n
}

// connectDisk follows blkif.h: one page of ring, requests as x86-64 lays them out.
func (d *Devices) connectDisk(i int) bool {
	v := &d.Devices[i]
	b := &v.Block
	if b.Busy() || d.says(v, "ring-page-order") != 0 {
		return false
	}
	if n, ok := d.Platform.Read(d.frontNode(v, "protocol"), d.value[:]); ok && string(d.value[:n]) != "x86_64-abi" {
		return false
	}
	n, ok := d.Platform.Read(d.directory(v, "params"), d.value[:])
	if !ok {
		return false
	}
	b.Volume, b.Disk, ok = d.Platform.Volume(d.value[:n])
	if !ok {
		return false
	}
	if n, ok := d.Platform.Read(d.directory(v, "mode"), d.value[:]); !ok || string(d.value[:n]) != "w" {
		b.Volume.ReadOnly = true
	}
	b.Domain, b.Grants, b.Tag = v.Domain, d.Platform.Grants, uint32(i)
	b.Persistent = d.says(v, "feature-persistent") != 0
	s, ok := d.ring(v, "ring-ref")
	if !ok || !d.bind(v, "event-channel") || !b.Attach(s) {
		return false
	}
	info := uint64(0)
	if b.Volume.ReadOnly {
		info = 4 // VDISK_READONLY
	}
	return d.write(v, "sectors", b.Volume.Sectors) && d.write(v, "sector-size", pvio.BlkSector) &&
		d.write(v, "physical-sector-size", pvio.BlkSector) && d.write(v, "info", info)
}

// connectNet follows netif.h: one queue, packets copied into the front end's pages.
func (d *Devices) connectNet(i int) bool {
	v := &d.Devices[i]
	n := &v.Net
	if d.says(v, "request-rx-copy") != 1 || d.says(v, "multi-queue-num-queues") > 1 {
		return false
	}
	n.Domain, n.Grants = v.Domain, d.Platform.Grants
	tx, ok := d.ring(v, "tx-ring-ref")
	if !ok {
		return false
	}
	rx, ok := d.ring(v, "rx-ring-ref")
	if !ok {
		return false
	}
	if _, split := d.number(d.frontNode(v, "event-channel-tx")); split {
		ok = d.bind(v, "event-channel-tx") && d.bind(v, "event-channel-rx")
	} else {
		ok = d.bind(v, "event-channel")
	}
	if !ok || !n.Attach(tx, rx) {
		return false
	}
	d.Bridge.On[Uplinks+i] = true
	return d.Platform.Write(d.directory(v, "hotplug-status"), []byte("connected"))
}
