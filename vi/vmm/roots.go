package main

// kept is what a microreboot carries over from the static data of the failed
// instance; all else that matters lies in heap pages, most of which can be
// reached from here.
type kept struct {
	frames     uint64  // frames.n
	m2pPhys    uint64  // m2pPhys
	idleRoot   uint64  // rootTable
	domains    *Domain // domains.head
	devices    *deviceTable
	iommu      iommuState
	params     bootParams // the command line, which the loader's memory had
	clockMul   uint32
	clockShift int8
	consoleMid bool
	cpus       uint32 // CPUs that were started
	flushClock uint32
	bootFree   uint64
	cmdline    [cmdlineMax]byte
	cmdlen     uint32
	mods       [maxMods]module
	nmods      uint32
	heapStart  uint64
	ramEnd     uint64
	bootTime   uint64
}

// saveRoots copies to r the static data of the failed instance that a
// microreboot needs.
func saveRoots(r *kept) {
	r.frames, r.m2pPhys, r.idleRoot = frames.n, m2pPhys, rootTable
	r.domains, r.devices, r.iommu, r.params = domains.head, devices, iommu, params
	r.clockMul, r.clockShift = clock.mul, clock.shift
	r.bootFree, r.flushClock = bootFree, flushClock
	r.consoleMid, r.cpus = consoleMid, nrCPUs()
	r.cmdline, r.cmdlen = bootInfo.cmdline, bootInfo.cmdlen
	r.mods, r.nmods, r.ramEnd = bootInfo.mods, bootInfo.nmods, bootInfo.ramEnd
	r.heapStart, r.bootTime = bootInfo.heapStart, bootTime
}

// restoreRoots is the inverse, in the new instance.
func restoreRoots(from *kept) {
	frames.n, m2pPhys, rootTable = from.frames, from.m2pPhys, from.idleRoot
	domains.head, devices, iommu, params = from.domains, from.devices, from.iommu, from.params
	clock.mul, clock.shift = from.clockMul, from.clockShift
	clock.hz, clock.apicHz = params.tscHz, params.apicHz
	bootFree, flushClock = from.bootFree, from.flushClock
	bootInfo.cmdline, bootInfo.cmdlen = from.cmdline, from.cmdlen
	bootInfo.mods, bootInfo.nmods, bootInfo.ramEnd = from.mods, from.nmods, from.ramEnd
	bootInfo.heapStart, bootTime = from.heapStart, from.bootTime
	bootInfo.freeStart, bootInfo.mapped = from.ramEnd, true
}
