package main

import "resvirt/vi/abi"

// Frames of a domain into which the VMM writes of its own accord, as event words
// or clocks. The VMM holds each, by a reference and a use as writable data, from
// the time the guest names it until it is no longer written. So it cannot become
// a page table meanwhile, nor go to another domain. Code that counts uses of
// frames finds these here.

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

// holdFrame takes a frame of d to write into. The caller then notes it with
// setFrame where eachHeld finds it, or gives it back.
func holdFrame(d *Domain, m mfn) int64 { return getPageAndType(m, d, ptWritable) }

// dropFrame lets the frame go that is noted at a place, if there is one.
func dropFrame(at *mfn) {
	if m := *at; m != 0 {
		setFrame(at, 0)
		putPageAndType(pageOf(m))
	}
}

// retakeHeld takes the held frames again. A frame that cannot be held was noted
// by a wild write, and is not written any more.
func (d *Domain) retakeHeld() {
	d.eachHeld(func(at *mfn) { d.retakeAs(at, ptWritable) })
	for i := uint32(0); i < d.nvcpus; i++ {
		if v := d.vcpu[i]; v.infoFrame == 0 && v.id < abi.LegacyMaxVcpus {
			v.info = &d.shared.VcpuInfo[v.id]
		}
	}
}
