package back

import "resvirt/vi/pvio"

// persistent are mappings that stay after their request, because the front end uses
// the same pages again (blkif.h, feature-persistent). All are writable. The least
// recently used one makes room, unless a request still needs it.
type persistent struct {
	n    int
	tick uint32
	maps [maxPersistent]Mapping
	used [maxPersistent]uint32 // when last, in ticks
	busy [maxPersistent]uint16 // requests on their way that use it
}

// find is the index of a grant's mapping, or below 0.
func (p *persistent) find(ref uint32) int {
	for i := range p.maps[:p.n] {
		if p.maps[i].Ref == ref {
			return i
		}
	}
	return -1
}

// obtain maps the pages of the first n segments in b.list. Where it cannot map all, it
// keeps none for this request.
func (b *Block) obtain(t *transfer, n int) bool {
	ok := true
	for i := range n {
		t.kept[i] = false
		t.maps[i] = Mapping{Ref: b.list[i].Grant, ReadOnly: t.kind == DiskWrite && !b.Persistent}
		if !b.Persistent {
			continue
		}
		if k := b.persistent.find(t.maps[i].Ref); k >= 0 {
			t.maps[i], t.kept[i] = b.persistent.maps[k], true
			b.persistent.use(k)
		}
	}
	for i := 0; i < n; {
		if t.kept[i] {
			i++
			continue
		}
		j := i + 1
		for j < n && !t.kept[j] {
			j++
		}
		b.Grants.Map(b.Domain, t.maps[i:j])
		i = j
	}
	for i := range n {
		ok = ok && t.maps[i].OK
	}
	for i := range n {
		if ok && b.Persistent && !t.kept[i] {
			t.kept[i] = b.persistent.keep(b, t.maps[i])
		}
	}
	t.segments = n
	if !ok {
		b.release(t)
	}
	return ok
}

// use counts a request that uses mapping k.
func (p *persistent) use(k int) {
	p.tick++
	p.used[k] = p.tick
	p.busy[k]++
}

// keep takes a mapping in; false when all are in use, or the grant is there already
// (a request that names a page twice).
func (p *persistent) keep(b *Block, m Mapping) bool {
	if p.find(m.Ref) >= 0 {
		return false
	}
	k := p.n
	if k == maxPersistent {
		if k = p.oldest(); k < 0 {
			return false
		}
		b.Grants.Unmap(p.maps[k : k+1])
	} else {
		p.n++
	}
	p.maps[k], p.busy[k] = m, 0
	p.use(k)
	return true
}

// oldest is the mapping least recently used that no request needs, or below 0.
func (p *persistent) oldest() int {
	best := -1
	for i := range p.maps {
		if p.busy[i] == 0 && (best < 0 || p.tick-p.used[i] > p.tick-p.used[best]) {
			best = i
		}
	}
	return best
}

// release gives back a request's mappings, but those that stay.
func (b *Block) release(t *transfer) {
	if t.kind != DiskRead && t.kind != DiskWrite {
		return
	}
	n := 0
	for i := range t.segments {
		if !t.maps[i].OK {
			continue
		}
		if t.kept[i] {
			if k := b.persistent.find(t.maps[i].Ref); k >= 0 {
				b.persistent.busy[k]--
			}
			continue
		}
		t.maps[n] = t.maps[i]
		n++
	}
	if n > 0 {
		b.Grants.Unmap(t.maps[:n])
	}
	t.segments, t.next = 0, 0
}

// drop gives back all that stayed.
func (p *persistent) drop(b *Block) {
	if p.n > 0 {
		b.Grants.Unmap(p.maps[:p.n])
	}
	p.n = 0
}

// PersistentHeld is how many mappings stay now.
func (b *Block) PersistentHeld() int { return b.persistent.n }

// MaxIndirect is the number of segments that an indirect request may have: what a back
// end announces as feature-max-indirect-segments.
const MaxIndirect = min(maxSegments, pvio.BlkPerPage)
