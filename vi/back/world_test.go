package back

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"resvirt/vi/front"
	"resvirt/vi/pvio"
)

// pageOf is memory of a page, on a page's boundary, so that an address says where in a
// page one is.
type pageOf = [pvio.PageSize]byte

// world is a front end's domain with grants, and a disk, without any machine: machine
// addresses are numbers of pages, shifted.
type world struct {
	t      testing.TB
	pages  map[uint32]*pageOf // by grant
	handle map[uint32]uint32  // grant by handle of a mapping
	next   uint32
	disk   []byte
	queue  []flight // commands the disk has not done
	tail   int      // commands it takes at a time
	wrong  bool     // the next command fails
	bad    map[uint32]bool
}

type flight struct {
	DiskCommand
	pages []uint64
}

func newWorld(t testing.TB, sectors int) *world {
	return &world{t: t, pages: map[uint32]*pageOf{}, handle: map[uint32]uint32{}, disk: make([]byte, sectors*pvio.BlkSector), tail: 8, bad: map[uint32]bool{}}
}

func (w *world) grant() (uint32, *pageOf) {
	w.next++
	w.pages[w.next] = new(pageOf)
	return w.next, w.pages[w.next]
}

func (w *world) grants() *Grants {
	return &Grants{
		Map: func(_ uint16, m []Mapping) {
			for i := range m {
				if _, ok := w.pages[m[i].Ref]; !ok || w.bad[m[i].Ref] {
					m[i].OK = false
					continue
				}
				w.next++
				w.handle[w.next] = m[i].Ref
				m[i].Handle, m[i].Machine, m[i].OK = w.next, uint64(m[i].Ref)<<12, true
			}
		},
		Unmap: func(m []Mapping) {
			for i := range m {
				if ref, ok := w.handle[m[i].Handle]; !ok || ref != m[i].Ref {
					w.t.Fatalf("handle %d of grant %d is given back, which is not mapped so", m[i].Handle, m[i].Ref)
				}
				for _, c := range w.queue {
					for _, p := range c.pages {
						if p == m[i].Machine && w.mapped(m[i].Ref) == 1 {
							w.t.Fatalf("grant %d is given back while the disk uses it", m[i].Ref)
						}
					}
				}
				delete(w.handle, m[i].Handle)
			}
		},
		From: func(_ uint16, c []Copy) { w.copy(c, true) },
		To:   func(_ uint16, c []Copy) { w.copy(c, false) },
	}
}

// mapped is how often a grant is mapped.
func (w *world) mapped(ref uint32) (n int) {
	for _, r := range w.handle {
		if r == ref {
			n++
		}
	}
	return n
}

func (w *world) copy(c []Copy, from bool) {
	for i := range c {
		p := w.pages[c[i].Ref]
		if c[i].OK = p != nil && int(c[i].Offset)+int(c[i].Length) <= len(p); !c[i].OK {
			continue
		}
		local := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&c[i].Local))), c[i].Length)
		if from {
			copy(local, p[c[i].Offset:])
		} else {
			copy(p[c[i].Offset:], local)
		}
	}
}

func (w *world) driver() *Disk {
	return &Disk{Submit: func(c *DiskCommand) bool {
		if len(w.queue) >= w.tail {
			return false
		}
		f := flight{*c, append([]uint64(nil), c.Pages...)}
		f.Pages = nil
		w.queue = append(w.queue, f)
		return true
	}}
}

// step does one command of the disk's, any of them, and says its end to the back end.
func (w *world) step(r *rand.Rand, b *Block) bool {
	if len(w.queue) == 0 {
		return false
	}
	i := r.IntN(len(w.queue))
	f := w.queue[i]
	w.queue = append(w.queue[:i], w.queue[i+1:]...)
	ok := !w.wrong
	w.wrong = false
	if ok {
		w.do(&f)
	}
	b.Completed(f.Tag, ok)
	return true
}

func (w *world) do(f *flight) {
	at, left := f.Sector*pvio.BlkSector, uint64(f.Sectors)*pvio.BlkSector
	if at+left > uint64(len(w.disk)) {
		w.t.Fatalf("the disk is asked for sectors %d to %d of %d", f.Sector, f.Sector+uint64(f.Sectors), len(w.disk)/pvio.BlkSector)
	}
	switch f.Op {
	case DiskDiscard:
		clear(w.disk[at : at+left])
	case DiskRead, DiskWrite:
		offset := uint64(f.Offset)
		for _, p := range f.pages {
			page := w.pages[uint32(p>>12)]
			if w.mapped(uint32(p>>12)) == 0 {
				w.t.Fatalf("the disk uses grant %d, which is not mapped", p>>12)
			}
			n := min(left, pvio.PageSize-offset)
			if f.Op == DiskRead {
				copy(page[offset:offset+n], w.disk[at:])
			} else {
				copy(w.disk[at:], page[offset:offset+n])
			}
			at, left, offset = at+n, left-n, 0
		}
		if left != 0 {
			w.t.Fatal("a command with less memory than sectors")
		}
	}
}

// disk connects a front and a back end of a disk of some sectors.
func connect(w *world, first, sectors uint64) (*front.Block, *Block) {
	f := &front.Block{}
	for i := range f.Buffers {
		f.Buffers[i].Ref, f.Buffers[i].Data = w.grant()
	}
	ring := (*pvio.SharedRing)(unsafe.Pointer(new([pvio.PageSize / 8]uint64)))
	f.Init(ring)
	b := &Block{Domain: 1, Volume: Volume{First: first, Sectors: sectors}, Grants: w.grants(), Disk: w.driver(), Tag: 7}
	if !b.Attach(ring) {
		w.t.Fatal("a new ring is refused")
	}
	return f, b
}
