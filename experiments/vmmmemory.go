package experiments

import (
	"encoding/binary"
	"fmt"

	"resvirt/faults"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// vmmMemory knows where the VMM's memory lies, class by class, for faults. It
// reads the VMM's own variables at the moment of the strike.
type vmmMemory struct {
	image *image.Image
	cpus  int

	data, bss, blocks, end uint64 // virtual: data, end of bss, blocks of the CPUs, end of the image

	// Physical addresses of variables.
	root, frameTable, frames, nmods, mods uint64
	modSize                               uint64
}

// What vi/vmm says in percpu.go, frame.go and layout.go.
const (
	cpuBlock    = 64 << 10
	blockGuard  = 0x4000 // CPU data, GDT and IDT end here
	stackTop    = 0xc000 // of the primary one
	frameStart  = 0xcf38 // the registers of the guest that it interrupted
	frameEnd    = 0xd000
	blockStacks = 0x5000 // stacks from here to the end of the block

	descriptor = 32 // bytes of a frame's descriptor, which begins with its count
	pageHeap   = 1 << 62
	pageFree   = 1 << 61

	firstSlot, lastSlot = 256, 271 // of every L4: the VMM's

	framesMax = 1 << 26
	modsMax   = 8
)

// stackTops end the stacks of a block: the primary one, what entries push, #DF,
// #MC and NMI.
var stackTops = [...]uint64{stackTop, frameEnd, 0xe000, 0xf000, 0x10000}

func newVMMMemory(vmm *image.Image, cpus int) (*vmmMemory, error) {
	v, err := inspect.Open(vmm)
	if err != nil {
		return nil, err
	}
	p := &vmmMemory{image: vmm, cpus: cpus}
	info, err := v.Var("resvirt/vi/bare.Image", inspect.Initial(vmm))
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		to   *uint64
	}{{"DataStart", &p.data}, {"BSSEnd", &p.bss}, {"PerCPU", &p.blocks}, {"End", &p.end}} {
		field, err := info.Field(f.name)
		if err != nil {
			return nil, err
		}
		if *f.to, err = field.Uint(); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		name string
		path []string
		to   *uint64
	}{
		{"main.rootTable", nil, &p.root}, {"main.frameTableBase", nil, &p.frameTable}, {"main.frames", []string{"n"}, &p.frames},
		{"main.bootInfo", []string{"nmods"}, &p.nmods}, {"main.bootInfo", []string{"mods"}, &p.mods},
	} {
		value, err := v.Var(f.name, inspect.Initial(vmm))
		for _, field := range f.path {
			if err == nil {
				value, err = value.Field(field)
			}
		}
		if err != nil {
			return nil, err
		}
		*f.to = p.phys(value.Addr)
		if n := value.Len(); n > 0 {
			p.modSize = uint64(value.Size()) / uint64(n)
		}
	}
	return p, nil
}

// phys is the physical address of something in the image.
func (p *vmmMemory) phys(va uint64) uint64 { return va - p.image.Base + p.image.Phys }

// ranges is faults.Target.Memory.
func (p *vmmMemory) ranges(m faults.Machine, c faults.Class) []faults.Range {
	switch c {
	case faults.Static:
		list := []faults.Range{{Start: p.phys(p.data), Len: p.bss - p.data}}
		for cpu := range uint64(p.cpus) {
			list = append(list, faults.Range{Start: p.phys(p.blocks + cpu*cpuBlock), Len: blockGuard})
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

// stacks lists what is in use of the stacks of the CPUs that execute the VMM,
// each from its stack pointer to the top of that stack, and the guest's registers
// that belong to a primary one.
func (p *vmmMemory) stacks(m faults.Machine) (list []faults.Range) {
	for cpu := range p.cpus {
		base := p.blocks + uint64(cpu)*cpuBlock
		at := m.Register(cpu, 4) - base
		if m.CPL(cpu) != 0 || at < blockStacks {
			continue
		}
		for _, top := range stackTops {
			if at < top {
				list = append(list, faults.Range{Start: p.phys(base + at), Len: top - at})
				if top == stackTop {
					list = append(list, faults.Range{Start: p.phys(base + frameStart), Len: frameEnd - frameStart})
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
	table := make([]byte, n*descriptor)
	if m.ReadVirt(m.Next(), word(m, p.frameTable), table) != nil {
		return nil
	}
	not := map[uint64]bool{}
	for _, pa := range p.tables(m) {
		not[pa] = true
	}
	for frame := p.heapStart(m) >> 12; frame < n; frame++ {
		count, pa := binary.LittleEndian.Uint64(table[frame*descriptor:]), frame<<12
		if count&(pageHeap|pageFree) == pageHeap && !not[pa] {
			list = append(list, faults.Range{Start: pa, Len: 4096})
		}
	}
	return list
}

// heapStart is where the VMM began to allocate.
func (p *vmmMemory) heapStart(m faults.Machine) uint64 {
	start := p.phys(p.end)
	for i := range min(uint64(uint32(word(m, p.nmods))), modsMax) {
		start = max(start, word(m, p.mods+i*p.modSize+8)+4095)
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
			if e&present == 0 || e&large != 0 || level == 4 && (i < firstSlot || i > lastSlot) {
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
	if d := va - p.blocks; va >= p.blocks && d < uint64(p.cpus)*cpuBlock {
		return fmt.Sprintf("block of CPU %d+%#x", d/cpuBlock, d%cpuBlock)
	}
	return ""
}

func word(m faults.Machine, pa uint64) uint64 {
	var b [8]byte
	m.ReadPhys(pa, b[:])
	return binary.LittleEndian.Uint64(b[:])
}
