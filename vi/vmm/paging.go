package main

import "resvirt/vi/bare"

// The VMM's part of every address space, built once at boot: all RAM, the
// image with its permissions, the CPUs' blocks with their guard pages, the
// GDT windows, the local APIC. Until finishPaging loads it, the boot page
// tables map the first GiB to itself.

// rootTable is the physical address of the L4 of the idle vCPU, from which
// every other L4 takes the hypervisor's slots.
var rootTable uint64

// idleL4Frame is the frame of the L4 that maps only the hypervisor.
func idleL4Frame() mfn { return mfn(rootTable >> pageShift) }

// earlyAlloc takes a zeroed page from the RAM that nobody owns yet.
func earlyAlloc() uint64 {
	pa := bootInfo.freeStart
	assert(pa+pageSize <= bootInfo.ramEnd)
	bootInfo.freeStart += pageSize
	*earlyTable(pa) = table{}
	return pa
}

// earlyTable is a physical page, as boot code sees it before and after the
// final page tables are loaded.
func earlyTable(pa uint64) *table {
	if rootTable != 0 && bootInfo.mapped {
		return (*table)(dmap(pa))
	}
	return (*table)(ptr(pa))
}

// entryFor walks to the entry for va at a level (1: 4 KiB, 2: 2 MiB) and makes
// missing tables on the way.
func entryFor(va uint64, level uint) *uint64 {
	t := earlyTable(rootTable)
	for l := uint(4); ; l-- {
		e := &t[va>>(3+9*l)&511]
		if l == level {
			return e
		}
		if *e&pteP == 0 {
			*e = earlyAlloc() | pteP | pteW | pteA | pteD
		}
		t = earlyTable(*e & pteAddr)
	}
}

// mapRange maps n bytes in pages of 4 KiB.
func mapRange(va, pa, n, flags uint64) {
	for o := uint64(0); o < n; o += pageSize {
		*entryFor(va+o, 1) = pa + o | flags
	}
}

// Permissions of the hypervisor's own mappings.
const (
	mapRX  = pteP | pteA | pteG
	mapR   = pteP | pteA | pteG | pteNX
	mapRW  = pteP | pteA | pteD | pteW | pteG | pteNX
	mapDev = mapRW | ptePCD | ptePWT
)

// largePage is the size that a level 2 entry maps.
const largePage = 2 << 20

// buildPaging makes the final page tables.
func buildPaging() {
	rootTable = earlyAlloc()
	for i := uint64(hvSlotFirst); i <= hvSlotLast; i++ {
		// All the hypervisor's slots exist from the start, so that an L4
		// copied early sees what is mapped later.
		earlyTable(rootTable)[i] = earlyAlloc() | pteP | pteW | pteA | pteD
	}
	for pa := uint64(0); pa < bootInfo.ramEnd; pa += largePage {
		*entryFor(directMapBase+pa, 2) = pa | mapRW | ptePS
	}
	m := &bare.Image
	image := func(from, to, flags uint64) { mapRange(from, from-m.VirtBase+m.PhysBase, to-from, flags) }
	image(m.VirtBase, m.Persist, mapR)
	image(m.Persist, m.TextStart, mapRW)
	image(m.TextStart, m.TextEnd, mapRX)
	image(m.ROStart, m.ROEnd, mapR)
	image(m.DataStart, m.BSSEnd, mapRW)
	for id := uint32(0); id < maxCPUs; id++ {
		b := blockAddr(id)
		image(b, b+blockGuard, mapRW)
		image(b+blockStack, b+cpuBlockSize, mapRW)
		setGDTWindow(id, gdtReservedPage, b+blockGDT-m.VirtBase+m.PhysBase|mapRW)
	}
	mapRange(apicBase, apicPhys, pageSize, mapDev)
	mapRange(ioapicBase, ioapicPhys, pageSize, mapDev)
	mapPristine()
}

// finishPaging loads the final page tables; the low mapping is gone after that.
func finishPaging() {
	bare.WriteCR3(rootTable)
	bootInfo.mapped = true
}

// gdtWindow is where the GDT of a CPU is seen.
func gdtWindow(cpu uint32) uint64 { return gdtWindowBase + uint64(cpu)*cpuBlockSize }

// setGDTWindow maps page i of a CPU's GDT, or unmaps it with entry 0.
func setGDTWindow(cpu, i uint32, entry uint64) {
	if native {
		if testWindow != nil {
			testWindow(cpu, i, entry)
		}
		return
	}
	va := gdtWindow(cpu) + uint64(i)*pageSize
	*entryFor(va, 1) = entry
	bare.Invlpg(va)
}

// testWindow is told, in native tests, what is mapped in a CPU's window.
var testWindow func(cpu, i uint32, entry uint64)
