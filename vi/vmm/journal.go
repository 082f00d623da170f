package main

import (
	"sync/atomic"
	"unsafe"
)

// The journal of frames. Operations on frames change use counts, types, page tables
// and lists word by word. Each CPU writes down what the current part of its
// hypercall has changed. If that part is discarded, recovery takes the changes back
// (recover_frame_journal.go). The alternative, counting the uses of all frames
// anew, takes the longer the more memory there is.
//
// Words that other CPUs may change as well are changed by compare-and-swap: the
// journal has the old and the new value, and a change can be taken back only if
// nobody has changed the word since. Lists are changed in sections with a lock
// held: the words of an unfinished section get their old values back, and when
// a section is finished its words are forgotten. A frame whose last use is
// dropped is freed only when the part is done, so that the drop can be taken
// back.

const (
	maxChanges = 4096
	maxKept    = 96
	maxFrees   = 256
)

// change is a word that was changed, or, with at == nil, a frame that was allocated.
type change struct {
	at       *uint64
	old, new uint64
}

// keptWord is a word as it was when the section under way began.
type keptWord struct {
	at  *uint64
	old uint64
}

// journal is one CPU's; changes come first. The members that are used all the
// time lie in the CPU's block (journalCPU): where the next change goes, and what
// is to be done at the end of the part.
type journal struct {
	changes [maxChanges]change
	kept    [maxKept]keptWord
	free    [maxFrees]*page
}

// journals holds a journal for each CPU. They are declared as words because the
// linker puts variables without pointers at the end of bss: so all small
// variables lie together.
var journals [maxCPUs][unsafe.Sizeof(journal{}) / 8]uint64

// journal is this CPU's.
func (c *CPU) journal() *journal { return (*journal)(unsafe.Pointer(&journals[c.ID&(maxCPUs-1)])) }

// journalCPU is a CPU's place in its journal.
type journalCPU struct {
	begin, top, end uint64 // addresses in changes: the first, the next, behind the last
	frees           uint32 // frames to be freed when the part is done
	lost            uint32 // not 0: something was not written down, so that all frames must be counted
	nkept           uint32 // words of the section under way
}

const changeSize = uint64(unsafe.Sizeof(change{}))

// openJournal empties a CPU's journal.
func openJournal(c *CPU) {
	if !framesJournalled {
		return
	}
	j := &c.core.journal
	j.begin = addrOf(unsafe.Pointer(c.journal()))
	j.top, j.end = j.begin, j.begin+maxChanges*changeSize
	j.frees, j.lost, j.nkept = 0, 0, 0
}

// book is the journal to which a CPU's place belongs.
func (j *journalCPU) book() *journal { return (*journal)(ptr(j.begin)) }

// myJournal is the calling CPU's place.
func myJournal() *journalCPU {
	if !framesJournalled {
		return nil
	}
	return &this().core.journal
}

// note writes down a change that is about to be made.
func (j *journalCPU) note(at *uint64, old, new uint64) {
	if !framesJournalled {
		return
	}
	if j.top == j.end {
		j.lost = 1
		return
	}
	c := (*change)(ptr(j.top))
	c.at, c.old, c.new = at, old, new
	j.top += changeSize
}

// swapLogged is a compare-and-swap that can be taken back.
func swapLogged(at *uint64, old, new uint64) bool {
	if !framesJournalled {
		return atomic.CompareAndSwapUint64(at, old, new)
	}
	j := myJournal()
	top := j.top
	j.note(at, old, new)
	if atomic.CompareAndSwapUint64(at, old, new) {
		return true
	}
	j.top = top
	return false
}

// addLogged adds to a word and returns the new value.
func addLogged(at *uint64, delta uint64) uint64 {
	for {
		x := atomic.LoadUint64(at)
		if swapLogged(at, x, x+delta) {
			return x + delta
		}
	}
}

// setLogged stores a word that only this CPU changes.
func setLogged(at *uint64, v uint64) {
	if framesJournalled {
		myJournal().note(at, *at, v)
	}
	atomic.StoreUint64(at, v)
}

// setFrame stores a frame number that only this CPU changes.
func setFrame(at *mfn, m mfn) { setLogged((*uint64)(at), uint64(m)) }

// keep writes down a word that the section under way is about to change.
func (j *journalCPU) keep(at *uint64) {
	if !framesJournalled {
		return
	}
	n := j.nkept
	if n >= maxKept || j.lost != 0 {
		j.lost = 1
		return
	}
	j.book().kept[n] = keptWord{at, *at}
	j.nkept = n + 1
}

// keepPage writes down the words of a descriptor's place in a list.
func (j *journalCPU) keepPage(p *page) {
	j.keep(&p.typ)
	j.keep(p.links())
}

// links is the word of next and prev.
func (p *page) links() *uint64 { return (*uint64)(unsafe.Pointer(&p.next)) }

// holder is the word of owner and stamp.
func (p *page) holder() *uint64 { return (*uint64)(unsafe.Pointer(&p.owner)) }

// whole ends a section: its changes are not taken back any more.
func (j *journalCPU) whole() {
	if framesJournalled {
		j.nkept = 0
	}
}

// freeLater frees a frame whose last use was dropped, once the part is done.
func freeLater(p *page) {
	if !framesJournalled {
		freeDomainPage(p)
		return
	}
	j := myJournal()
	if j.frees >= maxFrees || j.lost != 0 {
		j.lost = 1
		freeDomainPage(p)
		return
	}
	j.book().free[j.frees] = p
	j.frees++
}

// skip stops writing down until the part is done: if it is discarded, all
// frames must be counted.
func (j *journalCPU) skip() {
	if framesJournalled {
		j.lost, j.top = 1, j.end
	}
}

// commit ends a part of an operation: its changes are not taken back any more.
func commit() {
	if !framesJournalled {
		return
	}
	if j := myJournal(); j.top != j.begin || j.lost != 0 {
		j.commit()
	}
}

func (j *journalCPU) commit() {
	j.top = j.begin
	for j.frees != 0 {
		freeDomainPage(j.book().free[(j.frees-1)%maxFrees])
		j.frees--
	}
	j.lost = 0
}
