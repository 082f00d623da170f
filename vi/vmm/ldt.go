package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Local descriptor tables of guests. Their frames are taken as descriptor
// frames when the table is set, and seen by the processor in a window of the
// CPU, like those of a GDT (gdt.go).

const (
	maxLDTEntries = 8192
	ldtPages      = maxLDTEntries * 8 / pageSize
	ldtWindowAt   = 1 << 20 // behind gdtWindowBase: below the same page table
)

// selLDT is the selector of the CPU's LDT descriptor.
const selLDT = 0xe050

// setLDT is MMUEXT_SET_LDT: n descriptors at an address of the guest's kernel.
func setLDT(v *VCPU, va, n uint64) int64 {
	rc := takeLDT(v, va, n)
	if rc == 0 {
		flags := irqSave()
		loadLDT(this(), v)
		flushLocal()
		irqRestore(flags)
	}
	return rc
}

// takeLDT takes the frames of an LDT of v, which need not be current.
func takeLDT(v *VCPU, va, n uint64) int64 {
	if n > maxLDTEntries || va&pageMask != 0 || n != 0 && !guestRange(va, n*8) {
		return -abi.EINVAL
	}
	if n == 0 && v.arch.ldtEnts == 0 && v.arch.ldtFrames == [ldtPages]mfn{} {
		return 0
	}
	pages := int((n*8 + pageMask) >> pageShift)
	var frames [ldtPages]mfn
	for i := 0; i < pages; i++ {
		m := frameOfVA(v, va+uint64(i)<<pageShift)
		rc := int64(-abi.EINVAL)
		if m != 0 {
			rc = getPageAndType(m, v.domain, ptSegDesc)
		}
		if rc != 0 {
			for i--; i >= 0; i-- {
				putPageAndType(pageOf(frames[i&(ldtPages-1)]))
			}
			return rc
		}
		frames[i&(ldtPages-1)] = m
	}
	clearLDT(v)
	v.arch.ldtBase = va
	setLogged(&v.arch.ldtEnts, n) // this comes first: without it nobody looks at the frames
	for i := range frames {
		setFrame(&v.arch.ldtFrames[i], frames[i])
	}
	return 0
}

// frameOfVA is the frame that v's kernel sees at an address, 0 for none.
func frameOfVA(v *VCPU, va uint64) mfn {
	l1 := walkToL1(v.arch.guestTable, va)
	if l1 == 0 {
		return 0
	}
	e := tableAt(l1)[va>>12&511]
	if e&pteP == 0 {
		return 0
	}
	return pteFrame(e)
}

// clearLDT gives the frames of v's LDT back.
func clearLDT(v *VCPU) {
	for i := range v.arch.ldtFrames {
		if m := v.arch.ldtFrames[i]; m != 0 {
			setFrame(&v.arch.ldtFrames[i], 0)
			putPageAndType(pageOf(m))
		}
	}
	setLogged(&v.arch.ldtEnts, 0)
}

// loadLDT makes the processor use v's LDT. Interrupts are off.
func loadLDT(c *CPU, v *VCPU) {
	if v.arch.ldtEnts == 0 && c.core.ldtEnts == 0 || native {
		return
	}
	for i := range v.arch.ldtFrames {
		e := uint64(0)
		if m := v.arch.ldtFrames[i]; m != 0 {
			e = uint64(m)<<pageShift | pteP | pteW | pteA | pteD | pteNX
		}
		setGDTWindow(c.ID, ldtWindowAt>>pageShift+uint32(i), e)
	}
	c.core.ldtEnts = uint32(v.arch.ldtEnts)
	if v.arch.ldtEnts == 0 {
		bare.Lldt(0)
		return
	}
	const present, kind = 1 << 47, 2 << 40
	base, limit := gdtWindow(c.ID)+ldtWindowAt, v.arch.ldtEnts*8-1
	g := (*[512]uint64)(ptr(blockAddr(c.ID) + blockGDT))
	g[selLDT>>3&511] = limit&0xffff | base&0xffffff<<16 | present | kind | base>>24&0xff<<56
	g[selLDT>>3&511+1] = base >> 32
	if !loadLDTR(selLDT) {
		bare.Lldt(0)
		v.unfit(unfitLDT, g[selLDT>>3&511])
	}
}
