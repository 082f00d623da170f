package main

import "unsafe"

// What a domain may do with devices: frames of device memory, ports and pins that
// the control domain has let it use, its PIRQs. All of it lies in a heap page, which
// a domain has as soon as it may do something.

// ioTable is that page.
type ioTable struct {
	pirqs   [maxPirqs]pirq
	mem     ranges // frames
	ports   ranges
	pins    uint32 // of the I/O APIC, a bit each
	address uint32 // its configuration address register
	root    mfn    // of the tables by which its functions reach memory, 0 = none, see dma.go
	refused uint64 // accesses of its functions that the IOMMU has refused
}

const _ = pageSize - unsafe.Sizeof(ioTable{})

// ioTableOf is d's table, which it makes if there is none; nil if there is no memory.
func ioTableOf(d *Domain) *ioTable {
	if d.io == nil {
		if m := allocHeapPage(); m != 0 {
			d.io = (*ioTable)(frameAddr(m))
		}
	}
	return d.io
}

// maxRanges bounds the pieces into which permissions may fall.
const maxRanges = 24

// ranges is a set of numbers: the first n of list, from first up to before end.
type ranges struct {
	n    uint32
	list [maxRanges]span
}

type span struct{ first, end uint64 }

// has says whether all numbers of a span are in the set.
func (r *ranges) has(s span) bool {
	for i := uint32(0); i < r.n && i < maxRanges; i++ {
		if x := &r.list[i]; s.first >= x.first && s.end <= x.end {
			return true
		}
	}
	return false
}

// remove takes a span out; false if the set would fall into too many pieces, which
// leaves it as it is.
func (r *ranges) remove(s span) bool {
	for i := uint32(0); i < r.n && i < maxRanges; i++ {
		if x := r.list[i]; x.first < s.first && s.end < x.end && r.n == maxRanges {
			return false // a span that is split is the only one that s touches
		}
	}
	left := ranges{}
	for i := uint32(0); i < r.n && i < maxRanges; i++ {
		x := r.list[i]
		if s.end <= x.first || s.first >= x.end {
			left.append(x)
			continue
		}
		if x.first < s.first {
			left.append(span{x.first, s.first})
		}
		if s.end < x.end {
			left.append(span{s.end, x.end})
		}
	}
	*r = left
	return true
}

func (r *ranges) append(s span) {
	r.list[r.n%maxRanges] = s
	r.n++
}

// add puts a span in, joined with those that it touches; false if there is no room.
func (r *ranges) add(s span) bool {
	joined := s
	for i := uint32(0); i < r.n && i < maxRanges; i++ {
		if x := r.list[i]; s.first <= x.end && x.first <= s.end {
			joined.first, joined.end = min(joined.first, x.first), max(joined.end, x.end)
		}
	}
	was := *r
	r.remove(joined)
	if r.n == maxRanges {
		*r = was
		return false
	}
	r.append(joined)
	return true
}

// The parts of the address spaces that functions of PCI have. Everything else, above all
// the APICs, is the VMM's and is given to nobody.
const (
	ioFirstFrame = 0xc0000000 >> pageShift
	ioEndFrame   = ioapicPhys >> pageShift
	ioFirstPort  = 0xc000
	ioEndPort    = 1 << 16
)

// isIOFrame says whether a frame is device memory.
func isIOFrame(m mfn) bool { return m >= ioFirstFrame && m < ioEndFrame && uint64(m) >= frames.n }

// mayMap says whether d's page tables may map a frame of device memory.
func (d *Domain) mayMap(m mfn, writable bool) bool {
	if !isIOFrame(m) {
		return false
	}
	flags := deviceLock.lockSave()
	ok := d.mapsIO(m, writable)
	deviceLock.unlockRestore(flags)
	return ok
}

// mapsIO is mayMap with deviceLock held, or where nothing else runs.
func (d *Domain) mapsIO(m mfn, writable bool) bool {
	if !isIOFrame(m) || writable && inTable(m) {
		return false
	}
	return d.privileged || d.io != nil && d.io.mem.has(span{uint64(m), uint64(m) + 1})
}

// mayUse says whether d may use a device's ports.
func (d *Domain) mayUse(port uint16, width uint) bool {
	s := span{uint64(port), uint64(port) + uint64(width)}
	if s.first < ioFirstPort || s.end > ioEndPort {
		return false
	}
	return d.privileged || d.io != nil && d.io.ports.has(s)
}
