package main

import (
	"slices"
	"testing"

	"resvirt/vi/abi"
)

// tally is what refers to frames: references, and uses as a type.
type tally map[mfn]*uses

func (c tally) add(m mfn, typed bool) {
	if c[m] == nil {
		c[m] = &uses{of: m}
	}
	c[m].add(typed)
}

// count counts the references that a domain holds on frames, its own and
// others'.
func (c tally) count(d *Domain) {
	for m := mfn(d.pageList); m != 0; m = mfn(pageOf(m).next) {
		p := pageOf(m)
		if p.count&pgAllocated != 0 {
			c.add(m, false)
		}
		if p.typ&ptPinned != 0 {
			c.add(m, true)
		}
		if t := p.typ & ptTypeMask; isTableType(t) && p.typ&ptCount != 0 {
			for i, e := range tableAt(m) {
				if e&pteP != 0 && !(t == ptL1 && isIOFrame(pteFrame(e))) && !(t == ptL4 && isHypervisorSlot(i)) {
					c.add(pteFrame(e), t != ptL1 || e&pteW != 0)
				}
			}
		}
	}
	for _, v := range d.vcpu[:d.nvcpus] {
		frames := append([]mfn{v.arch.guestTable, v.arch.guestTableUser}, v.arch.gdtFrames[:]...)
		for _, m := range append(frames, v.arch.ldtFrames[:]...) {
			c.add(m, true)
		}
	}
	d.eachHeld(func(at *mfn) { c.add(*at, true) })
	if d.grants == nil {
		return
	}
	for _, page := range d.grants.tracks {
		for i := 0; page != nil && i < len(page); i++ {
			if t := &page[i]; t.flags&abi.GNTMAPDevice != 0 {
				c.add(mfn(t.frame), !t.readonly())
			}
		}
	}
}

// counted fails the test unless the descriptor of each frame of a domain has the
// true numbers of references and uses, and CR3 holds a root of the current vCPU.
func counted(t *testing.T, list ...*Domain) {
	t.Helper()
	c := tally{}
	for _, d := range list {
		c.count(d)
	}
	for m := range c {
		if m != 0 && !(frameOK(m) && slices.ContainsFunc(list, func(d *Domain) bool { return pageOf(m).owner == d.frame32() })) {
			t.Fatalf("frame %#x, which is nobody's, is referred to", m)
		}
	}
	for _, d := range list {
		for m := mfn(d.pageList); m != 0; m = mfn(pageOf(m).next) {
			p, u := pageOf(m), c[m]
			if u == nil {
				u = &uses{}
			}
			if u.refs != p.count&pgRefs || u.typed != p.typ&ptCount {
				t.Fatalf("frame %#x: %d references and %d uses as type %d; counted %d and %d", m, p.count&pgRefs, p.typ&ptCount, p.typ>>ptTypeShift, u.refs, u.typed)
			}
		}
	}
	v := current()
	if root := mfn(testCR3[testCPU.ID] >> pageShift); root != idleL4Frame() && root != v.arch.guestTable && root != v.arch.guestTableUser {
		t.Fatalf("CR3 holds %#x; the vCPU has %#x and %#x", root, v.arch.guestTable, v.arch.guestTableUser)
	}
	if !v.isIdle() && testCR3[testCPU.ID] != v.cr3() {
		t.Fatalf("CR3 holds %#x, not %#x", testCR3[testCPU.ID], v.cr3())
	}
	for _, m := range [...]mfn{v.arch.guestTable, v.arch.guestTableUser} {
		if m != 0 && (pageOf(m).typ&ptTypeMask != ptL4 || pageOf(m).typ&ptValidated == 0 || tableAt(m)[hvSlotFirst] != tableAt(idleL4Frame())[hvSlotFirst]) {
			t.Fatalf("root %#x is none: type %#x", m, pageOf(m).typ)
		}
	}
}

// unsafeBytes is a frame's content.
func unsafeBytes(m mfn) []byte { return (*[pageSize]byte)(frameAddr(m))[:] }
