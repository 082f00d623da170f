package main

// Step iommu_queues. The IOMMU reads commands from one queue and writes events into another. A
// command that was being written may be half there, and the IOMMU has stopped at it; an interrupt
// that told of events may have been discarded, and there is no other until they have been read.
// Nothing that changes its tables would ever be done again.

// iommuQueues begins with empty queues, after the events that are there.
func iommuQueues() {
	if !iommu.on || !begin(stepIOMMUQueues) {
		return
	}
	readEvents()
	startQueues()
}
