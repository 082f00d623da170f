package main

import (
	"testing"

	"resvirt/vi/abi"
)

// TestFunctionsAtBoot: the VMM knows each function but bridges, where its registers and its
// MSI-X table are, and none can do anything.
func TestFunctionsAtBoot(t *testing.T) {
	world(t, 1)
	b := onBus(t)
	b.silent(t)
	f := findFunction(testNIC)
	if devices.n != 2 || f == nil || f.msi != 0xf0 || f.pm != 0xdc || f.bars[0] != testNICMem || f.masks[0] != 0xfffe0000 || f.masks[1] != 0xffffffc1 {
		t.Errorf("%d functions, %+v", devices.n, f)
	}
	if f = findFunction(testDisk); f == nil || f.msi != 0x50 || f.msix != 0x70 || f.msgs != 8 || f.table != testMSIX || f.barAddress(0) != testDiskIO {
		t.Errorf("the disk: %+v", f)
	}
	if findFunction(0) != nil {
		t.Error("the bridge can be given away")
	}
}

// TestPinOfADevice: a level-triggered pin is masked from the interrupt to the guest's end of it.
func TestPinOfADevice(t *testing.T) {
	world(t, 1)
	b := onBus(t)
	d, v, _ := driver(t, 1)
	pirq, rc := mapIRQ(abi.PhysdevMapPirq{Type: abi.MapPirqGSI, Index: testNICPin})
	must(t, "map_pirq", rc)
	if q, rc := physdev(abi.PhysdevopIRQStatusQuery, abi.PhysdevIRQ{IRQ: pirq}); rc != 0 || q.Flags != abi.XenIRQStatNeedsEOI || pirq != testNICPin {
		t.Errorf("PIRQ %d: status %d, %d", pirq, q.Flags, rc)
	}
	port, rc := bindIRQ(pirq, 0)
	must(t, "bind_pirq", rc)
	soundHere(t)
	if _, rc := bindIRQ(pirq, 0); rc != -abi.EEXIST {
		t.Errorf("bound twice: %d", rc)
	}
	configPort(d, pciAddress, 4, pciEnable|testNIC<<8|4, true)
	configPort(d, pciData, 2, cmdMaster|cmdMemory, true)
	for i := range 3 {
		d.shared.EvtchnPending[0] = 0
		if !b.strike(testNIC, -1) || !d.isPending(port) {
			t.Fatalf("interrupt %d did not arrive", i)
		}
		if b.strike(testNIC, -1) {
			t.Fatal("the pin interrupts again before the guest has ended it")
		}
		if _, rc := physdev(abi.PhysdevopEOI, abi.PhysdevIRQ{IRQ: pirq}); rc != 0 {
			t.Errorf("eoi: %d", rc)
		}
	}
	var s abi.EvtchnStatus
	s.Port = port
	if portStatus(d, &s); s.Status != abi.EvtchnstatPirq || s.U[0] != pirq || sendEvent(d, port) != -abi.EINVAL {
		t.Errorf("status %+v", s)
	}
	b.strike(testNIC, -1)
	must(t, "close", closePort(d, port))
	if testIOAPIC[testNICPin]&redirMasked == 0 || d.pirq(pirq).awaited || d.pirq(pirq).vector != 0 {
		t.Error("a closed port leaves the pin open")
	}
	soundHere(t)
	_, rc = physdev(abi.PhysdevopUnmapPirq, abi.PhysdevUnmapPirq{Domid: abi.DomidSelf, Pirq: int32(pirq)})
	must(t, "unmap_pirq", rc)
	_ = v
}

// TestMessages: MSI and MSI-X go to the vCPU that is told, and only while they are bound.
func TestMessages(t *testing.T) {
	world(t, 2)
	b := onBus(t)
	d, _, _ := driver(t, 1)
	d.addVCPU(1)
	nic, rc := mapIRQ(abi.PhysdevMapPirq{Type: abi.MapPirqMSI, DevFn: testNIC})
	must(t, "map MSI", rc)
	one, rc := mapIRQ(abi.PhysdevMapPirq{Type: abi.MapPirqMSISeg, DevFn: testDisk, EntryNr: 1, TableBase: testMSIX})
	must(t, "map MSI-X", rc)
	two, rc := mapIRQ(abi.PhysdevMapPirq{Type: abi.MapPirqMSI, DevFn: testDisk, EntryNr: 7, TableBase: testMSIX})
	must(t, "map MSI-X", rc)
	if b.strike(testNIC, 0) || b.strike(testDisk, 1) {
		t.Error("a message that is not bound interrupts")
	}
	ports := [3]uint32{}
	for i, p := range [...]uint32{nic, one, two} {
		ports[i], rc = bindIRQ(p, 0)
		must(t, "bind", rc)
	}
	if b.strike(testDisk, 2) || !b.strike(testNIC, 0) || !b.strike(testDisk, 1) || !d.isPending(ports[0]) || !d.isPending(ports[1]) || d.isPending(ports[2]) {
		t.Error("messages do not arrive where they should")
	}
	must(t, "bind_vcpu", bindVcpu(d, ports[2], 1))
	if to := b.table[testMSIX+7*16]; to != msiBase|1<<12 || b.table[testMSIX+16] != msiBase {
		t.Errorf("entry 7 goes to %#x", to)
	}
	if q, rc := physdev(abi.PhysdevopIRQStatusQuery, abi.PhysdevIRQ{IRQ: two}); rc != 0 || q.Flags != 0 {
		t.Errorf("status %d, %d", q.Flags, rc)
	}
	must(t, "close", closePort(d, ports[1]))
	if b.strike(testDisk, 1) || !b.strike(testDisk, 7) {
		t.Error("closing a port closes another's message")
	}
	soundHere(t)
	enter(testCPU.core.idle)
	free := heap.nfree
	killDomain(d, false)
	b.silent(t)
	if findFunction(testNIC).owner != 0 || heap.nfree <= free {
		t.Error("the domain's functions stay with it")
	}
	soundHere(t)
}

// TestSharedPin: two domains share a pin if both say so; it opens when both have ended.
func TestSharedPin(t *testing.T) {
	world(t, 1)
	b := onBus(t)
	_, v, _ := driver(t, 1)
	second, sv, _ := onGuest(t, 2)
	ioTableOf(second).pins = 1 << testNICPin
	pin := abi.PhysdevMapPirq{Type: abi.MapPirqGSI, Index: testNICPin}
	for _, share := range [...]bool{false, true} {
		flags := uint32(0)
		if share {
			flags = abi.BindPirqWillShare
		}
		enter(v)
		p1, rc := mapIRQ(pin)
		must(t, "map", rc)
		port1, rc := bindIRQ(p1, flags)
		must(t, "bind", rc)
		enter(sv)
		p2, rc := mapIRQ(pin)
		must(t, "map", rc)
		port2, rc := bindIRQ(p2, abi.BindPirqWillShare)
		if share != (rc == 0) || !share && rc != -abi.EBUSY {
			t.Fatalf("sharing %v: %d", share, rc)
		}
		soundHere(t)
		if share {
			b.put(testNIC, 4, cmdMaster)
			if !b.strike(testNIC, -1) || !second.isPending(port2) {
				t.Error("the second is not told")
			}
			physdev(abi.PhysdevopEOI, abi.PhysdevIRQ{IRQ: p2})
			if testIOAPIC[testNICPin]&redirMasked == 0 {
				t.Error("the pin opens before both have ended")
			}
			must(t, "close", closePort(v.domain, port1))
			if testIOAPIC[testNICPin]&redirMasked != 0 {
				t.Error("the pin stays closed for one that is gone")
			}
			must(t, "close", closePort(second, port2))
		} else {
			must(t, "close", closePort(v.domain, port1))
		}
		soundHere(t)
	}
}
