package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// Step frame_journal. What discarded operations have changed of frames is taken
// back; or it is completed, where all that was left to do was to free frames. In a
// microreset this replaces page_frames, so that a microreset takes no longer with
// more memory. Where the journal does not explain what the frames are like,
// page_frames counts all of them anew.

// frameJournal takes back what the journals of all CPUs hold. It returns false
// if that is not all that is wrong.
func frameJournal() bool {
	if !framesJournalled || !resetting() || suspicious() || !begin(stepFrameJournal) {
		return false
	}
	for d := domains.head; d != nil; d = d.next {
		if d.gone {
			return false // whether its last references went is not written down
		}
	}
	for i := uint32(0); i < nrCPUs(); i++ {
		if c := cpuByID(i); !c.core.journal.sound(c) {
			return false
		}
	}
	for i := uint32(0); i < nrCPUs(); i++ {
		cpuByID(i).undoSection()
	}
	for i := uint32(0); i < nrCPUs(); i++ {
		if !cpuByID(i).undo() {
			return false
		}
	}
	for i := uint32(0); i < nrCPUs(); i++ {
		cpuByID(i).finish()
	}
	if d := failedDomain(); d != nil && !d.soundPages() || !soundHeap() {
		return false
	}
	for d := domains.head; d != nil; d = d.next {
		if d.killing { // killDomain was under way, and is issued again
			d.killing, d.dying = false, false
		}
	}
	countRefs()
	return true
}

// failedDomain is the domain that the CPU ran on which the failure was detected,
// nil if it ran none.
func failedDomain() *Domain {
	p := persist()
	if v := p.cpus[p.failure.cpu&(maxCPUs-1)].curr; v != nil && vcpuOK(v) {
		return v.domain
	}
	return nil
}

// soundPages says whether what the descriptors of a domain's frames say can be.
// What went wrong before it was detected is not in the journal, and most of it
// has to do with this domain.
func (d *Domain) soundPages() bool {
	n := uint64(0)
	for m := d.pageList; m != 0; {
		if !frameOK(mfn(m)) || n == d.totPages {
			return false
		}
		p := pageOf(mfn(m))
		refs, typed := p.count&pgRefs, p.typ&ptCount
		if p.owner != d.frame32() || p.count&(pgHeap|pgFree) != 0 || refs == 0 || refs > maxRefs || typed > refs {
			return false
		}
		n++
		m = uint64(p.next)
	}
	return n == d.totPages
}

// maxRefs is more than the references that a frame can have: a larger count is wrong.
const maxRefs = 1 << 20

// suspicious says whether what was detected means that data is wrong already,
// which the journal cannot know: an assertion failed, a CPU waited in vain, or an
// instruction of ours used a wrong value while frames were being changed. A program
// counter outside our code is no such sign: it is itself what was wrong.
func suspicious() bool {
	f := &persist().failure
	if f.kind == seam.KindAssert || f.kind == vecNMI {
		return true
	}
	j := &cpuByID(uint32(f.cpu & (maxCPUs - 1))).core.journal
	return f.pc >= bare.Image.TextStart && f.pc < bare.Image.TextEnd && j.top != j.begin
}

// clearJournals empties all journals: what they held has been taken back, or all
// frames have been counted anew.
func clearJournals() {
	for i := uint32(0); i < nrCPUs(); i++ {
		openJournal(cpuByID(i))
	}
}

// sound says whether a CPU's place in its journal is one that can be.
func (j *journalCPU) sound(c *CPU) bool {
	begin := addrOf(unsafe.Pointer(c.journal()))
	return j.lost == 0 && j.begin == begin && j.end == begin+maxChanges*changeSize &&
		j.top >= begin && j.top <= j.end && (j.top-begin)%changeSize == 0 &&
		j.nkept <= maxKept && j.frees <= maxFrees
}

// undoSection restores the words of a list that was being changed.
func (c *CPU) undoSection() {
	for j := &c.core.journal; j.nkept != 0; j.nkept-- {
		k := &c.journal().kept[(j.nkept-1)%maxKept]
		*k.at = k.old
	}
}

// undo takes the changes back, the last one first, unless a word has been
// changed since.
func (c *CPU) undo() bool {
	j := &c.core.journal
	if j.top != j.begin {
		j.frees = 0 // the part was not done: what it dropped is in use again
	}
	for last := true; j.top != j.begin; last = false {
		e := (*change)(ptr(j.top - changeSize))
		if e.at != nil {
			// The processor sets these bits of page-table entries by itself.
			const bits = pteA | pteD
			x := atomic.LoadUint64(e.at)
			done := (x^e.new)&^bits == 0
			if !done && !(last && (x^e.old)&^bits == 0) {
				return false
			}
			if done {
				*e.at = e.old
			}
		} else if !release(pageOf(mfn(e.new))) {
			return false
		}
		j.top -= changeSize
	}
	return true
}

// release frees a frame that a discarded operation had allocated, however far
// it had got with it.
func release(p *page) bool {
	switch {
	case p.count&pgFree != 0:
	case p.count == 0 && p.owner == 0:
		freeFrames(p.frame(), 0)
	case p.count == pgAllocated|1 && p.typ&ptCount == 0 && domainOfFrame(p.owner) != nil:
		p.count = 0
		freeDomainPage(p)
	default:
		return false
	}
	return true
}

// finish carries on with freeing what a part that was done no longer uses.
func (c *CPU) finish() {
	for j := &c.core.journal; j.frees != 0; j.frees-- {
		switch p := c.journal().free[(j.frees-1)%maxFrees]; {
		case p.count&pgRefs != 0 || p.count&pgFree != 0:
		case p.owner == 0:
			freeFrames(p.frame(), 0)
		default:
			freeDomainPage(p)
		}
	}
}
