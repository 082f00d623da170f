package main

import (
	"encoding/binary"
	"flag"
	"math/bits"
	"math/rand/v2"
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// objects is the number of pages of the hypervisor's heap that a domain
// consists of.
func objects(d *Domain) uint64 {
	n := uint64(0)
	d.eachObject(func(unsafe.Pointer) { n++ })
	return n
}

// hostile draws values that guests may pass where numbers, addresses, frames
// and structures are expected.
type hostile struct {
	*rand.Rand
	frames []mfn
	roots  []mfn // of address spaces
	made

	bus      *testBus // its functions are the guest's
	unit     *testUnit
	ioFrames []mfn // device memory, its and others'
}

// hostileGuests is the number of guests in a world, one after the other.
const hostileGuests = 30

func (h *hostile) value() uint64 {
	switch h.IntN(10) {
	case 0:
		return h.Uint64()
	case 1:
		return h.Uint64() >> h.UintN(64)
	case 2:
		return ^uint64(0) - h.Uint64N(20)
	case 3:
		return uint64(h.frames[h.IntN(len(h.frames))])
	case 4:
		return uint64(h.frames[h.IntN(len(h.frames))])<<12 | h.Uint64N(512)*8 | h.Uint64N(3)
	case 5:
		return h.Uint64N(testFrames + 10)
	case 6:
		return rootVA + h.Uint64N(4<<12)&^7
	case 7:
		return [...]uint64{m2pBase, directMapBase, 1 << 47, 1<<47 - 8, 0xffff880000000000, gdtWindowBase}[h.IntN(6)]
	default:
		return h.Uint64N(40)
	}
}

// entry draws a page-table entry.
func (h *hostile) entry() uint64 {
	if h.IntN(16) == 0 {
		return uint64(h.ioFrames[h.IntN(len(h.ioFrames))])<<12 | h.Uint64N(64)
	}
	return uint64(h.frames[h.IntN(len(h.frames))])<<12 | h.Uint64N(256) | h.Uint64N(2)<<63
}

// argument fills a page of the guest with numbers, and returns an address in it.
func (h *hostile) argument() uint64 {
	page := 1 + 2*h.IntN(8)
	at := uint64(pageVA+page<<12) + h.Uint64N(500)*8
	if frameOfVA(current(), at) == 0 || !guestRange(at, 96) {
		return at
	}
	for i := range uint64(12) {
		val := h.value()
		switch h.IntN(4) {
		case 0:
			val = h.entry()
		case 1:
			val = h.Uint64N(20) | h.Uint64N(4)<<32
		case 2:
			val = uint64(pageVA + h.IntN(16)<<12)
		}
		toGuest(at+8*i, unsafe.Pointer(&val), 8)
	}
	return at
}

// call makes one hypercall at random.
func (h *hostile) call() {
	if h.IntN(3) == 0 {
		h.meant()
		return
	}
	nr := h.Uint64N(abi.NumHypercalls + 2)
	if h.IntN(2) == 0 {
		nr = [...]uint64{abi.HypercallMMUExtOp, abi.HypercallEventChannelOp, abi.HypercallVcpuOp, abi.HypercallGrantTableOp,
			abi.HypercallMMUUpdate, abi.HypercallMemoryOp, abi.HypercallMulticall, abi.HypercallUpdateVAMapping}[h.IntN(8)]
	}
	if nr == abi.HypercallSelfCheck {
		return
	}
	var a [5]uint64
	for i := range a {
		if a[i] = h.value(); h.IntN(2) == 0 {
			a[i] = h.argument()
		}
	}
	switch h.IntN(3) {
	case 0: // a command and its argument
		a[0] = h.Uint64N(20)
		a[1] = h.argument()
		a[2] = h.Uint64N(5)
		if nr == abi.HypercallSchedOp && a[0] == abi.SchedopShutdown {
			return
		}
	case 1: // a list and its length
		a[0], a[1], a[2], a[3] = h.argument(), h.Uint64N(5), 0, abi.DomidSelf
	}
	h.enter(nr, a)
}

// context gives the second vCPU a first state that is proper but for a word or two.
func (h *hostile) context(root mfn) {
	const words = int(unsafe.Sizeof(abi.VcpuGuestContext{}) / 8)
	c := properContext(root)
	for range h.IntN(3) {
		at := h.IntN(words)
		if h.IntN(2) == 0 {
			at = words - 1 - h.IntN(43) // a word behind the trap table
		}
		val := h.value()
		if h.IntN(2) == 0 {
			val = 1 << h.IntN(64)
		}
		*(*uint64)(unsafe.Add(unsafe.Pointer(&c), at*8)) = val
	}
	if h.IntN(8) == 0 {
		*mxcsrOf(&c.FPU) = h.Uint32()
	}
	for va := uint64(pageVA + 4<<12); va < pageVA+6<<12; va += pageSize {
		m := frameOfVA(current(), va)
		if !frameOK(m) || pageOf(m).typ&ptCount != 0 && pageOf(m).typ&ptTypeMask != ptWritable {
			return // the VMM itself writes there: the test must not
		}
	}
	hyperVcpuOp(abi.VcpuopInitialise, 1, putContext(&c), 0, 0)
	commit()
}

// instruction lets the guest fault with bytes at random.
func (h *hostile) instruction() {
	b := make([]byte, 1+h.IntN(15))
	for i := range b {
		b[i] = byte(h.Uint32())
	}
	opcodes := [...][]byte{{0x48, 0x89}, {0x48, 0x87}, {0xf0, 0x48, 0x0f, 0xb1}, {0x0f, 0x22}, {0x0f, 0x20}, {0x0f, 0x30}, {0x0f, 0x32}, {0x48, 0x0f, 0xba}, {0x0f, 0x01}, {0xed}, {0xef}, {0x66, 0xef}, {0xee}}
	copy(b, opcodes[h.IntN(len(opcodes))])
	r := guestRegs()
	at := uint64(pageVA + 1<<12)
	for n := range 16 {
		*gpr(r, uint8(n)) = h.value()
	}
	r.CS, r.RIP, r.RDI = abi.FlatKernelCS, at, rootVA+h.Uint64N(4<<12)&^7
	if h.IntN(2) == 0 {
		r.RDX = [...]uint64{testPort, testPort + 60, pciAddress, pciData, pciData + 2, 0x3f8}[h.IntN(6)]
	}
	r.RSP = h.stack()
	toGuest(at, unsafe.Pointer(&b[0]), uint64(len(b)))
	testCPU.cr2 = r.RDI
	r.ErrorCode = uint32(h.Uint64N(1024))
	if h.IntN(2) == 0 {
		r.ErrorCode = h.Uint32N(8)
	}
	for i := range current().arch.traps {
		current().arch.traps[i] = abi.TrapInfo{Flags: uint8(h.IntN(8)), Address: pageVA}
	}
	r.EntryVector = []uint32{trapGP, trapPF, trapUD, 3, trapNM}[h.IntN(5)]
	handleTrap(r)
	commit()
	h.leave(r)
}

// hostileSeeds is the number of worlds that TestHostileGuest tries; for a run of
// hours, start it by hand: go test ./vi/vmm -run TestHostileGuest -timeout 0 -hostile
// 100000
var hostileSeeds = flag.Uint64("hostile", 12, "seeds of the test with a hostile guest")

// TestHostileGuest lets a guest do what it likes: invariants hold, another
// domain is not touched, and in the end everything comes back.
func TestHostileGuest(t *testing.T) {
	var all made
	for seed := range *hostileSeeds {
		m := attack(t, rand.NewPCG(seed, 1))
		all.calls, all.system, all.left, all.noUser, all.rings =
			all.calls+m.calls, all.system+m.system, all.left+m.left, all.noUser+m.noUser, all.rings+m.rings
		all.interrupts, all.ended = all.interrupts+m.interrupts, all.ended+m.ended
		all.switches, all.queued, all.tables, all.infos = all.switches+m.switches, all.queued+m.queued, all.tables+m.tables, all.infos+m.infos
	}
	if all.system == 0 || all.left == 0 || all.noUser == 0 || all.rings == 0 || all.switches == 0 || all.queued == 0 || all.tables == 0 || all.infos == 0 || all.interrupts == 0 || all.ended == 0 {
		t.Errorf("what was tried: %+v", all)
	}
	t.Logf("%+v", all)
}

// FuzzHostileGuest does what TestHostileGuest does, with choices that the
// fuzzer makes.
func FuzzHostileGuest(f *testing.F) {
	f.Add([]byte("seed"))
	f.Fuzz(func(t *testing.T, choices []byte) {
		attack(t, &tape{choices, rand.NewPCG(uint64(len(choices)), 1)})
	})
}

// tape is a source of random numbers; the first ones are given, by the fuzzer.
type tape struct {
	left []byte
	then rand.Source
}

func (p *tape) Uint64() uint64 {
	if len(p.left) < 4 {
		return p.then.Uint64()
	}
	v := binary.LittleEndian.Uint32(p.left)
	p.left = p.left[4:]
	return bits.Reverse64(uint64(v)) | uint64(v)
}

func attack(t *testing.T, choices rand.Source) made {
	t.Helper()
	world(t, 1)
	free := heap.nfree
	victim := createDomain(9, 8)
	secret := allocDomainPage(victim)
	unsafeBytes(secret)[5] = 42
	h := &hostile{Rand: rand.New(choices)}
	h.bus, h.unit = onIOMMU(t)
	free--                                      // the table of functions
	var window [abi.FirstReservedGDTPage]uint64 // of the processor's GDT
	testWindow = func(_, i uint32, entry uint64) { window[i] = entry }
	defer func() { testWindow = nil }()
	for range hostileGuests {
		d, v, list := onGuest(t, 1)
		spareVCPU(d)
		h.roots = []mfn{list[0], secondSpace(t, d, v)}
		h.frames = append(list, secret, idleL4Frame(), m2pFrame(), frameOfAddr(unsafe.Pointer(d)), 0, 1, h.roots[1])
		serveConsole(d, list[4+ringPage])
		h.ioFrames = h.giveDevices(d)
		commit()
		loadGDT(testCPU, v)
		for i := 0; i < 1000 && !d.shutdown; i++ {
			h.mend(v)
			switch k := h.IntN(20); {
			case k < 5:
				h.instruction()
			case k == 5:
				h.context(list[0])
			default:
				h.call()
			}
			fit(t, d, v, &window)
			h.bus.obeys(t, d)
			h.dma(t, d, secret)
			if i%50 == 0 {
				still(t, d)
			}
		}
		still(t, d)
		d.shutDown(0)
		enter(testCPU.core.idle)
		killDomain(d, false)
		h.bus.silent(t)
	}
	if pageOf(secret).count != pgAllocated|1 || unsafeBytes(secret)[5] != 42 {
		t.Errorf("another domain's frame was touched: %#x", pageOf(secret).count)
	}
	ended(t, free, victim)
	return h.made
}

// fit fails the test unless the processor has a root of v's and shows its descriptor
// table, and each vCPU has what a processor may be given.
func fit(t *testing.T, d *Domain, v *VCPU, window *[abi.FirstReservedGDTPage]uint64) {
	t.Helper()
	if root := v.cr3(); testCR3[0] != root || !rootOf(d, root) {
		t.Fatalf("CR3 holds %#x, the vCPU's root is %#x", testCR3[0], root)
	}
	for i, f := range v.arch.gdtFrames {
		if pteFrame(window[i]) != f {
			t.Fatalf("page %d of the GDT is frame %#x, the vCPU holds %#x", i, pteFrame(window[i]), f)
		}
	}
	for _, x := range d.vcpu[:d.nvcpus] {
		if what := wild(x); what != "" && x.initOK {
			t.Fatalf("vCPU %d has a wild %s: %+v", x.id, what, x.arch)
		}
	}
}

// rootOf says whether a value of CR3 names a root of d's that is valid.
func rootOf(d *Domain, root uint64) bool {
	m := mfn(root >> pageShift)
	if !frameOK(m) {
		return false
	}
	p := pageOf(m)
	return p.owner == d.frame32() && p.typ&(ptTypeMask|ptValidated) == ptL4|ptValidated && p.typ&ptCount != 0
}

// wild names a value of a vCPU's that a processor would refuse to load, or that
// would let its guest watch the hypervisor (AMD APM vol. 1, 4.2.2; vol. 2, 1.1.3, 13.1.1).
func wild(v *VCPU) string {
	a := &v.arch
	for _, at := range [...]uint64{a.fsBase, a.gsKernel, a.gsUser, a.event, a.failsafe, a.syscall, a.syscall32} {
		if int64(at<<16)>>16 != int64(at) {
			return "base or entry point"
		}
	}
	if binary.LittleEndian.Uint32(a.fpu[24:])>>16 != 0 {
		return "MXCSR"
	}
	for n, at := range a.debugReg[:4] {
		if at >= 0xffff800000000000 && at < 0xffff880000000000 { // xen-x86_64.h
			return "breakpoint"
		}
		if kind := a.debugReg[7] >> (16 + 4*n) & 3; kind == 2 && a.debugReg[7]&0xff != 0 {
			return "breakpoint on ports"
		}
	}
	for _, m := range append(a.gdtFrames[:], a.ldtFrames[:]...) {
		if m != 0 && pageOf(m).typ&(ptTypeMask|ptValidated) != ptSegDesc|ptValidated {
			return "descriptor table"
		}
	}
	if a.debugReg[6]>>32 != 0 || a.debugReg[7]>>32 != 0 || a.debugReg[7]&(1<<13) != 0 {
		return "DR6 or DR7"
	}
	return ""
}

func m2pFrame() mfn { return mfn(m2pPhys >> pageShift) }

// still fails the test unless those invariants hold which a guest could break.
func still(t *testing.T, d *Domain) {
	t.Helper()
	testCPU.core.softirq = 0
	if bad := checkAll() &^ (checkVCPUs | checkQueues); bad != 0 {
		t.Fatalf("invariants violated: %#x", bad)
	}
	counted(t, d)
}
