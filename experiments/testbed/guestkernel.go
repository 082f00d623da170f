package testbed

import (
	"encoding/binary"
	"fmt"

	"resvirt/faults"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// guestKernel has the addresses of a guest kernel's page allocator, processes and
// list of frames, from its image.
type guestKernel struct {
	image               *image.Image
	view                *inspect.View
	text, ro, data, end uint64 // addresses of the words that hold the begin of code, the end of read-only data, the begin and end of data
	p2m, procs, current uint64
	total, first, ref   uint64
	state, base, sp     uint64 // offsets in a process
	size, many          uint64 // of a process, of all of them
	block, align        uint64 // mapped bytes of a kernel stack's block, distance of blocks
	window, blocks      uint64 // where they begin above the image, and their number
	sums                [2]uint64
}

// newGuestKernel finds all of these, or says what is missing.
func newGuestKernel(m *image.Image) (*guestKernel, error) {
	v, err := inspect.Open(m)
	if err != nil {
		return nil, err
	}
	const pkg = "resvirt/vi/guest."
	k := &guestKernel{image: m, view: v}
	variable := func(name string) inspect.Value {
		var at inspect.Value
		if err == nil {
			at, err = v.Var(name, inspect.Initial(m))
		}
		return at
	}
	path := func(of inspect.Value, path string) uint64 {
		if err == nil {
			of, err = of.Path(path)
		}
		return of.Addr
	}
	k.p2m, k.current = variable(pkg+"p2m").Addr, variable(pkg+"current").Addr
	mem, procs, info := variable(pkg+"mem"), variable(pkg+"procs"), variable("resvirt/vi/bare.Image")
	k.total, k.first, k.ref = path(mem, "total"), path(mem, "first"), path(mem, "ref")
	k.text, k.ro, k.data, k.end = path(info, "TextStart"), path(info, "ROEnd"), path(info, "DataStart"), path(info, "BSSEnd")
	var first inspect.Value
	if err == nil {
		first, err = procs.Index(0)
	}
	k.state, k.base, k.sp = path(first, "state")-first.Addr, path(first, "base")-first.Addr, path(first, "stack.sp")-first.Addr
	constant := func(name string) uint64 {
		c, missing := v.Const(pkg + name)
		if err == nil {
			err = missing
		}
		return uint64(c)
	}
	k.block, k.align, k.window, k.blocks = constant("blockSize"), constant("blockAlign"), constant("windowOffset"), constant("numBlocks")
	sums, ok := m.Addr(pkg + "sumWords.abi0")
	if err == nil && !ok {
		err = fmt.Errorf("inspect %s: there is no function %ssumWords", m.Name, pkg)
	}
	if err != nil {
		return nil, err
	}
	f, _ := m.Func(sums)
	k.sums = [2]uint64{f.Start, f.End - f.Start}
	k.procs, k.many, k.size = procs.Addr, uint64(procs.Len()), uint64(first.Size())
	return k, nil
}

// Guest is the state of a guest at one moment.
type Guest struct {
	Name   string
	VCPU   uint64 // address of its vCPU 0
	kernel *guestKernel
	root   uint64 // frame of the kernel's L4
	m      faults.Machine

	isTable func(frame uint64) bool // the VMM uses it as a page table
}

// translate walks the guest kernel's page tables.
func (g *Guest) translate(va uint64) (uint64, bool) {
	at := g.root << 12
	for level := 3; level >= 0; level-- {
		e := word(g.m, at+va>>(12+9*uint(level))&511*8)
		if e&1 == 0 {
			return 0, false
		}
		at = e & 0x000ffffffffff000
		if size := uint64(1) << (12 + 9*uint(level)); e&(1<<7) != 0 && level > 0 {
			return at&^(size-1) + va&(size-1), true
		}
	}
	return at + va&0xfff, true
}

func (g *Guest) read(va uint64, b []byte) error {
	for len(b) > 0 {
		pa, ok := g.translate(va)
		if !ok {
			return fmt.Errorf("%s: %#x is not mapped", g.Name, va)
		}
		n := min(len(b), int(4096-va&4095))
		g.m.ReadPhys(pa, b[:n])
		b, va = b[n:], va+uint64(n)
	}
	return nil
}

// number reads n bytes as a number, 0 where nothing is mapped.
func (g *Guest) number(va uint64, n int) uint64 {
	var b [8]byte
	if g.read(va, b[:n]) != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b[:])
}

// UsedPage is a frame of a guest's memory that its kernel uses.
type UsedPage struct {
	PA      uint64
	Kind    string
	Written bool // kernel and processes write it; kernel stacks are listed by Stacks
}

// Pages lists the pages that are in use according to the guest's kernel.
func (g *Guest) Pages() (list []UsedPage) {
	k := g.kernel
	const most = 1 << 16
	total, first := min(g.number(k.total, 4), most), g.number(k.first, 4)
	ref, p2m := make([]byte, 2*total), make([]byte, 8*total)
	if g.read(k.ref, ref) != nil || g.read(g.number(k.p2m, 8), p2m) != nil {
		return nil
	}
	base, text, ro, data, end := k.image.Base, g.number(k.text, 8), g.number(k.ro, 8), g.number(k.data, 8), g.number(k.end, 8)
	stacks := g.blocks()
	for pfn := range total {
		frame := binary.LittleEndian.Uint64(p2m[8*pfn:])
		if pfn >= first && binary.LittleEndian.Uint16(ref[2*pfn:]) == 0 || frame == ^uint64(0) {
			continue
		}
		kind, written := "processes", true
		switch va := base + pfn<<12; {
		case va >= text && va < ro:
			kind, written = "kernel's code", false
		case va >= data && va < end:
			kind = "kernel's data"
		case pfn < first:
			kind, written = "what was loaded with the kernel", false
		case stacks[frame]:
			kind, written = "kernel stacks", false
		}
		if written && pfn >= first && g.isTable(frame) {
			kind = "page tables"
		}
		list = append(list, UsedPage{frame << 12, kind, written})
	}
	return list
}

// blocks are the frames of all kernel stacks.
func (g *Guest) blocks() map[uint64]bool {
	k, set := g.kernel, map[uint64]bool{}
	for i := range k.blocks {
		for at := uint64(0); at < k.block; at += 4096 {
			if pa, ok := g.translate(k.image.Base + k.window + i*k.align + at); ok {
				set[pa>>12] = true
			}
		}
	}
	return set
}

// Stacks lists the parts of kernel stacks that are in use, as physical ranges: of
// processes that wait, and of the one that runs, whose stack pointer is rsp if it is
// in the kernel.
func (g *Guest) Stacks(rsp uint64) (list []faults.Range) {
	k := g.kernel
	current := g.number(k.current, 8)
	for i := range k.many {
		p := k.procs + i*k.size
		if state := g.number(p+k.state, 1); state == 0 || state > 2 {
			continue // free, or a zombie
		}
		base, sp := g.number(p+k.base, 8), g.number(p+k.sp, 8)
		if p == current {
			sp = rsp
		}
		if sp-base >= k.block {
			continue // in user mode
		}
		for at := sp &^ 7; at < base+k.block; at = at&^4095 + 4096 {
			if pa, ok := g.translate(at); ok {
				list = append(list, faults.Range{Start: pa, Len: min(4096-at&4095, base+k.block-at)})
			}
		}
	}
	return list
}
