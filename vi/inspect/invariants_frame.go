package inspect

import (
	"encoding/binary"
	"fmt"
)

// Entries of page tables (AMD APM vol. 2, 5.4).
const (
	entryPresent  = 1 << 0
	entryWritable = 1 << 1
	entryAddress  = 0x000ffffffffff000

	mostFramesInOneTable = 512
)

// recount is the count of uses of each frame, computed from the page tables.
type recount struct {
	*world
	refs, types []uint64
	as          []uint8
}

// checkFrames: owners exist, their lists of pages are complete, and counts,
// type and validated bit of each frame are those that a recount from the pinned
// page tables and the vCPUs' roots gives.
func (w *world) checkFrames() {
	if len(w.frames) == 0 {
		return
	}
	listed := make([]bool, len(w.frames))
	for i := range w.domains {
		w.checkPageList(i, listed)
	}
	r := &recount{w, make([]uint64, len(w.frames)), make([]uint64, len(w.frames)), make([]uint8, len(w.frames))}
	r.count()
	r.countDevices()
	r.checkGrants()
	reached := w.reached()
	first := w.firstHeapFrame()
	for f := range w.frames {
		p := &w.frames[f]
		switch {
		case uint64(f) < first || p.Count&w.free != 0:
		case p.Count&w.heapPage != 0:
			r.checkHeapPage(f, p, reached)
		case p.Count == 0 && p.Owner == 0:
			w.wrong(Frames, fmt.Sprintf("frame %d", f), "neither free nor in use", "one of both")
		default:
			r.checkFrame(f, p, listed[f])
		}
	}
}

// firstHeapFrame is the first of the frames that the allocator gives out.
func (w *world) firstHeapFrame() uint64 {
	at := w.get(w.heapStart)
	if at == 0 && w.persist.Saved != 0 {
		at = w.persist.Heap
	}
	return at >> 12
}

// checkPageList walks a domain's list of pages.
func (w *world) checkPageList(i int, listed []bool) {
	d, name := &w.domains[i], w.domainName(i)
	owner, _ := w.frameOf(d.Addr)
	n, prev := uint64(0), uint64(0)
	for f, place := d.PageList, name+".pageList"; f != 0; n++ {
		if f >= uint64(len(w.frames)) {
			w.wrong(Pointers, place, num(f), "below %d", len(w.frames))
			break
		}
		p := &w.frames[f]
		if listed[f] {
			w.wrong(Domains, place, fmt.Sprintf("frame %d, which is in a list already", f), "the next frame or 0")
			break
		}
		listed[f] = true
		if p.Owner != owner {
			w.wrong(Domains, place, fmt.Sprintf("frame %d of %s", f, w.ownerName(p.Owner)), "a frame of %s", name)
		}
		if p.Prev != prev {
			w.wrong(Domains, fmt.Sprintf("frame %d prev", f), num(p.Prev), "%d", prev)
		}
		prev, f, place = f, p.Next, fmt.Sprintf("frame %d next", f)
	}
	if n != d.TotPages {
		w.wrong(Domains, name+".totPages", num(d.TotPages), "%d, as its list has", n)
	}
	if want := w.countReferences(i); d.Refs != want && !d.Dying {
		w.wrong(Domains, name+".refs", num(d.Refs), "%d", want)
	}
}

// countReferences counts who refers to a domain: its maker, its pages, and the
// other ends of its event channels.
func (w *world) countReferences(i int) uint64 {
	n := uint64(1)
	if w.domains[i].TotPages != 0 {
		n++
	}
	for o := range w.domains {
		for _, p := range w.ports(o) {
			if p.Remote == w.domains[i].Addr {
				n++
			}
		}
		for _, t := range w.tracksOf(o) {
			if f, _ := w.frameOf(w.domains[i].Addr); t.Dom == f {
				n++
			}
		}
	}
	return n
}

func (w *world) ownerName(owner uint64) string {
	if owner == 0 {
		return "nobody"
	}
	if i, ok := w.byFrame[owner]; ok {
		return w.domainName(i)
	}
	return fmt.Sprintf("frame %d, which is no domain", owner)
}

// count takes the frames that are pinned, on which vCPUs run or into which the
// VMM writes. It also takes the cursor of a dying domain, the frame up to which
// its frames have been taken back.
func (r *recount) count() {
	for i := range r.domains {
		if f := r.domains[i].Ring; f != 0 {
			r.take(f, r.writable, r.domainName(i)+".ring")
		}
		r.takeFIFO(i)
		if at := r.domains[i].Cursor; at != 0 {
			if f := (at - r.frameTable) / uint64(r.frame.size); f < uint64(len(r.frames)) {
				r.refs[f]++
			}
		}
	}
	for f := range r.frames {
		p := &r.frames[f]
		t := uint8(p.Typ >> r.ptShift)
		if p.Owner != 0 && p.Count&r.free == 0 && p.Typ&r.pinned != 0 && r.levelOf(t) != 0 {
			r.take(uint64(f), t, "a pin")
		}
	}
	for i := range r.vcpus {
		v := &r.vcpus[i]
		for _, root := range [...]uint64{v.Root, v.RootUser} {
			if root != 0 {
				r.take(root, r.table[4], v.name)
			}
		}
		for _, f := range append(v.GDT[:len(v.GDT):len(v.GDT)], v.LDT...) {
			if f != 0 {
				r.take(f, r.segDesc, v.name)
			}
		}
		if v.InfoFrame != 0 {
			r.take(v.InfoFrame, r.writable, v.name)
		}
	}

}

// take counts a use of a frame as a type; the first use as a page table counts
// what its entries refer to.
func (r *recount) take(f uint64, t uint8, by string) {
	if f >= uint64(len(r.frames)) {
		r.wrong(Frames, by, fmt.Sprintf("in need of frame %d", f), "in need of frames below %d", len(r.frames))
		return
	}
	r.refs[f]++
	switch {
	case r.types[f] == 0:
		r.as[f] = t
	case r.as[f] != t:
		r.wrong(Frames, fmt.Sprintf("frame %d", f), "in use as "+r.typeNames[r.as[f]]+" and, by "+by+", as "+r.typeNames[t], "of one type")
		return
	}
	r.types[f]++
	if level := r.levelOf(t); r.types[f] == 1 && level != 0 {
		r.entries(f, level)
	}
}

// entries counts what a page table refers to. Each table is read once, so the
// walk ends whatever the tables hold.
func (r *recount) entries(f uint64, level int) {
	var buf [4096]byte
	if r.m.Memory(r.directMap+f<<12, buf[:]) != nil {
		r.wrong(Pointers, fmt.Sprintf("frame %d", f), "not mapped", "mapped")
		return
	}
	for i := range mostFramesInOneTable {
		e := binary.LittleEndian.Uint64(buf[8*i:])
		if e&entryPresent == 0 || level == 4 && i >= r.hvFirst && i <= r.hvLast {
			continue
		}
		to := e & entryAddress >> 12
		switch {
		case level == 1 && to >= uint64(len(r.frames)) && to >= r.ioFirst && to < r.ioEnd:
			// Device memory, whose uses are not counted.
		case level != 1:
			r.take(to, r.table[level-1], fmt.Sprintf("entry %d of frame %d", i, f))
		case e&entryWritable != 0:
			r.take(to, r.writable, fmt.Sprintf("entry %d of frame %d", i, f))
		case to < uint64(len(r.frames)):
			r.refs[to]++
		default:
			r.wrong(Frames, fmt.Sprintf("entry %d of frame %d", i, f), fmt.Sprintf("a mapping of frame %d", to), "one of a frame below %d", len(r.frames))
		}
	}
}

// checkFrame compares a domain's frame with the recount.
func (r *recount) checkFrame(f int, p *frameInfo, listed bool) {
	name := fmt.Sprintf("frame %d (%s)", f, r.ownerName(p.Owner))
	if _, ok := r.byFrame[p.Owner]; !ok {
		r.wrong(Frames, name, fmt.Sprintf("in use, count %#x", p.Count), "a domain's or free")
		return
	}
	if !listed {
		r.wrong(Domains, name, "in no list", "in its owner's list of pages")
	}
	if p.Count&r.layout.refs == 0 {
		r.wrong(Frames, name, "not referred to", "free")
	}
	want := r.refs[f]
	if p.Count&r.allocated != 0 {
		want++
	}
	r.compare(name, f, p, want, r.types[f])
}

func (r *recount) compare(name string, f int, p *frameInfo, refs, types uint64) {
	if got := p.Count & r.layout.refs; got != refs {
		r.wrong(Frames, name+" count", num(got), "%d, as the page tables refer to it", refs)
	}
	if got := p.Typ & r.typeCount; got != types {
		r.wrong(Frames, name+" type count", num(got), "%d, as the page tables use it", types)
	}
	if r.types[f] != 0 && uint8(p.Typ>>r.ptShift) != r.as[f] {
		r.wrong(Frames, name+" type", r.typeNames[p.Typ>>r.ptShift], "%s", r.typeNames[r.as[f]])
	}
	if p.Typ&r.typeCount != 0 && p.Typ&r.validated == 0 {
		r.wrong(Frames, name, "in use as "+r.typeNames[p.Typ>>r.ptShift]+", not validated", "validated")
	}
	if p.Typ&r.locked != 0 {
		r.wrong(Locks, name+" page-table lock", "held", "free")
	}
}

// checkHeapPage compares a page of the hypervisor's heap, which may be shared
// with a domain.
func (r *recount) checkHeapPage(f int, p *frameInfo, reached map[uint64]string) {
	what, ok := reached[uint64(f)]
	if !ok {
		r.wrong(Heap, fmt.Sprintf("frame %d", f), "a page of the hypervisor's", "free: nothing that is known refers to it")
		return
	}
	types := r.types[f]
	if p.Owner != 0 {
		types++
	}
	r.compare(fmt.Sprintf("frame %d (%s)", f, what), f, p, r.refs[f]+1, types)
}

// reached names the heap pages in which known objects lie.
func (w *world) reached() map[uint64]string {
	m := map[uint64]string{}
	add := func(addr uint64, name string) {
		if f, ok := w.frameOf(addr); ok && addr != 0 {
			m[f] = name
		}
	}
	for i := range w.domains {
		d, name := &w.domains[i], w.domainName(i)
		add(d.Addr, name)
		add(d.Shared, name+".shared")
		w.reachedGrants(i, add)
		add(d.Fifo, name+".fifo")
		add(d.Io, name+".io")
		w.eachDMATable(i, func(f uint64) { m[f] = name + ".io's tables" })
		for k, g := range d.Groups {
			add(g, fmt.Sprintf("%s.groups[%d]", name, k))
		}
		w.eachBucket(i, func(at, first uint64) { add(at, fmt.Sprintf("%s ports from %d on", name, first)) })
	}
	add(w.deviceTable(), "devices")
	for i := range w.vcpus {
		add(w.vcpus[i].Addr, w.vcpus[i].name)
		add(w.vcpus[i].Traps, w.vcpus[i].name+".arch.traps")
	}
	return m
}
