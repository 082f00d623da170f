package back

// Serve does what front ends ask for. It says whether there was anything: then more may
// have come meanwhile.
func (d *Devices) Serve(now uint64) (busy bool) {
	for i := range d.Devices {
		v := &d.Devices[i]
		switch {
		case v.Kind == kindDisk && !v.Block.Broken && v.Block.Ring.Ring != nil:
			before := v.Block.Done.Requests
			d.tell(v, 0, v.Block.Serve())
			busy = busy || v.Block.Done.Requests != before
		case v.Kind == kindNet && !v.Net.Broken:
			busy = d.serveNet(i, now) || busy
		case v.Block.Broken && v.Block.Ring.Ring != nil && !v.Block.Busy():
			v.Block.Detach()
		}
	}
	return busy
}

// serveNet passes on what a front end sends: as many packets as its ring has slots, so
// that others have their turn.
func (d *Devices) serveNet(i int, now uint64) (busy bool) {
	v := &d.Devices[i]
	for range v.Net.Tx.Size() {
		if !v.Net.Take(&d.frame) {
			break
		}
		busy = true
		d.Bridge.Input(Uplinks+i, &d.frame, now)
	}
	if busy {
		d.tell(v, 0, v.Net.TellSent())
	}
	return busy
}

// Output gives a frame to the front end behind a port of the bridge.
func (d *Devices) Output(port int, f *Frame) {
	v := &d.Devices[port-Uplinks]
	if v.Kind == kindNet && v.Net.Give(f) {
		d.tell(v, v.nports-1, v.Net.TellReceived())
	}
}

// Completed takes the end of a disk's command by its tag.
func (d *Devices) Completed(tag uint32, ok bool) {
	if i := tag >> 16; i < MaxDevices {
		v := &d.Devices[i]
		d.tell(v, 0, v.Block.Completed(tag&0xffff, ok))
	}
}

// tell sends an event to the front end.
func (d *Devices) tell(v *Device, port int, wanted bool) {
	if wanted && port < v.nports {
		d.Platform.Notify(v.ports[port])
	}
}
