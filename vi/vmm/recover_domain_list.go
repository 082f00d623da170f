package main

import "unsafe"

// Step domain_list. Recovery finds everything through the list of domains, and a
// wild write or a flipped bit may have cut it or changed a link. Every frame's
// descriptor names its owner, so that the domains can be found without the list.

// maxDomains bounds the walk along a list, which may be a circle.
const maxDomains = 256

// domainList checks the list, and makes it anew if it is not sound.
func domainList() {
	if !begin(stepDomainList) || listOK() {
		return
	}
	domains.head = nil
	for m := mfn(bootInfo.heapStart >> pageShift); m < mfn(frames.n); m++ {
		if p := pageOf(m); p.count&pgHeap != 0 && p.owner != 0 && frameOK(mfn(p.owner)) {
			// The owner of the page that the hypervisor shares with a domain is
			// that domain.
			if d := (*Domain)(frameAddr(mfn(p.owner))); domainOK(d) && frameOfAddr(unsafe.Pointer(d.shared)) == m {
				d.enlist()
			}
		}
	}
}

// listOK says whether the list has an end, is in order of ids, and holds only
// sound domains.
func listOK() bool {
	n := 0
	for d := domains.head; d != nil; d = d.next {
		if n++; n > maxDomains || !domainOK(d) || d.next != nil && domainOK(d.next) && d.next.id <= d.id {
			return false
		}
	}
	return n != 0
}

// enlist puts a domain into the list. Nobody else looks at it.
func (d *Domain) enlist() {
	at := &domains.head
	for *at != nil && (*at).id < d.id {
		at = &(*at).next
	}
	if *at == nil || (*at).id != d.id {
		d.next = *at
		*at = d
	}
}

// objectOK says whether an address can be that of an object in a page of its own.
func objectOK(at unsafe.Pointer) bool {
	a := addrOf(at) - directMapBase
	return a&pageMask == 0 && frameOK(mfn(a>>pageShift))
}

// domainOK says whether the content at d can be that of a domain.
func domainOK(d *Domain) bool {
	if !objectOK(unsafe.Pointer(d)) || d.nvcpus > maxVCPUs {
		return false
	}
	s := unsafe.Pointer(d.shared)
	return d.gone || objectOK(s) && pageOf(frameOfAddr(s)).owner == d.frame32()
}

// vcpuOK says whether v is a vCPU of a domain.
func vcpuOK(v *VCPU) bool {
	if !objectOK(unsafe.Pointer(v)) || !objectOK(unsafe.Pointer(v.domain)) {
		return false
	}
	return v.id < maxVCPUs && v.id < v.domain.nvcpus && v.domain.vcpu[v.id] == v
}
