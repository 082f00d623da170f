package back

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// begin looks at a request and makes its pages reachable; what cannot be is answered
// with an error and touches nothing.
func (b *Block) begin(t *transfer, r *pvio.BlkRequest) {
	t.id, t.op, t.finished, t.status = r.ID, r.Op, false, pvio.BlkOkay
	t.sector, t.sectors, t.segments, t.next, t.flying = r.Sector, 0, 0, 0, 0
	switch r.Op {
	case pvio.BlkRead, pvio.BlkWrite:
		if int(r.Segments) > len(r.Segment) {
			t.refuse(pvio.BlkError)
			return
		}
		copy(b.list[:], r.Segment[:r.Segments])
		b.transfer(t, r.Op, int(r.Segments))
	case pvio.BlkIndirect:
		q := indirect(r)
		t.id, t.op, t.sector = q.ID, q.Indirect, q.Sector // the answer has the operation inside, as Linux checks
		if int(q.Segments) > maxSegments || q.Indirect != pvio.BlkRead && q.Indirect != pvio.BlkWrite || !b.fetch(q) {
			t.refuse(pvio.BlkError)
			return
		}
		b.transfer(t, q.Indirect, int(q.Segments))
	case pvio.BlkFlush:
		if r.Segments != 0 { // a flush with data is a write as well: blkback does not know it either
			t.refuse(pvio.BlkError)
			return
		}
		t.kind, t.segments = DiskFlush, 1
		b.Done.Flushes++
	case pvio.BlkDiscard:
		b.discard(t, discard(r))
	default:
		t.refuse(pvio.BlkNotSupported)
	}
}

func (t *transfer) refuse(status int16) { t.status, t.segments = status, 0 }

// fetch copies an indirect request's list of segments, which fits one page here.
func (b *Block) fetch(q *pvio.BlkIndirectRequest) bool {
	n := uint16(q.Segments) * uint16(unsafe.Sizeof(b.list[0]))
	if n == 0 {
		return true
	}
	b.copies[0] = Copy{Ref: q.Grant[0], Length: n, Local: uintptr(unsafe.Pointer(&b.list))}
	b.Grants.From(b.Domain, b.copies[:])
	return b.copies[0].OK
}

// transfer checks the segments in b.list and maps their pages.
func (b *Block) transfer(t *transfer, op uint8, n int) {
	t.kind = DiskRead
	if op == pvio.BlkWrite {
		t.kind = DiskWrite
	}
	if n == 0 || op == pvio.BlkWrite && b.Volume.ReadOnly {
		t.refuse(pvio.BlkError)
		return
	}
	total := uint64(0)
	for i := range n {
		s := &b.list[i]
		if s.Last < s.First || s.Last >= pvio.BlkSectors {
			t.refuse(pvio.BlkError)
			return
		}
		t.first[i], t.last[i] = s.First, s.Last
		total += uint64(s.Last-s.First) + 1
	}
	if !b.Volume.holds(t.sector, total) {
		t.refuse(pvio.BlkError)
		return
	}
	if !b.obtain(t, n) {
		t.refuse(pvio.BlkError)
		return
	}
	t.segments = n
	if t.kind == DiskWrite {
		b.Done.Writes++
	} else {
		b.Done.Reads++
	}
}

// discard checks a request to forget sectors.
func (b *Block) discard(t *transfer, r *pvio.BlkDiscardRequest) {
	t.id, t.sector = r.ID, r.Sector
	if b.Volume.ReadOnly || r.Sectors == 0 || r.Sectors > 1<<31 || !b.Volume.holds(r.Sector, r.Sectors) {
		t.refuse(pvio.BlkError)
		return
	}
	t.kind, t.sectors, t.segments = DiskDiscard, uint32(r.Sectors), 1
	b.Done.Discards++
}

// holds says whether n sectors from one on lie in the volume.
func (v *Volume) holds(sector, n uint64) bool {
	return sector <= v.Sectors && n <= v.Sectors-sector
}

// pump issues what is not issued yet, in the order of requests, as far as the disk
// has room.
func (b *Block) pump() {
	for ; b.issue != b.Ring.ReqCons; b.issue++ {
		t := &b.slots[b.issue%blockSlots]
		for t.next < t.segments {
			if !b.issueOne(t, b.issue%blockSlots) {
				return
			}
		}
	}
}

// issueOne issues one command of a request: as many segments as lie in memory so that one
// command can take them, that is without a gap between one page and the next.
func (b *Block) issueOne(t *transfer, slot uint32) bool {
	c := &b.command
	*c = DiskCommand{Op: t.kind, Tag: b.Tag<<16 | slot, Sector: b.Volume.First + t.sector, Sectors: t.sectors}
	n := 1
	if t.kind == DiskRead || t.kind == DiskWrite {
		first := t.next
		c.Offset = uint32(t.first[first]) * pvio.BlkSector
		for i := first; i < t.segments; i++ {
			if i > first && (t.first[i] != 0 || t.last[i-1] != pvio.BlkSectors-1) {
				break
			}
			b.pages[i-first] = t.maps[i].Machine
			c.Sectors += uint32(t.last[i]-t.first[i]) + 1
			n = i - first + 1
		}
		c.Pages = b.pages[:n]
	}
	if !b.Disk.Submit(c) {
		return false
	}
	t.sector += uint64(c.Sectors)
	t.next += n
	t.flying++
	return true
}
