package main

// Doubt about guest memory. A kernel that works names memory that it has, so if
// a copy from or to it fails, the VMM itself may have failed. The guest's page
// tables tell which it is; the code that walks them has nothing in common with
// the copy.

// guestDenies is entered when n bytes at va could not be read or written. If
// the guest's page tables allow the access, that is a failure of the VMM; else
// it returns false, the result of the copy.
func guestDenies(va, n uint64, write bool) bool {
	d := current().domain
	if d.doubted != 0 && now() < d.doubted+doubtEvery*params.tickNS {
		return false
	}
	d.doubted = now()
	disbelieve(!(guestRange(va, n) && current().maps(va, n, write)), stepDoubt)
	return false
}

// maps says whether the address space that v runs in lets it read or write n
// bytes at va.
func (v *VCPU) maps(va, n uint64, write bool) bool {
	for at := va &^ uint64(pageMask); at < va+n; at += pageSize {
		if !mapsPage(mfn(v.cr3()>>pageShift), at, write) {
			return false
		}
	}
	return true
}

func mapsPage(root mfn, va uint64, write bool) bool {
	m := root
	for shift := 39; shift >= pageShift; shift -= 9 {
		if !frameOK(m) {
			return false
		}
		e := tableAt(m)[va>>shift&511]
		if e&(pteP|pteU) != pteP|pteU || write && e&pteW == 0 {
			return false
		}
		m = pteFrame(e)
	}
	return frameOK(m)
}
