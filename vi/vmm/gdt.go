package main

import "resvirt/vi/abi"

// Descriptor tables of guests. The flat selectors in the hypervisor's own part
// of every GDT are enough for a 64-bit guest. If it sets a table of its own,
// the frames of that are taken as descriptor frames, so that the guest cannot
// write them, and mapped into the CPU's window while the guest runs.

// loadGDT maps the frames of a vCPU's GDT where this CPU's GDT lies. What is mapped
// goes by the frames that the vCPU holds, not by the number of its entries, and is
// noted before it is mapped: after a failure in the midst of it nothing may be left in
// the window that the vCPU does not hold any more, or its guest writes descriptors.
func loadGDT(c *CPU, v *VCPU) {
	none := v.arch.gdtFrames == [abi.FirstReservedGDTPage]mfn{}
	if none && c.core.gdtEnts == 0 {
		return
	}
	c.core.gdtEnts = abi.FirstReservedGDTEntry
	for i := range v.arch.gdtFrames {
		e := uint64(0)
		if m := v.arch.gdtFrames[i]; m != 0 {
			e = uint64(m)<<pageShift | pteP | pteW | pteA | pteD | pteNX
		}
		setGDTWindow(c.ID, uint32(i), e)
	}
	if none {
		c.core.gdtEnts = 0
	}
}

// setGDT is the set_gdt hypercall for v.
func setGDT(v *VCPU, list *[abi.FirstReservedGDTPage]uint64, entries uint32) int64 {
	if entries > abi.FirstReservedGDTEntry {
		return -abi.EINVAL
	}
	pages := int(entries+511) / 512
	for i := 0; i < pages; i++ {
		if rc := getPageAndType(mfn(list[i]), v.domain, ptSegDesc); rc != 0 {
			for i--; i >= 0; i-- {
				putPageAndType(pageOf(mfn(list[i])))
			}
			return rc
		}
	}
	clearGDT(v)
	setLogged(&v.arch.gdtEnts, uint64(entries))
	for i := 0; i < pages; i++ {
		setFrame(&v.arch.gdtFrames[i], mfn(list[i]))
	}
	return 0
}

// clearGDT gives the frames of v's GDT back.
func clearGDT(v *VCPU) {
	for i := range v.arch.gdtFrames {
		if m := v.arch.gdtFrames[i]; m != 0 {
			setFrame(&v.arch.gdtFrames[i], 0)
			putPageAndType(pageOf(m))
		}
	}
	setLogged(&v.arch.gdtEnts, 0)
}
