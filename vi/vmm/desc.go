package main

import (
	"unsafe"

	"resvirt/vi/bare"
)

// Descriptor tables of a CPU. As in Xen the hypervisor's descriptors lie in
// page 14 of a GDT of 15 pages; the pages before are the guest's (gdt.go).

const (
	gdtReservedPage = 14
	gdtLimit        = (gdtReservedPage+1)*pageSize - 1
)

// gate is an interrupt gate (AMD APM vol. 2, 4.8.4).
type gate struct{ lo, hi uint64 }

// gateTo makes a gate; dpl is the least privileged level that may use INT n.
func gateTo(addr uint64, ist, dpl uint64) gate {
	return gate{
		lo: addr&0xffff | code(ist)<<16 | ist<<32 | (0x8e|dpl<<5)<<40 | (addr>>16&0xffff)<<48,
		hi: addr >> 32,
	}
}

// code is the selector of a handler's code. The handlers with stacks of their
// own (#DF, NMI, #MC) also have a code descriptor of their own: if the common
// one is damaged they still work.
func code(ist uint64) uint64 {
	if ist != 0 {
		return selHVCode2
	}
	return selHVCode
}

// IST numbers.
const (
	istDF  = 1
	istMC  = 2
	istNMI = 3
	istDB  = 4
)

// initTables writes GDT, IDT and TSS of a CPU.
func initTables(c *CPU) {
	base := blockAddr(c.ID)
	setPair := func(p *[2]uint32, v uint64) { p[0], p[1] = uint32(v), uint32(v>>32) }
	setPair(&c.tss.rsp[0], base+blockTopRegs-guestRegsAbove)
	setPair(&c.tss.ist[istDF-1], base+blockTopDF)
	setPair(&c.tss.ist[istMC-1], base+blockTopMC)
	setPair(&c.tss.ist[istNMI-1], base+blockTopNMI)
	setPair(&c.tss.ist[istDB-1], base+blockTopDB)
	c.tss.iopb = uint16(unsafe.Sizeof(c.tss))
	initGDT(c, base)
	idt := (*[256]gate)(ptr(base + blockIDT))
	for i := range idt {
		ist, dpl := uint64(0), uint64(0)
		switch i {
		case vecDF:
			ist = istDF
		case vecMC:
			ist = istMC
		case vecNMI:
			ist = istNMI
		case trapDB:
			ist = istDB
		case vecBP, 4, 0x80: // INT3, INTO and Linux's INT 0x80 are the guest's to execute
			dpl = 3
		}
		idt[i] = gateTo(entries.vectors+uint64(i)*8, ist, dpl)
	}
	c.idt.limit, c.idt.base = 256*16-1, base+blockIDT
	c.gdt.limit, c.gdt.base = gdtLimit, gdtWindow(c.ID)
}

// initGDT writes the hypervisor's page of the GDT.
func initGDT(c *CPU, base uint64) {
	g := (*[512]uint64)(ptr(base + blockGDT))
	g[selHVCode>>3&511] = 0x00af9b000000ffff
	g[selHVCode2>>3&511] = g[selHVCode>>3&511]
	g[selHVData>>3&511] = 0x00cf93000000ffff
	g[0xe019>>3&511] = 0x00cfbb000000ffff // ring 1, 32 bits: unused, Xen has it
	g[0xe023>>3&511] = 0x00cffb000000ffff // ring 3 code, 32 bits: base of SYSRET's selectors
	g[selRing3SS>>3&511] = 0x00cff3000000ffff
	g[selRing3CS>>3&511] = 0x00affb000000ffff
	t := uint64(uintptr(unsafe.Pointer(&c.tss)))
	g[selTSS>>3&511] = uint64(unsafe.Sizeof(c.tss)-1) | t&0xffffff<<16 | 0x89<<40 | t>>24&0xff<<56
	g[selTSS>>3&511+1] = t >> 32
}

// loadTables makes the processor use the CPU's tables and its stubs for
// SYSCALL.
func loadTables(c *CPU) {
	bare.Lgdt(&c.gdt.limit)
	bare.LoadSegments(selHVCode, 0)
	bare.Lidt(&c.idt.limit)
	g := (*[512]uint64)(ptr(blockAddr(c.ID) + blockGDT))
	g[selTSS>>3&511] &^= 2 << 40 // not busy: else LTR faults
	bare.Ltr(selTSS)
	bare.Lldt(0)
	sysStack[c.ID&(maxCPUs-1)] = blockAddr(c.ID) + blockTopRegs - guestRegsAbove
	bare.WRMSR(msrSTAR, 0xe023<<48|selHVCode<<32)
	bare.WRMSR(msrLSTAR, entries.sys+uint64(c.ID)*sysStubSize)
	bare.WRMSR(msrCSTAR, entries.sys32+uint64(c.ID)*sysStubSize)
	bare.WRMSR(msrSFMask, sysMask)
}

// System call registers (AMD APM vol. 2, 6.1.1).
const (
	msrSTAR   = 0xc0000081
	msrLSTAR  = 0xc0000082
	msrCSTAR  = 0xc0000083
	msrSFMask = 0xc0000084
	sysMask   = 1<<18 | 1<<17 | 1<<14 | 3<<12 | 1<<10 | 1<<9 | 1<<8 // AC VM NT IOPL DF IF TF
)
