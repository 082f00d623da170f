package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// Step frame_journal. The changes that discarded operations have made to frames
// are taken back. An operation that had only to free frames is completed instead.
// In a microreset this step replaces page_frames, so that a microreset takes no
// longer with more memory. If frames are wrong in ways that the journal cannot
// account for, page_frames counts all of them anew.

// frameJournal takes back what the journals of all CPUs hold. It returns false
// if more than that is wrong.
func frameJournal() bool {
	if !framesJournalled || !resetting() || suspicious() || !begin(stepFrameJournal) {
		return false
	}
	for d := domains.head; d != nil; d = d.next {
		if d.gone {
			return false // the journal does not know whether its last references were dropped
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

// failedDomain is the domain that ran on the CPU which detected the failure, nil
// if none did.
func failedDomain() *Domain {
	p := persist()
	if v := p.cpus[p.failure.cpu&(maxCPUs-1)].curr; v != nil && vcpuOK(v) {
		return v.domain
	}
	return nil
}

// soundPages says whether the descriptors of a domain's frames are plausible.
// It is called for the domain that ran at the failure: damage done before the
// detection is not in the journal, and most of it concerns this domain.
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

// suspicious says whether the detected failure is a sign that data was wrong
// before, which the journal cannot know: an assertion failed, a CPU waited in vain,
// or an instruction of the VMM used a wrong value while frames were being changed.
// An exception outside the VMM's code is no such sign: there the program counter
// itself was wrong.
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

// sound says whether a CPU's place in its journal lies inside it.
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
		j.frees = 0 // the part was not done: the frames that it dropped are in use again
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

// release frees a frame that a discarded operation had allocated, whatever the
// operation had done with it.
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

// finish frees the rest of the frames that a completed part no longer uses.
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
