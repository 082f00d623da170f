package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// Two hostile guests on three CPUs that grant each other frames, map, copy and
// unmap them with handles and places at random, overwrite the entries, and make
// page tables of whatever they have. After each call no TLB may hold a translation
// that would be of use (tlbmodel_test.go), and every page-table entry for
// another's frame must have its handle.

const (
	pairPages  = 15 // pages of each guest that are used; the last is for arguments
	pairRefs   = 12
	pairRounds = 600 // of a test; the fuzzer needs short ones
	fuzzRounds = 100
)

// pair draws the calls of one vCPU of two guests.
type pair struct {
	*hostile
	me, other *pairGuest
	cpu       uint32
	tlbs      *tlbs
}

// pairGuest is one of the two.
type pairGuest struct {
	d     *Domain
	list  []mfn // its page tables, L4 first, then its pages
	table *table
}

func (g *pairGuest) page(n int) mfn { return g.list[4+n] }

// argAt is where arguments lie.
const argAt = uint64(pageVA + pairPages<<12)

// args puts an argument into the current guest; the page may have been taken away.
func args[T any](val T) uint64 {
	e := uint64(current().domain.argFrame())<<12 | pteP | pteW | pteU
	if frameOfVA(current(), argAt) == 0 {
		hyperUpdateVAMapping(argAt, e, 0, 0, 0)
	}
	toGuest(argAt, unsafe.Pointer(&val), uint64(unsafe.Sizeof(val)))
	return argAt
}

// argFrame is the frame that arguments lie in.
func (d *Domain) argFrame() mfn { return pairGuests[d.id].page(pairPages) }

// pairGuests are the guests of the test that runs, by id.
var pairGuests [3]*pairGuest

func (p *pair) va() uint64 { return uint64(pageVA + p.IntN(pairPages)<<12) }

// frame is one of ours, or of the other's.
func (p *pair) frame() mfn {
	switch p.IntN(8) {
	case 0:
		return p.other.page(p.IntN(pairPages))
	case 1:
		return p.me.list[p.IntN(4)]
	}
	return p.me.page(p.IntN(pairPages))
}

// slot is an entry of ours: mostly one that maps a page.
func (p *pair) slot() uint64 {
	if p.IntN(6) == 0 {
		return uint64(p.frame())<<12 | p.Uint64N(512)<<3
	}
	return uint64(p.me.list[3])<<12 | p.va()>>12&511<<3
}

func (p *pair) entry() uint64 {
	if p.IntN(3) == 0 {
		return 0
	}
	return uint64(p.frame())<<12 | pteP | pteU | uint64(p.IntN(2))*pteW
}

// place is where a grant is mapped or unmapped.
func (p *pair) place() uint64 {
	if p.IntN(4) == 0 {
		return p.slot()
	}
	return p.va()
}

// once does one thing.
func (p *pair) once() string {
	switch k := p.IntN(16); k {
	case 0, 1:
		list := args([2]abi.MMUUpdate{{Ptr: p.slot(), Val: p.entry()}, {Ptr: p.slot(), Val: p.entry()}})
		return fmt.Sprint("mmu_update ", hyperMMUUpdate(list, 1+p.Uint64N(2), 0, abi.DomidSelf, 0))
	case 2:
		return fmt.Sprint("update_va_mapping ", hyperUpdateVAMapping(p.va(), p.entry(), p.Uint64N(3), 0, 0))
	case 3, 4, 5:
		return p.makeTable()
	case 6, 7:
		p.grant()
		return "grant"
	case 8, 9, 10:
		return p.mapGrant()
	case 11, 12, 13:
		return p.unmapGrant()
	case 14:
		return p.memory()
	}
	return p.copyGrant()
}

// makeTable makes a page table of a frame or lets it go; pinning wants its
// mappings read-only first.
func (p *pair) makeTable() string {
	f := p.me.page(p.IntN(pairPages))
	cmd := uint32(abi.MMUExtPinL1)
	switch p.IntN(8) {
	case 0, 1, 2:
		cmd = abi.MMUExtUnpin
	case 3:
		cmd = abi.MMUExtPinL2
	default:
		for i := range uint64(pairPages) {
			if at := pageVA + i<<12; frameOfVA(current(), at) == f {
				hyperUpdateVAMapping(at, uint64(f)<<12|pteP|pteU, 0, 0, 0)
			}
		}
	}
	op := args(abi.MMUExtOp{Cmd: cmd, Arg1: uint64(f)})
	rc := hyperMMUExtOp(op, 1, 0, abi.DomidSelf, 0)
	if rc == 0 && cmd == abi.MMUExtPinL1 && p.IntN(2) == 0 {
		op = args(abi.MMUUpdate{Ptr: uint64(f)<<12 | p.Uint64N(512)<<3, Val: p.entry()})
		hyperMMUUpdate(op, 1, 0, abi.DomidSelf, 0)
	}
	return fmt.Sprint("mmuext_op ", cmd, rc)
}

// grant writes an entry of our table, in use or not.
func (p *pair) grant() {
	w := uint64(abi.GTFPermitAccess) | uint64(p.IntN(4)/3)*abi.GTFReadonly | uint64(p.other.d.id)<<16
	if p.IntN(10) == 0 {
		w = p.value()
	}
	p.me.table[p.IntN(pairRefs)] = w | uint64(p.frame())<<32
}

func (p *pair) mapGrant() string {
	flags := uint32(abi.GNTMAPHost)
	if p.IntN(4) == 0 {
		flags = p.Uint32N(32)
	} else if p.IntN(3) == 0 {
		flags |= abi.GNTMAPReadonly
	}
	at := p.va()
	if flags&abi.GNTMAPContainsPTE != 0 {
		at = p.slot()
	}
	op := args(abi.GnttabMapGrantRef{HostAddr: at, Flags: flags, Ref: p.Uint32N(pairRefs), Dom: p.other.d.id})
	hyperGrantTableOp(abi.GnttabopMapGrantRef, op, 1, 0, 0)
	return fmt.Sprintf("map %+v", got[abi.GnttabMapGrantRef](op))
}

// unmapGrant unmaps a few handles at once, mostly at the wrong place.
func (p *pair) unmapGrant() string {
	if p.IntN(4) == 0 {
		op := args(abi.GnttabUnmapAndReplace{HostAddr: p.place(), NewAddr: p.va(), Handle: p.Uint32N(pairRefs)})
		p.unmap(abi.GnttabopUnmapAndReplace, op, 1)
		return fmt.Sprintf("unmap_and_replace %+v", got[abi.GnttabUnmapAndReplace](op))
	}
	var list [3]abi.GnttabUnmapGrantRef
	for i := range list {
		list[i] = abi.GnttabUnmapGrantRef{HostAddr: p.place(), Handle: p.Uint32N(pairRefs)}
		if p.IntN(4) == 0 {
			list[i].DevBusAddr = uint64(p.other.page(p.IntN(pairPages))) << 12
		}
	}
	op := args(list)
	p.unmap(abi.GnttabopUnmapGrantRef, op, uint64(len(list)))
	return fmt.Sprintf("unmap %+v", got[[3]abi.GnttabUnmapGrantRef](op))
}

// unmap makes a call that unmaps.
func (p *pair) unmap(cmd, op, n uint64) {
	p.tlbs.keep()
	hyperGrantTableOp(cmd, op, n, 0, 0)
	p.tlbs.release()
}

// memory gives a frame back, or gets one in its place.
func (p *pair) memory() string {
	n := 4 + p.IntN(pairPages)
	if p.IntN(8) != 0 {
		return "nothing"
	}
	if pageOf(p.me.list[n]).owner == p.me.d.frame32() && removeFrame(p.me.d, p.me.list[n]) {
		commit()
		if m := allocDomainPage(p.me.d); m != 0 {
			p.me.list[n] = m
		}
	}
	return "memory_op"
}

func (p *pair) copyGrant() string {
	end := func(isRef bool) abi.GnttabCopyPtr {
		x := abi.GnttabCopyPtr{Ref: uint64(p.frame()), Domid: abi.DomidSelf, Offset: uint16(p.IntN(5000))}
		if isRef {
			x.Ref, x.Domid = p.Uint64N(pairRefs), p.other.d.id
		}
		return x
	}
	flags := p.IntN(4)
	op := args(abi.GnttabCopy{Source: end(flags&abi.GNTCOPYSourceGref != 0), Dest: end(flags&abi.GNTCOPYDestGref != 0),
		Len: uint16(p.IntN(5000)), Flags: uint16(flags)})
	hyperGrantTableOp(abi.GnttabopCopy, op, 1, 0, 0)
	return "copy"
}

// handled fails the test unless each entry of d's tables that maps another's
// frame has a handle that allows it.
func handled(t *testing.T, d *Domain, what string) {
	t.Helper()
	left := map[uint64]int{}
	for m := mfn(d.pageList); m != 0; m = mfn(pageOf(m).next) {
		if p := pageOf(m); p.typ&ptTypeMask == ptL1 && p.typ&ptValidated != 0 && p.typ&ptCount != 0 {
			for _, e := range tableAt(m) {
				if e&pteP != 0 && pageOf(pteFrame(e)).owner != d.frame32() {
					left[e&mappingBits]++
				}
			}
		}
	}
	for _, page := range d.grants.tracks {
		if page == nil {
			break
		}
		for i := range page {
			if x := &page[i]; x.flags&abi.GNTMAPHost != 0 {
				left[x.entry()]--
			}
		}
	}
	for e, n := range left {
		if n > 0 {
			t.Fatalf("%s: %d entries %#x of d%d have no handle", what, n, e, d.id)
		}
	}
}

// attackPair runs the whole attack once.
func attackPair(t *testing.T, choices rand.Source, rounds int) {
	t.Helper()
	recoverableOn(t, 3)
	free := heap.nfree
	r := rand.New(choices)
	var v [3]*VCPU
	for id := range uint16(2) {
		d, first, list := onGuest(t, 1+id)
		v[id] = first
		op := args2(list[4+pairPages], abi.GnttabSetupTable{Dom: abi.DomidSelf, NrFrames: 1, FrameList: argAt + 64})
		hyperGrantTableOp(abi.GnttabopSetupTable, op, 1, 0, 0)
		pairGuests[1+id] = &pairGuest{d: d, list: list, table: tableAt(mfn(got[uint64](argAt + 64)))}
	}
	v[2] = secondVCPU(t, pairGuests[2].d)
	m := watchTLBs(t)
	for i, x := range v {
		m.run(uint32(i), x)
	}
	a, b := pairGuests[1], pairGuests[2]
	h := &hostile{Rand: r, frames: append(append([]mfn{}, a.list...), b.list...)}
	plays := [3]*pair{{h, a, b, 0, m}, {h, b, a, 1, m}, {h, b, a, 2, m}}
	for range rounds {
		p := plays[r.IntN(3)]
		testCPU = cpuByID(p.cpu)
		log := &current().arch.log
		log.start(0)
		log.again = r.IntN(10) == 0 // as if recovery had issued it again
		what := p.once()
		log.again, log.resume = false, 0
		commit()
		if r.IntN(pairRounds/4) == 0 {
			m.recovered()
			what += ", then a recovery"
		}
		m.check(what)
		handled(t, a.d, what)
		handled(t, b.d, what)
	}
	testFlushed = nil
	for cpu := range uint32(3) {
		testCPU = cpuByID(2 - cpu)
		enter(testCPU.core.idle)
	}
	list := []*Domain{a.d, b.d}
	if r.IntN(2) == 0 {
		list[0], list[1] = list[1], list[0]
	}
	ended(t, free, list...)
}

// recovered counts all frames anew, as a recovery does in which every CPU loads
// its address space again. It fails the test if the counts differ from those
// before.
func (m *tlbs) recovered() {
	m.t.Helper()
	before := shapes()
	repair()
	for f, s := range shapes() {
		b := before[f]
		s.typ, b.typ = s.typ&^ptForeign, b.typ&^ptForeign
		if s != b && (s.typ|b.typ)&ptCount != 0 {
			m.t.Fatalf("frame %#x was %+v, is counted as %+v", f, b, s)
		}
	}
	m.held = [maxCPUs]map[mfn]uint32{}
}

// args2 is args while the guest is being made.
func args2[T any](m mfn, val T) uint64 {
	*(*T)(frameAddr(m)) = val
	return argAt
}

// TestHostilePair runs the attack; -hostile says in how many worlds.
func TestHostilePair(t *testing.T) {
	for seed := range *hostileSeeds {
		attackPair(t, rand.NewPCG(seed, 2), pairRounds)
	}
}

// FuzzHostilePair runs the attack with choices that the fuzzer makes.
func FuzzHostilePair(f *testing.F) {
	f.Add([]byte("seed"))
	f.Fuzz(func(t *testing.T, choices []byte) {
		attackPair(t, &tape{choices, rand.NewPCG(uint64(len(choices)), 2)}, fuzzRounds)
	})
}
