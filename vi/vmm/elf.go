package main

import "resvirt/vi/xenelf"

// kernelImage is a guest kernel in memory, and where it ends in the guest's.
type kernelImage struct {
	xenelf.Kernel
	end uint64 // virtual end of the loaded segments
}

// parse reads the headers and notes. It returns the reason why this is no guest
// kernel, or "".
func (k *kernelImage) parse() string {
	if why := k.Read(); why != "" {
		return why
	}
	return k.place()
}

// place finds what the segments take in the guest's address space. It returns the
// reason why that is impossible, or "".
func (k *kernelImage) place() string {
	if k.Base&pageMask != 0 || k.Offset&pageMask != 0 || isHypervisorAddr(k.Base) {
		return "its base is no page of a guest's address space"
	}
	first := ^uint64(0)
	for i := range k.Segments() {
		s := k.Segment(i)
		if s.Kind != xenelf.Load || s.MemSize == 0 {
			continue
		}
		if s.Paddr < k.Offset || s.Paddr-k.Offset > maxKernel || s.MemSize > maxKernel || !guestRange(k.Base, s.Paddr-k.Offset+s.MemSize) {
			return "a segment lies outside of what a kernel may take: 1 GiB from its base on"
		}
		first = min(first, k.Virtual(s))
		k.end = max(k.end, k.Virtual(s)+s.MemSize)
	}
	switch {
	case first > k.end:
		return "it has no segment to load"
	case k.Entry < first || k.Entry >= k.end:
		return "its entry point lies outside of its segments"
	case k.Hypercall != 0 && (k.Hypercall < k.Base || k.Hypercall >= k.end):
		return "its hypercall page lies outside of its segments"
	case k.P2M&pageMask != 0:
		return "its list of frames would begin within a page"
	}
	return ""
}

// maxKernel bounds the pseudo-physical memory of a kernel image.
const maxKernel = 1 << 30
