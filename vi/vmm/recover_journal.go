package main

import "sync/atomic"

// Step frame_journal. What discarded operations have changed of frames is taken
// back, or, where only the frames that they no longer used remained to be
// freed, carried on. It stands for page_frames in a microreset, and is the
// reason why that takes no longer with more memory. Where the journal does not
// explain what it finds, page_frames counts all frames anew.

// undoFrames takes back what the journals of all CPUs hold. It returns false
// if that is not all that is wrong.
func undoFrames() bool {
	if !resetting() || !begin(stepFrameJournal) {
		return false
	}
	for d := domains.head; d != nil; d = d.next {
		if d.dying || d.id == testDomain {
			return false // ends and self checks begin again from what is counted
		}
	}
	for i := range journals {
		if j := &journals[i]; j.lost {
			return false
		}
	}
	for i := range journals {
		journals[i].undoSection()
	}
	for i := range journals {
		if !journals[i].undo() {
			return false
		}
	}
	for i := range journals {
		journals[i].finish()
	}
	for d := domains.head; d != nil; d = d.next {
		d.refs = d.countRefs()
	}
	return true
}

// clearJournals forgets everything: it has been taken back, or all is counted.
func clearJournals() {
	for i := range journals {
		j := &journals[i]
		j.n, j.nkept, j.frees, j.lost = 0, 0, 0, false
	}
}

// undoSection restores the words of a list that was being changed.
func (j *journal) undoSection() {
	for j.nkept != 0 {
		k := &j.kept[(j.nkept-1)%maxKept]
		*k.at = k.old
		j.nkept--
	}
}

// undo takes the changes back, the last one first, unless a word has been
// changed since.
func (j *journal) undo() bool {
	if j.n > maxChanges || j.frees > maxFrees {
		return false
	}
	if j.n != 0 {
		j.frees = 0 // the part was not done: what it dropped is in use again
	}
	for last := true; j.n != 0; last = false {
		c := &j.changes[j.n-1]
		if c.at != nil {
			// The processor sets these bits of page-table entries by itself.
			const bits = pteA | pteD
			x := atomic.LoadUint64(c.at)
			done := (x^c.new)&^bits == 0
			if !done && !(last && (x^c.old)&^bits == 0) {
				return false
			}
			if done {
				*c.at = c.old
			}
		} else if !release(pageOf(mfn(c.new))) {
			return false
		}
		j.n--
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
func (j *journal) finish() {
	for ; j.frees != 0; j.frees-- {
		switch p := j.free[j.frees-1]; {
		case p.count&pgRefs != 0 || p.count&pgFree != 0:
		case p.owner == 0:
			freeFrames(p.frame(), 0)
		default:
			freeDomainPage(p)
		}
	}
}
