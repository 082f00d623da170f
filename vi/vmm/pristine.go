package main

// pristineBase is where the pristine copy of the image, module 0, is seen and
// executed. Nothing may write it: its pages in the direct map are read-only.
const pristineBase = 0xffff82d030000000

// mapPristine maps the copy, after the direct map has been made.
func mapPristine() {
	if bootInfo.nmods == 0 {
		return
	}
	m := bootInfo.mods[0]
	end := (m.end + pageMask) &^ pageMask
	mapRange(pristineBase, m.start, end-m.start, mapRX)
	for pa := m.start &^ (largePage - 1); pa < end; pa += largePage {
		small := earlyAlloc()
		t := earlyTable(small)
		for i := range t {
			at := pa + uint64(i)<<pageShift
			t[i] = at | mapRW
			if at >= m.start && at < end {
				t[i] = at | mapR
			}
		}
		*entryFor(directMapBase+pa, 2) = small | pteP | pteW | pteA | pteD
	}
}
