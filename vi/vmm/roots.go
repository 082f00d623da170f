package main

// kept is what a microreboot must carry over from the static data of the
// failed instance; all else that matters hangs on it or lies in heap pages.
type kept struct {
	frames     uint64     // frames.n
	m2pPhys    uint64     // m2pPhys
	idleRoot   uint64     // rootTable
	domains    *Domain    // domains.head
	params     bootParams // the command line, which the loader's memory had
	clockMul   uint32
	clockShift int8
	bootFree   uint64
	flushClock uint32
	cmdline    [cmdlineMax]byte
	cmdlen     uint32
	mods       [maxMods]module
	nmods      uint32
	ramEnd     uint64
}

// roots is written once at boot, and by whoever changes what it holds: see keep.
var roots kept

// saveRoots copies everything into roots.
func saveRoots() {
	r := &roots
	r.frames, r.m2pPhys, r.idleRoot = frames.n, m2pPhys, rootTable
	r.domains, r.params = domains.head, params
	r.clockMul, r.clockShift = clock.mul, clock.shift
	r.bootFree, r.flushClock = bootFree, flushClock
	r.cmdline, r.cmdlen = bootInfo.cmdline, bootInfo.cmdlen
	r.mods, r.nmods, r.ramEnd = bootInfo.mods, bootInfo.nmods, bootInfo.ramEnd
}

// restoreRoots is the inverse, in a new instance; from is the failed one's.
func restoreRoots(from *kept) {
	frames.n, m2pPhys, rootTable = from.frames, from.m2pPhys, from.idleRoot
	domains.head, params = from.domains, from.params
	clock.mul, clock.shift = from.clockMul, from.clockShift
	clock.hz, clock.apicHz = params.tscHz, params.apicHz
	bootFree, flushClock = from.bootFree, from.flushClock
	bootInfo.cmdline, bootInfo.cmdlen = from.cmdline, from.cmdlen
	bootInfo.mods, bootInfo.nmods, bootInfo.ramEnd = from.mods, from.nmods, from.ramEnd
	bootInfo.freeStart, bootInfo.mapped = from.ramEnd, true
}
