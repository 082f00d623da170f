package main

// What the IOMMU tells: accesses and interrupts of functions that it has refused. Each counts
// against the domain that has the function, whose driver, or whose device, has gone wrong.

const (
	eventShift    = 60
	eventEntry    = 1 // kinds (48882, 2.5)
	eventFault    = 2
	eventsPrinted = 4 // of a domain
)

// iommuInterrupt serves the IOMMU's interrupt.
func iommuInterrupt() {
	iommuLock.lock()
	readEvents()
	iommuLock.unlock()
}

// readEvents reads the log up to its end. The reason for the interrupt is cleared first, so that an
// event that comes meanwhile interrupts again.
func readEvents() {
	status := iommuRead(iommuStatus)
	iommuWrite(iommuStatus, iommuOverflow|iommuLogged)
	head := iommuRead(iommuEventHead) & queueMask
	for n := 0; n < queueEntries && head != iommuRead(iommuEventTail)&queueMask; n++ {
		e := (*[2]uint64)(dmap(iommu.ram + iommuEvents + head))
		refusedAccess(e[0], e[1])
		head = (head + 16) & queueMask
	}
	iommuWrite(iommuEventHead, head)
	if status&iommuOverflow != 0 { // events were lost, and the log has stopped
		iommuWrite(iommuControl, iommuAll&^iommuLog)
		iommuWrite(iommuControl, iommuAll)
	}
}

// refusedAccess counts one event.
func refusedAccess(what, address uint64) {
	f := findFunction(uint8(what))
	if kind := what >> eventShift; kind != eventEntry && kind != eventFault || f == nil {
		logHex("IOMMU: event", what)
		logHex("IOMMU:   at", address)
		return
	}
	f.refused++
	d := domainOfFrame(f.owner)
	if d == nil || d.io == nil {
		return
	}
	if d.io.refused++; d.io.refused <= eventsPrinted {
		printDomain(d, "its device was refused memory at", address)
	}
}
