package main

import (
	"slices"
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// What a hostile guest does with devices that it has: the bus of device_test.go.

// giveDevices gives both functions to a guest, with what belongs to them, and lists frames of
// device memory that it tries to map.
func (h *hostile) giveDevices(d *Domain) []mfn {
	d.takeFunctions()
	return []mfn{testNICMem >> 12, testNICMem>>12 + 1, testNICMem>>12 + 0x20, testDiskIO >> 12, testMSIX >> 12, testMSIX>>12 + 1, apicPhys >> 12, ioapicPhys >> 12}
}

// devices does some things with devices, at times those that a driver does, in its order.
func (h *hostile) devices() {
	if h.IntN(2) == 0 {
		h.device(h.IntN(9))
		return
	}
	h.enter(abi.HypercallPhysdevOp, [5]uint64{abi.PhysdevopMapPirq,
		h.words(0, abi.DomidSelf|abi.MapPirqGSI<<32, testNICPin|(1<<32-1)<<32)})
	d := current().domain
	h.enter(abi.HypercallEventChannelOp, [5]uint64{abi.EvtchnopBindPirq, h.words(0, testNICPin)})
	configPort(d, pciAddress, 4, pciEnable|testNIC<<8|pciCommand, true)
	configPort(d, pciData, 2, cmdMaster|cmdMemory, true)
	for _, what := range [...]int{8, h.IntN(9), 3, h.IntN(9), 1, 2, 8, h.IntN(9), 8} {
		if !d.shutdown {
			h.device(what)
		}
	}
}

// device does one thing.
func (h *hostile) device(what int) {
	d := current().domain
	nr := h.Uint64N(maxPirqs + 2)
	if h.IntN(4) != 0 {
		nr = [...]uint64{testNICPin, ioapicPins, ioapicPins + 1, ioapicPins + 2, ioapicPins + 3}[h.IntN(5)]
	}
	switch what {
	case 0, 1:
		h.mapPirq(nr)
	case 2:
		at := h.words(0, nr|h.Uint64N(2)<<32)
		h.enter(abi.HypercallEventChannelOp, [5]uint64{abi.EvtchnopBindPirq, at})
	case 3:
		if p := d.pirq(uint32(nr)); p != nil && p.awaited {
			h.made.ended++
		}
		h.enter(abi.HypercallPhysdevOp, [5]uint64{abi.PhysdevopEOI, h.words(0, nr)})
	case 4:
		cmds := [...]uint64{abi.PhysdevopIRQStatusQuery, abi.PhysdevopUnmapPirq, abi.PhysdevopGetFreePirq, abi.PhysdevopPCIDeviceAdd,
			abi.PhysdevopPCIDeviceRemove, abi.PhysdevopPrepareMSIX, abi.PhysdevopReleaseMSIX}
		h.enter(abi.HypercallPhysdevOp, [5]uint64{cmds[h.IntN(len(cmds))], h.words(0, nr<<32|abi.DomidSelf, nr)})
	case 5:
		port := d.portOf(uint32(nr))
		cmd := [...]uint64{abi.EvtchnopClose, abi.EvtchnopStatus, abi.EvtchnopUnmask, abi.EvtchnopBindVcpu, abi.EvtchnopSend}[h.IntN(5)]
		at := h.words(0, uint64(port))
		if cmd == abi.EvtchnopStatus {
			at = h.words(0, abi.DomidSelf|uint64(port)<<32)
		}
		h.enter(abi.HypercallEventChannelOp, [5]uint64{cmd, at})
	case 6:
		h.configure(d)
	default:
		devfn, entry := uint8(testDisk), h.IntN(8)
		if h.IntN(2) == 0 {
			devfn, entry = testNIC, h.IntN(2)-1
		}
		if h.bus.strike(devfn, entry) {
			h.made.interrupts++
		}
	}
	commit()
}

// portOf is the port of a PIRQ, or 1.
func (d *Domain) portOf(nr uint32) uint32 {
	if p := d.pirq(nr); p != nil && p.port != 0 {
		return p.port
	}
	return 1
}

func (h *hostile) mapPirq(nr uint64) {
	m := abi.PhysdevMapPirq{Domid: abi.DomidSelf, Type: int32(h.IntN(6)) - 1, Index: testNICPin, Pirq: -1, DevFn: testNIC, EntryNr: int32(h.IntN(9))}
	if h.IntN(2) == 0 {
		m.Pirq = int32(nr)
	}
	switch h.IntN(6) {
	case 0:
		m.Index, m.Bus, m.DevFn = int32(h.value()), int32(h.value()), int32(h.value())
	case 1, 2, 3:
		m.DevFn, m.TableBase = testDisk, testMSIX
	}
	w := (*[4]uint64)(unsafe.Pointer(&m))
	h.enter(abi.HypercallPhysdevOp, [5]uint64{abi.PhysdevopMapPirq, h.words(0, w[0], w[1], w[2], w[3])})
}

// configure writes configuration space.
func (h *hostile) configure(d *Domain) {
	devfn := [...]uint32{testNIC, testDisk, 0, h.Uint32N(256)}[h.IntN(4)]
	at := h.Uint32N(256)
	if h.IntN(3) == 0 {
		at = [...]uint32{pciCommand, 0xe0, 0x88, pciBAR}[h.IntN(4)]
	}
	configPort(d, pciAddress, 4, pciEnable|devfn<<8|at, true)
	size := uint(1) << h.IntN(3)
	configPort(d, pciData+uint16(h.IntN(4)), size, uint32(h.value()), true)
	configPort(d, pciData+uint16(h.IntN(4)), size, 0, false)
}

// obeys fails the test unless the devices' settings are those that the VMM must have made for the
// guest: where they interrupt, somebody listens, and registers are where they were.
func (b *testBus) obeys(t *testing.T, d *Domain) {
	t.Helper()
	listens := func(what string, kind uint8, vector uint32) {
		r := routeOf(uint8(vector))
		if vector > 0xff || r == nil || !slices.ContainsFunc(r.guests[:r.n], func(g routeGuest) bool { return g.d == d && d.pirq(g.nr).kind == kind }) {
			t.Fatalf("%s interrupts by vector %#x, which leads to nobody", what, vector)
		}
	}
	if b.get(testNIC, 0xf2, 2)&msiOn != 0 {
		listens("the NIC", pirqMSI, b.vector(testNIC, b.get(testNIC, 0xfc, 2)))
	}
	if b.get(testDisk, 0x52, 2)&msiOn != 0 {
		listens("the disk", pirqMSI, b.vector(testDisk, b.get(testDisk, 0x5c, 2)))
	}
	for i := range uint64(8) {
		at := testMSIX + 16*i
		if b.table[at+12]&entryMask == 0 {
			listens("an entry of MSI-X", pirqMSIX, b.vector(testDisk, b.table[at+8]))
		}
		if to := b.table[at] | b.table[at+4]; to != 0 && to != msiBase {
			t.Fatalf("a message goes to %#x", to)
		}
	}
	for pin, e := range testIOAPIC {
		if e&redirMasked != 0 {
			continue
		}
		listens("a pin", pirqGSI, uint32(uint8(e)))
		if pin < firstPCIPin || routeOf(uint8(e)).awaited() {
			t.Fatalf("pin %d is open", pin)
		}
	}
	if b.get(testNIC, 0x10, 4) != testNICMem || b.get(testNIC, 0x14, 4) != testPort|1 || b.get(testDisk, 0x10, 4) != testDiskIO|4 {
		t.Fatal("a BAR has moved")
	}
	if d.vcpu[0].arch.guestTable != 0 {
		b.mappings(t, d)
	}
}

// dma lets a function reach frames at random, and all after some calls.
func (h *hostile) dma(t *testing.T, d *Domain, secret mfn) {
	for range 3 {
		h.unit.reaches(testNIC, uint64(h.frames[h.IntN(len(h.frames))])<<pageShift, h.IntN(2) == 0)
	}
	if h.IntN(20) != 0 {
		return
	}
	for m := mfn(1); m < testFrames; m++ {
		p := pageOf(m)
		own := p.owner == d.frame32() && p.count&(pgHeap|pgFree) == 0
		granted := d.dmaEntry(m) != nil && !own && *d.dmaEntry(m)&(dmaMost*dmaReaders|dmaMost*dmaWriters) != 0
		if may := own && p.typ&ptTypeMask == ptWritable; h.unit.reaches(testNIC, uint64(m)<<pageShift, true) != may && !granted {
			t.Fatalf("frame %#x of type %#x, own %v: reached %v", m, p.typ, own, !may)
		}
	}
	if h.unit.reaches(testNIC, uint64(secret)<<pageShift, false) {
		t.Fatal("another domain's frame is reached")
	}
}

// mappings looks for entries that let the guest write where it must not.
func (b *testBus) mappings(t *testing.T, d *Domain) {
	for m := mfn(d.pageList); m != 0; m = mfn(pageOf(m).next) {
		if typ := pageOf(m).typ; typ&ptTypeMask != ptL1 || typ&ptValidated == 0 {
			continue
		}
		for i, e := range tableAt(m) {
			f := pteFrame(e)
			if e&pteP == 0 || frameOK(f) {
				continue
			}
			nic := f >= testNICMem>>12 && f < testNICMem>>12+0x20
			disk := f == testDiskIO>>12 || f == testDiskIO>>12+1 || e&pteW == 0 && f > testDiskIO>>12 && f < testDiskIO>>12+4
			if !nic && !disk {
				t.Fatalf("entry %d of table %#x maps %#x: %#x", i, m, f, e)
			}
		}
	}
}
