package testbed

import (
	"encoding/binary"
	"fmt"

	"resvirt/faults"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// vmmMemory finds the VMM's memory, class by class, for faults. It reads the
// VMM's own variables at the moment of the strike.
type vmmMemory struct {
	image *image.Image
	cpus  int

	data, bss, blocks, end uint64 // virtual: data, end of bss, blocks of the CPUs, end of the image

	// Physical addresses of variables.
	root, frameTable, frames, nmods, mods uint64

	block blockShape

	modSize, modEnd, modsMax uint64 // of the loader's modules
	descriptor, count        uint64 // size of a frame's descriptor, and where its count lies
	heapPage, free           uint64 // bits of the count
	firstSlot, lastSlot      uint64 // of every L4: the VMM's
}

// blockShape is the layout of a CPU's block.
type blockShape struct {
	size   uint64
	guard  uint64    // CPU data, GDT and IDT end here
	stacks uint64    // stacks from here to the end of the block
	tops   [6]uint64 // of the stacks: the primary one, #DB, what entries push, #DF, #MC and NMI
	regs   uint64    // the registers of the interrupted guest, which end ...
	end    uint64    // ... here
}

// framesMax bounds the frame table if its count is damaged.
const framesMax = 1 << 26

// newVMMMemory finds everything in the image's debug information.
func newVMMMemory(vmm *image.Image, cpus int) (*vmmMemory, error) {
	v, err := inspect.Open(vmm)
	if err != nil {
		return nil, err
	}
	p, f := &vmmMemory{image: vmm, cpus: cpus}, finder{view: v, image: vmm}
	const info = "resvirt/vi/bare.Image"
	p.data, p.bss = f.initial(info, "DataStart"), f.initial(info, "BSSEnd")
	p.blocks, p.end = f.initial(info, "PerCPU"), f.initial(info, "End")
	p.root, p.frameTable = p.phys(f.variable("main.rootTable", "").Addr), p.phys(f.variable("main.frameTableBase", "").Addr)
	p.frames, p.nmods = p.phys(f.variable("main.frames", "n").Addr), p.phys(f.variable("main.bootInfo", "nmods").Addr)
	mods := f.variable("main.bootInfo", "mods")
	p.mods, p.modsMax = p.phys(mods.Addr), uint64(mods.Len())
	p.modSize, p.modEnd = f.member("main.module", "end")
	p.descriptor, p.count = f.member("main.page", "count")
	p.heapPage, p.free = f.constant("main.pgHeap"), f.constant("main.pgFree")
	p.firstSlot, p.lastSlot = f.constant("main.hvSlotFirst"), f.constant("main.hvSlotLast")
	p.block = blockShape{
		size: f.constant("main.cpuBlockSize"), guard: f.constant("main.blockGuard"), stacks: f.constant("main.blockStack"),
		regs: f.constant("main.blockRegs"), end: f.constant("main.blockTopRegs"),
	}
	for i, name := range [...]string{"StackTop", "TopDB", "TopRegs", "TopDF", "TopMC", "TopNMI"} {
		p.block.tops[i] = f.constant("main.block" + name)
	}
	return p, f.err
}

// finder looks things up in an image; the first error is kept.
type finder struct {
	view  *inspect.View
	image *image.Image
	err   error
}

func (f *finder) keep(err error) {
	if f.err == nil && err != nil {
		f.err = err
	}
}

func (f *finder) constant(name string) uint64 {
	c, err := f.view.Const(name)
	f.keep(err)
	return uint64(c)
}

// variable is a variable, or a field of one, as the image is loaded.
func (f *finder) variable(name, field string) inspect.Value {
	at, err := f.view.Var(name, inspect.Initial(f.image))
	if err == nil && field != "" {
		at, err = at.Field(field)
	}
	f.keep(err)
	return at
}

func (f *finder) initial(name, field string) uint64 {
	at := f.variable(name, field)
	if f.err != nil {
		return 0
	}
	n, err := at.Uint()
	f.keep(err)
	return n
}

// member is the size of a struct, and where a field of it lies.
func (f *finder) member(typ, field string) (size, offset uint64) {
	whole, err := f.view.At(typ, 0, nil)
	f.keep(err)
	if err != nil {
		return 0, 0
	}
	part, err := whole.Field(field)
	f.keep(err)
	return uint64(whole.Size()), part.Addr
}

// phys is the physical address of something in the image.
func (p *vmmMemory) phys(va uint64) uint64 { return va - p.image.Base + p.image.Phys }

// ranges is faults.Target.Memory.
func (p *vmmMemory) ranges(m faults.Machine, c faults.Class) []faults.Range {
	switch c {
	case faults.Static:
		list := []faults.Range{{Start: p.phys(p.data), Len: p.bss - p.data}}
		for cpu := range uint64(p.cpus) {
			list = append(list, faults.Range{Start: p.phys(p.blocks + cpu*p.block.size), Len: p.block.guard})
		}
		return list
	case faults.Heap:
		return p.heap(m)
	case faults.Stack:
		return p.stacks(m)
	}
	var list []faults.Range
	for _, pa := range p.tables(m) {
		list = append(list, faults.Range{Start: pa, Len: 4096})
	}
	return list
}

// stacks lists the used parts of the stacks of CPUs that execute the VMM, from
// the stack pointer to the top of the stack. With a primary stack it also lists
// the guest's registers.
func (p *vmmMemory) stacks(m faults.Machine) (list []faults.Range) {
	for cpu := range p.cpus {
		base := p.blocks + uint64(cpu)*p.block.size
		at := m.Register(cpu, 4) - base
		if m.CPL(cpu) != 0 || at < p.block.stacks {
			continue
		}
		for i, top := range p.block.tops {
			if at < top {
				list = append(list, faults.Range{Start: p.phys(base + at), Len: top - at})
				if i == 0 {
					list = append(list, faults.Range{Start: p.phys(base + p.block.regs), Len: p.block.end - p.block.regs})
				}
				break
			}
		}
	}
	return list
}

// heap lists the frames that the frame table says are the VMM's own, above the
// image and the loader's modules: what was allocated at boot, the frame table
// itself among it, and since. The VMM's page tables are a class of their own.
func (p *vmmMemory) heap(m faults.Machine) (list []faults.Range) {
	n := word(m, p.frames)
	if n > framesMax {
		return nil
	}
	table := make([]byte, n*p.descriptor)
	if m.ReadVirt(m.Next(), word(m, p.frameTable), table) != nil {
		return nil
	}
	not := map[uint64]bool{}
	for _, pa := range p.tables(m) {
		not[pa] = true
	}
	for frame := p.heapStart(m) >> 12; frame < n; frame++ {
		count, pa := binary.LittleEndian.Uint64(table[frame*p.descriptor+p.count:]), frame<<12
		if count&(p.heapPage|p.free) == p.heapPage && !not[pa] {
			list = append(list, faults.Range{Start: pa, Len: 4096})
		}
	}
	return list
}

// heapStart is the address from which the VMM has allocated memory.
func (p *vmmMemory) heapStart(m faults.Machine) uint64 {
	start := p.phys(p.end)
	for i := range min(uint64(uint32(word(m, p.nmods))), p.modsMax) {
		start = max(start, word(m, p.mods+i*p.modSize+p.modEnd)+4095)
	}
	return start &^ 4095
}

// tables lists the VMM's own page tables, the root first: those that the slots
// of every L4 lead to, of which each is listed once.
func (p *vmmMemory) tables(m faults.Machine) (list []uint64) {
	const present, large, frame = 1, 1 << 7, 0x000ffffffffff000
	seen := map[uint64]bool{}
	limit := word(m, p.frames) << 12
	var walk func(pa uint64, level int)
	walk = func(pa uint64, level int) {
		if seen[pa] || pa >= limit || pa == 0 {
			return
		}
		seen[pa] = true
		list = append(list, pa)
		if level == 1 {
			return
		}
		var t [4096]byte
		m.ReadPhys(pa, t[:])
		for i := range 512 {
			e := binary.LittleEndian.Uint64(t[8*i:])
			if e&present == 0 || e&large != 0 || level == 4 && (uint64(i) < p.firstSlot || uint64(i) > p.lastSlot) {
				continue
			}
			walk(e&frame, level-1)
		}
	}
	walk(word(m, p.root)&frame, 4)
	return list
}

// object is faults.Target.Object: the variable that holds a byte of the image.
func (p *vmmMemory) object(pa uint64) string {
	if pa < p.image.Phys || pa >= p.phys(p.end) {
		return ""
	}
	va := pa - p.image.Phys + p.image.Base
	if v, ok := p.image.Var(va); ok {
		return fmt.Sprintf("%s+%#x", v.Name, va-v.Start)
	}
	if d := va - p.blocks; va >= p.blocks && d < uint64(p.cpus)*p.block.size {
		return fmt.Sprintf("block of CPU %d+%#x", d/p.block.size, d%p.block.size)
	}
	return ""
}

func word(m faults.Machine, pa uint64) uint64 {
	var b [8]byte
	m.ReadPhys(pa, b[:])
	return binary.LittleEndian.Uint64(b[:])
}
