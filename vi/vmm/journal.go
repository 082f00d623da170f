package main

import (
	"sync/atomic"
	"unsafe"
)

// The journal of frames. Operations on frames change use counts, types, page
// tables and lists word by word. Each CPU writes down what the part of a
// hypercall under way has changed: if it is discarded, recovery takes that back
// (recover_journal.go) instead of counting the uses of all frames anew, which
// takes the longer the more memory there is.
//
// Words that other CPUs may change as well are changed by compare-and-swap: the
// journal has old and new value, and taking back goes only if nobody has
// changed the word since. Lists are changed with a lock held; what is in such
// a section is taken back by the old values alone, and is forgotten when it is
// whole. Frames whose last use is dropped are freed when the part is done, so
// that the drop can be taken back.

const (
	maxChanges = 1024
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

// journal is one CPU's. A new instance finds it empty.
type journal struct {
	n     uint32 // changes of the part under way
	nkept uint32 // words of the section under way
	frees uint32 // frames to be freed when the part is done
	lost  bool   // something was not written down: all frames must be counted

	changes [maxChanges]change
	kept    [maxKept]keptWord
	free    [maxFrees]*page
}

var journals [maxCPUs]journal

// myJournal is the calling CPU's.
func myJournal() *journal { return &journals[this().ID&(maxCPUs-1)] }

// note writes down a change that is about to be made.
func (j *journal) note(at *uint64, old, new uint64) {
	n := j.n
	if n >= maxChanges {
		j.lost = true
		return
	}
	j.changes[n] = change{at, old, new}
	j.n = n + 1
}

// swapLogged is a compare-and-swap that can be taken back.
func swapLogged(at *uint64, old, new uint64) bool {
	j := myJournal()
	n := j.n
	j.note(at, old, new)
	if atomic.CompareAndSwapUint64(at, old, new) {
		return true
	}
	j.n = n
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
	myJournal().note(at, *at, v)
	atomic.StoreUint64(at, v)
}

// setFrame stores a frame number that only this CPU changes.
func setFrame(at *mfn, m mfn) { setLogged((*uint64)(at), uint64(m)) }

// keep writes down a word that the section under way is about to change.
func (j *journal) keep(at *uint64) {
	n := j.nkept
	if n >= maxKept {
		j.lost = true
		return
	}
	j.kept[n] = keptWord{at, *at}
	j.nkept = n + 1
}

// keepPage writes down the words of a descriptor's place in a list.
func (j *journal) keepPage(p *page) {
	j.keep(&p.typ)
	j.keep(p.links())
}

// links is the word of next and prev.
func (p *page) links() *uint64 { return (*uint64)(unsafe.Pointer(&p.next)) }

// holder is the word of owner and stamp.
func (p *page) holder() *uint64 { return (*uint64)(unsafe.Pointer(&p.owner)) }

// whole ends a section: what it did stays.
func (j *journal) whole() { j.nkept = 0 }

// freeLater frees a frame whose last use was dropped, once the part is done.
func freeLater(p *page) {
	j := myJournal()
	if j.frees >= maxFrees {
		j.lost = true
		freeDomainPage(p)
		return
	}
	j.free[j.frees] = p
	j.frees++
}

// commit ends a part of an operation: what it did stays.
func commit() {
	j := myJournal()
	if j.n == 0 && j.frees == 0 && !j.lost {
		return
	}
	j.n = 0
	for j.frees != 0 {
		freeDomainPage(j.free[j.frees-1])
		j.frees--
	}
	j.lost = false
}
