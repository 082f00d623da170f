package main

import (
	"unsafe"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// persistPage is the page of the image, counted from its start, that neither
// boot nor a microreboot writes.
const persistPage = seam.PersistPage

// persistent is what lies in that page. The host reads the first members, by
// symbols that the image builder makes.
type persistent struct {
	policy  uint64  // main.policy: allowed recovery steps, a bit each
	failure failure // main.failure
	provoke uint64  // main.provoke: makes the watchdog report a hang where there is none
	givenUp uint64  // giveUp has begun: if it fails itself, it prints nothing more

	owner    uint32 // 1 + the CPU that recovers, 0 = nobody does
	attempts uint32 // of the recovery under way
	mode     uint32 // which way of recovery, modeX
	ended    uint64 // time stamp counter when the last recovery was complete
	periods  uint32 // of the watchdog in this attempt
	saved    uint32 // 1: saveRoots has filled in kept
	stop     uint64 // CPUs that have been told to stop
	parked   uint64 // CPUs that wait for the new instance
	up       uint64 // CPUs that have entered the new instance
	release  uint64 // is incremented to let parked CPUs go
	resumed  uint32 // lets CPUs go back to their guests
	cpus     [maxCPUs]keptCPU
	kept     kept
	doubted  uint64 // page of the frame table in which patrol last found something
}

// keptCPU is what a microreboot carries over from a CPU's block.
type keptCPU struct {
	valid   bool // keepCPU has been called since the failure
	curr    *VCPU
	idle    *VCPU
	running *timer // timer whose handler was running
	tsc     uint64 // the clock's calibration
	stime   int64
}

// failure is the record of what was detected last.
type failure struct {
	count uint64 // detected so far
	cpu   uint64
	kind  uint64 // seam.KindX, as for detectPanic
	pc    uint64 // what was executing
	addr  uint64 // CR2
	code  uint64 // error code of the exception
}

// The structure fits in the page, and its first members lie where the host
// expects them.
const (
	_ = pageSize - unsafe.Sizeof(persistent{})
	_ = -(unsafe.Offsetof(persistent{}.policy) ^ seam.PersistPolicy)
	_ = -(unsafe.Offsetof(persistent{}.failure) ^ seam.PersistFailure)
	_ = -(unsafe.Offsetof(persistent{}.provoke) ^ seam.PersistProvoke)
)

func persist() *persistent { return (*persistent)(ptr(bare.Image.Persist)) }
