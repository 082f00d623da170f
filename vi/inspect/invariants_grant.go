package inspect

import (
	"encoding/binary"
	"fmt"

	"resvirt/vi/abi"
)

// Grants: mappings of other domains' frames are listed by handles, which hold
// references on the granting domains, and on the frames if devices use them.

// tracksOf reads a domain's handles that are in use.
func (w *world) tracksOf(i int) []trackInfo {
	g, ok := w.grantsOf(i)
	if !ok {
		return nil
	}
	var list []trackInfo
	for k, at := range g.Tracks {
		if at == 0 || !w.object(fmt.Sprintf("%s.grants.tracks[%d]", w.domainName(i), k), at) {
			break
		}
		for n := range w.tracksPerPage {
			var t trackInfo
			if w.read(w.track, at+n*uint64(w.track.size), "a mapping of a grant", &t) && t.Flags != 0 {
				list = append(list, t)
			}
		}
	}
	return list
}

// grantsOf reads a domain's part, if it has one.
func (w *world) grantsOf(i int) (g grantsInfo, ok bool) {
	at, name := w.domains[i].Grants, w.domainName(i)+".grants"
	return g, at != 0 && w.object(name, at) && w.read(w.grants, at, name, &g)
}

// reachedGrants names the heap pages of a domain's grants.
func (w *world) reachedGrants(i int, add func(addr uint64, name string)) {
	g, ok := w.grantsOf(i)
	if !ok {
		return
	}
	name := w.domainName(i) + ".grants"
	add(w.domains[i].Grants, name)
	for k, at := range g.Active {
		if at != 0 && k < len(g.Shared) {
			add(at, fmt.Sprintf("%s.active[%d]", name, k))
			add(w.directMap+g.Shared[k]<<12, fmt.Sprintf("%s.shared[%d]", name, k))
		}
	}
	for k, at := range g.Tracks {
		add(at, fmt.Sprintf("%s.tracks[%d]", name, k))
	}
}

// countDevices takes the frames that are held by mappings for devices.
func (r *recount) countDevices() {
	for i := range r.domains {
		for _, t := range r.tracksOf(i) {
			switch {
			case t.Flags&abi.GNTMAPDevice == 0:
			case t.Flags&abi.GNTMAPReadonly == 0:
				r.take(t.Frame, r.writable, "a mapping for a device")
			case t.Frame < uint64(len(r.frames)):
				r.refs[t.Frame]++
			}
		}
	}
}

// checkGrants: each entry of a domain's page tables that maps another's frame has
// a handle that allows it. The control domain is excepted, because it may map any
// frame.
func (r *recount) checkGrants() {
	for i := range r.domains {
		if r.domains[i].Privileged {
			continue
		}
		self, _ := r.frameOf(r.domains[i].Addr)
		left := map[uint64]int{}
		for f := range r.frames {
			if p := &r.frames[f]; p.Owner == self && r.types[f] != 0 && r.as[f] == r.table[1] {
				r.foreign(uint64(f), self, left)
			}
		}
		if len(left) == 0 {
			continue
		}
		for _, t := range r.tracksOf(i) {
			if t.Flags&abi.GNTMAPHost != 0 {
				kind := uint64(entryWritable)
				if t.Flags&abi.GNTMAPReadonly != 0 {
					kind = 0
				}
				left[t.Frame<<12|kind]--
			}
		}
		for f := range r.frames {
			for _, w := range [...]uint64{0, entryWritable} {
				if n := left[uint64(f)<<12|w]; n > 0 {
					r.wrong(Frames, fmt.Sprintf("frame %d in page tables of %s", f, r.domainName(i)), fmt.Sprintf("mapped %d times without a handle", n), "granted and tracked")
				}
			}
		}
	}
}

// foreign counts the entries of a page table that map frames of other domains, by
// frame and whether they are writable.
func (r *recount) foreign(f, self uint64, left map[uint64]int) {
	var buf [4096]byte
	if r.m.Memory(r.directMap+f<<12, buf[:]) != nil {
		return
	}
	for i := range mostFramesInOneTable {
		e := binary.LittleEndian.Uint64(buf[8*i:])
		to := e & entryAddress >> 12
		if e&entryPresent != 0 && to < uint64(len(r.frames)) && r.frames[to].Owner != self {
			left[to<<12|e&entryWritable]++
		}
	}
}
