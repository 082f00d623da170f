package main

import "resvirt/vi/abi"

// Frames of a domain's that the VMM writes into by itself, whenever it has a
// reason to: each is held, by reference and as writable data, from when the guest
// names it until it is no longer written, so that it cannot be a page table
// meanwhile, nor go to somebody else. Whoever counts uses of frames asks here.

// eachHeld calls fn for the place of each frame that is held for d; one frame may
// be held several times.
func (d *Domain) eachHeld(fn func(at *mfn)) {
	if d.ring != 0 {
		fn(&d.ring)
	}
	for i := uint32(0); i < d.nvcpus; i++ {
		if v := d.vcpu[i]; v.infoFrame != 0 {
			fn(&v.infoFrame)
		}
	}
	d.eachFIFOFrame(fn)
}

// holdFrame takes a frame of d to write into. Who has taken it notes it where
// eachHeld finds it, with setFrame, or lets it go again.
func holdFrame(d *Domain, m mfn) int64 { return getPageAndType(m, d, ptWritable) }

// dropFrame lets the frame go that is noted at a place, if there is one.
func dropFrame(at *mfn) {
	if m := *at; m != 0 {
		setFrame(at, 0)
		putPageAndType(pageOf(m))
	}
}

// retakeHeld takes the held frames again. What cannot be held is the trace of a
// wild write, and is not written any more.
func (d *Domain) retakeHeld() {
	d.eachHeld(func(at *mfn) { d.retakeAs(at, ptWritable) })
	for i := uint32(0); i < d.nvcpus; i++ {
		if v := d.vcpu[i]; v.infoFrame == 0 && v.id < abi.LegacyMaxVcpus {
			v.info = &d.shared.VcpuInfo[v.id]
		}
	}
}
