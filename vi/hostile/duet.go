package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/seam"
)

// The duet (option duet=N, N turns) is played by two domains. The owner grants the
// other a frame. The other's second vCPU writes to it all the time, while its
// first vCPU gives the mapping up, if possible without a flush; then the owner at
// once makes a page table of the frame. No write may reach the frame after that,
// or a guest could write page tables.
const (
	duetOwner    = 2
	duetBorrower = 3

	duetPage  = 5 // of the arena: the frame that is granted, or where it is mapped
	duetMail  = 6 // a frame that both see: it holds the last message of each, one word
	duetTable = 7 // the owner's grant table
	duetFrame = 8 // grant reference of the frame
	duetPost  = 9 // grant reference of duetMail

	duetSlot  = 100 << 3           // the word that is written
	duetWrite = 0x5a5a5a5a5a5a5a00 // an entry that is not present
	duetOver  = 1<<64 - 1          // the owner's last message
	duetLooks = 3000               // number of looks at the page table in a turn
)

// duetWrites counts what the writing vCPU has written; duetReady is a bit for each
// vCPU that has registered its entry points.
var duetWrites, duetReady uint64

func arenaAt(page uint64) uint64 { return arena + page*pageSize }

// duet plays a vCPU's part. After an exception it starts again.
func duet() {
	if duetReady>>me()&1 == 0 {
		register()
		duetReady |= 1 << me()
	}
	switch {
	case self == duetOwner && me() == 0:
		lend()
	case self == duetBorrower && me() == 0:
		borrow()
	case self == duetBorrower:
		scribble()
	}
	hypercall(abi.HypercallVcpuOp, abi.VcpuopDown, uint64(me()), 0, 0, 0)
}

// scribble writes to the page until the mapping goes: the exception starts duet
// again.
func scribble() {
	for {
		store(arenaAt(duetPage)+duetSlot, duetWrite)
		atomic.AddUint64(&duetWrites, 1)
	}
}

// remap changes the entry of a page of the arena.
func remap(page, entry, flags uint64) int64 {
	return hypercall(abi.HypercallUpdateVAMapping, arenaAt(page), entry, flags, 0, 0)
}

// heard waits until the other's message is a or b, and returns it.
func heard(at, a, b uint64) uint64 {
	for {
		if w := load(arenaAt(duetMail) + at); w == a || w == b {
			return w
		}
		hypercall(abi.HypercallSchedOp, abi.SchedopYield, 0, 0, 0, 0)
	}
}

// wrong ends the domain, because something is not as it must be.
func wrong(what string) {
	say(seam.Error + ": ")
	say(what)
	say("\n")
	shutDown(abi.ShutdownCrash)
}

// borrowed maps a reference of the owner's at a page of the arena.
func borrowed(ref uint32, page uint64) (handle uint32, ok bool) {
	return mapped(duetOwner, ref, abi.GNTMAPHost, page)
}

// borrow maps the owner's page, lets the second vCPU write to it, and gives it
// up.
func borrow() {
	for {
		if _, ok := borrowed(duetPost, duetMail); ok {
			break
		}
		hypercall(abi.HypercallSchedOp, abi.SchedopYield, 0, 0, 0, 0)
	}
	for turn := uint64(1); heard(0, turn, duetOver) != duetOver; turn++ {
		handle, ok := borrowed(duetFrame, duetPage)
		if !ok {
			wrong("a grant cannot be mapped")
		}
		for n := atomic.LoadUint64(&duetWrites); atomic.LoadUint64(&duetWrites) < n+3; {
			rdtsc()
		}
		rc := int64(0)
		switch turn % 3 {
		case 0:
			update := abi.MMUUpdate{Ptr: ptes[duetPage]}
			rc = hypercall(abi.HypercallMMUUpdate, addr(unsafe.Pointer(&update)), 1, 0, abi.DomidSelf, 0)
		case 1:
			rc = remap(duetPage, 0, abi.UVMFNone)
		default:
			op := abi.GnttabUnmapGrantRef{HostAddr: arenaAt(duetPage), Handle: handle}
			rc = hypercall(abi.HypercallGrantTableOp, abi.GnttabopUnmapGrantRef, addr(unsafe.Pointer(&op)), 1, 0, 0) | int64(op.Status)
		}
		if rc != 0 {
			wrong("a mapping cannot be given up")
		}
		store(arenaAt(duetMail)+8, turn)
	}
	shutDown(abi.ShutdownPoweroff)
}

// lend grants the page in each turn, and then makes a page table of it.
func lend() {
	page := frameOf(arenaAt(duetPage))
	if remap(duetTable, grantTable<<12|0x67, abi.UVMFInvlpg|abi.UVMFAll) != 0 {
		wrong("no grant table")
	}
	const permit = abi.GTFPermitAccess | duetBorrower<<16
	store(arenaAt(duetMail), 0)
	store(arenaAt(duetMail)+8, 0)
	store(arenaAt(duetTable)+duetFrame<<3, permit|page<<32)
	store(arenaAt(duetTable)+duetPost<<3, permit|frameOf(arenaAt(duetMail))<<32)
	for turn := uint64(1); turn <= option("duet"); turn++ {
		if remap(duetPage, page<<12|0x67, abi.UVMFInvlpg|abi.UVMFAll) != 0 {
			wrong("the page cannot be written to again")
		}
		store(arenaAt(duetPage)+duetSlot, 0)
		store(arenaAt(duetMail), turn)
		heard(8, turn, turn)
		lookOn(page)
	}
	store(arenaAt(duetMail), duetOver)
	say(seam.DuetOK + "\n")
	shutDown(abi.ShutdownPoweroff)
}

// lookOn makes a page table of the page and checks that it does not change.
func lookOn(page uint64) {
	pin := [4]uint64{abi.MMUExtPinL1, page}
	at := addr(unsafe.Pointer(&pin))
	rc := remap(duetPage, page<<12|0x65, abi.UVMFInvlpg|abi.UVMFAll)
	rc |= hypercall(abi.HypercallMMUExtOp, at, 1, 0, abi.DomidSelf, 0)
	update := abi.MMUUpdate{Ptr: page<<12 + duetSlot}
	rc |= hypercall(abi.HypercallMMUUpdate, addr(unsafe.Pointer(&update)), 1, 0, abi.DomidSelf, 0)
	if rc != 0 {
		wrong("the page cannot become a page table")
	}
	for range duetLooks {
		if load(arenaAt(duetPage)+duetSlot) != 0 {
			wrong("a page table is written to by another domain")
		}
	}
	pin[0] = abi.MMUExtUnpin
	hypercall(abi.HypercallMMUExtOp, at, 1, 0, abi.DomidSelf, 0)
}
