package main

// Segment descriptors of guests (AMD APM vol. 2, 4.7 and 4.8).
const (
	descType    = 0xf << 40
	descSegment = 1 << 44
	descDPL     = 3 << 45
	descPresent = 1 << 47
)

// checkDescriptor says whether a guest may have a descriptor, and returns it
// with privilege level 3, at which the guest's kernel runs as well. A
// descriptor that is not present is accepted, because its use faults. Gates and
// system segments are refused.
func checkDescriptor(desc uint64) (uint64, bool) {
	if desc&descPresent == 0 {
		return desc, true
	}
	desc |= descDPL
	return desc, desc&descSegment != 0 || desc&descType == 0
}

// checkDescriptors checks a frame that becomes part of a descriptor table.
func checkDescriptors(p *page) bool {
	tab := tableAt(p.frame())
	for i := range tab {
		if tab[i]&descPresent == 0 {
			continue
		}
		desc, ok := checkDescriptor(tab[i])
		if !ok {
			return false
		}
		if desc != tab[i] {
			tab[i] = desc
		}
	}
	return true
}
