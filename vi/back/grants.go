package back

// Mapping is a granted page made reachable for a device.
type Mapping struct {
	Ref      uint32
	ReadOnly bool // the device only reads it
	Handle   uint32
	Machine  uint64 // address of the page, for DMA
	OK       bool
}

// Copy moves bytes between a granted page and memory of ours, through the hypervisor.
type Copy struct {
	Ref    uint32
	Offset uint16 // in the granted page
	Length uint16
	Local  uintptr // virtual address
	OK     bool
}

// Grants is what a back end asks the hypervisor for, on behalf of one front end's
// domain. Each call takes as many as there are and marks those that were done.
type Grants struct {
	Map   func(domain uint16, m []Mapping)
	Unmap func(m []Mapping)
	From  func(domain uint16, c []Copy) // from granted pages
	To    func(domain uint16, c []Copy) // to granted pages
}
