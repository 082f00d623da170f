package main

import "resvirt/vi/abi"

// Step doubt. Before a refusal for a frame's sake the uses of that frame are counted: this
// step repairs nothing but detects nearer to the fault. A guest's kernel that works is
// seldom refused: most refusals after a fault come from a frame whose uses were counted
// wrongly long before, and the guest, which trusts the hypervisor, gives up. So before a
// request is refused because a frame is in use as something else, the uses of that frame
// are counted. If its descriptor has other counts, the VMM has failed, and this can still
// be repaired; then the guest issues the request again.

// doubtEvery bounds what a guest that asks for refusals can make this cost.
const doubtEvery = 20 // scheduler ticks

// doubt is entered with the result of a hypercall that is about to be refused.
// Nothing of the call is under way any more.
func doubt(nr uint64, rc int64) {
	k := &this().core
	m, d := k.refused, current().domain
	if rc >= 0 {
		return
	}
	if m == 0 {
		if d.grave(nr, rc) {
			d.appeal()
		}
		return
	}
	k.refused = 0
	if again() || d.doubted != 0 && now() < d.doubted+doubtEvery*params.tickNS || !checker.lk.tryLock() {
		return
	}
	d.doubted = now()
	holdOthers()
	ok := pageOf(m).countsAddUp()
	letOthersGo()
	checker.lk.unlock()
	if !ok {
		myJournal().skip() // taking back what is under way would not repair the counts
	}
	disbelieve(ok, stepDoubt)
}

// disbelieve is told whether the VMM's data justifies what is about to be
// refused. If not, and the policy has the step, that is a failure. The policy
// is asked only then, so that a run in which every refusal is justified is the
// same with and without the step. It is small, as assert is.
func disbelieve(justified bool, step uint) {
	if !justified {
		disbelieved(step)
	}
}

// countsAddUp counts the uses of a frame and compares them with its descriptor.
// Nothing may change meanwhile.
func (p *page) countsAddUp() bool {
	if d := domainOfFrame(p.owner); p.count&pgHeap != 0 || d == nil || d.grants.granted(p.frame()) {
		return true // shared, or granted and in use: whoever shares or grants it counts
	}
	u := uses{of: p.frame()}
	if p.count&pgAllocated != 0 {
		u.refs++
	}
	if p.typ&ptPinned != 0 {
		u.add(true)
	}
	for d := domains.head; d != nil; d = d.next {
		u.inDomain(d)
	}
	return u.refs == p.count&pgRefs && u.typed == p.typ&ptCount
}

// uses counts what refers to a frame.
type uses struct {
	of          mfn
	refs, typed uint64
}

func (u *uses) add(typed bool) {
	u.refs++
	if typed {
		u.typed++
	}
}

// inDomain counts what a domain's page tables and vCPUs refer to.
func (u *uses) inDomain(d *Domain) {
	for m := mfn(d.pageList); m != 0; m = mfn(pageOf(m).next) {
		if t := pageOf(m).typ; isTableType(t) && t&ptCount != 0 {
			u.inTable(tableAt(m), t&ptTypeMask)
		}
	}
	for i := uint32(0); i < d.nvcpus; i++ {
		a := &d.vcpu[i].arch
		for _, m := range [...]mfn{a.guestTable, a.guestTableUser} {
			if m == u.of {
				u.add(true)
			}
		}
		for _, list := range [...][]mfn{a.gdtFrames[:], a.ldtFrames[:]} {
			for _, m := range list {
				if m == u.of {
					u.add(true)
				}
			}
		}
	}
	d.eachHeld(func(at *mfn) {
		if *at == u.of {
			u.add(true)
		}
	})
}

func (u *uses) inTable(tab *table, t uint64) {
	for i, e := range tab {
		if e&pteP == 0 || pteFrame(e) != u.of || t == ptL4 && isHypervisorSlot(i) {
			continue
		}
		u.add(t != ptL1 || e&pteW != 0)
	}
	tableDone()
}

// refuse notes that a frame is not what a request wants it to be.
func refuse(p *page) int64 {
	this().core.refused = p.frame()
	return -abi.EINVAL
}
