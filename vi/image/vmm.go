package image

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// Where the VMM runs and where the loader puts it. Both are multiples of 2 MiB,
// so that the boot page tables can use large pages.
const (
	vmmBase = 0xffff82d040000000 // Xen's
	vmmPhys = 0x200000
	vmmCPUs = seam.MaxCPUs
)

// The head of the VMM's file, in pages. The linker's text follows.
const (
	headBoot       = 0 // Multiboot header, 32-bit entry, GDT
	headRoot       = 1 // page tables: root,
	headLowPDPT    = 2 // the first GiB at its own address,
	headLowPD      = 3
	headHighPDPT   = 4 // and the image at vmmBase
	headHighPD     = 5
	headTrampoline = 6                // start-up code for other processors, to be copied below 1 MiB
	headPersist    = seam.PersistPage // survives a microreboot; starts with the policy word
	headPages      = 8
)

// finishVMM makes a flat Multiboot image (Multiboot Specification 0.6.96,
// address override): head, text, read-only data, data. In memory bss and the
// CPUs' blocks follow.
func finishVMM(m *Image, module string) error {
	probe, err := load(m.ELF)
	if err != nil {
		return err
	}
	pr, err := probe.ranges()
	if err != nil {
		return err
	}
	slide := vmmBase + headPages*pageSize - pr.text[0]
	l, c, r, err := prepare(m.ELF, module, slide, x86asm.FS, x86asm.GS) // which belong to guests
	if err != nil {
		return err
	}
	fileEnd := alignUp(l.fileHi, pageSize)
	perCPU := blocksAt(r.data[1]+slide, r.text[1]-r.text[0]+headPages*pageSize)
	info := bare.Info{VirtBase: vmmBase, PhysBase: vmmPhys,
		TextStart: r.text[0] + slide, TextEnd: r.text[1] + slide,
		ROStart: r.ro[0] + slide, ROEnd: r.ro[1] + slide,
		DataStart: r.data[0] + slide, DataEnd: fileEnd + slide, BSSEnd: r.data[1] + slide,
		PerCPU: perCPU, PerCPUs: vmmCPUs, End: perCPU + vmmCPUs*blockSize,
		BootRoot:   vmmPhys + headRoot*pageSize,
		Trampoline: vmmBase + headTrampoline*pageSize, TrampolineLen: pageSize,
		Persist: vmmBase + headPersist*pageSize}
	if info.End-vmmBase > 1<<30 {
		return fmt.Errorf("the image takes %d bytes, the boot page tables map 1 GiB", info.End-vmmBase)
	}
	if err := c.fillInfo(info); err != nil {
		return err
	}
	head, err := vmmHead(l.f.Entry+slide, info, fileEnd-r.text[0]+headPages*pageSize)
	if err != nil {
		return err
	}
	m.Slide, m.Base, m.Phys, m.Entry = slide, vmmBase, vmmPhys, l.f.Entry+slide
	m.File = append(head, l.mem[r.text[0]-l.lo:fileEnd-l.lo]...)
	m.symbols, err = readSymbols(l.f, slide, module, []symbol{
		{"main.policy", info.Persist + seam.PersistPolicy, 8, false}, {"main.failure", info.Persist + seam.PersistFailure, 48, false},
		{"main.provoke", info.Persist + seam.PersistProvoke, 8, false}, {"resvirt.persist", info.Persist, pageSize, false},
		{"resvirt.cpublocks", perCPU, vmmCPUs * blockSize, false}})
	return err
}

// blocksAt is the address, behind bss, of the CPUs' blocks. The blocks and the
// first bytes of text are used at every entry, so they should not compete for the
// same set of a TLB. A TLB chooses the set by address bits below colours.
func blocksAt(bss, text uint64) uint64 {
	at := alignUp(bss, blockSize)
	for (at-vmmBase)%colours < text || (at-vmmBase)%colours+vmmCPUs*blockSize > colours {
		at += blockSize
	}
	return at
}

// colours is the distance of addresses that compete for the same set of the
// TLB.
const colours = 2 << 20

// Bits of page-table entries (AMD APM vol. 2, 5.4).
const (
	ptePresent = 1
	pteWrite   = 2
	pteLarge   = 1 << 7
)

// vmmHead makes the pages before the text.
func vmmHead(entry uint64, info bare.Info, fileLen uint64) ([]byte, error) {
	head := make([]byte, headPages*pageSize)
	pte := func(page, index int, v uint64) {
		binary.LittleEndian.PutUint64(head[page*pageSize+index*8:], v)
	}
	phys := func(page int) uint64 { return vmmPhys + uint64(page)*pageSize | ptePresent | pteWrite }
	pte(headRoot, 0, phys(headLowPDPT))
	pte(headRoot, vmmBase>>39&511, phys(headHighPDPT))
	pte(headLowPDPT, 0, phys(headLowPD))
	pte(headHighPDPT, vmmBase>>30&511, phys(headHighPD))
	for i := range 512 {
		pte(headLowPD, i, uint64(i)<<21|ptePresent|pteWrite|pteLarge)
		if uint64(i)<<21 < info.End-vmmBase {
			pte(headHighPD, i, vmmPhys+uint64(i)<<21|ptePresent|pteWrite|pteLarge)
		}
	}
	boot, err := bootCode(vmmPhys, entry, info, fileLen)
	if err != nil {
		return nil, err
	}
	copy(head[headBoot*pageSize:], boot)
	tramp, err := trampolineCode()
	if err != nil {
		return nil, err
	}
	copy(head[headTrampoline*pageSize:], tramp)
	return head, nil
}
