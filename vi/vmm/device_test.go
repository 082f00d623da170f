package main

import (
	"math/rand/v2"
	"testing"

	"resvirt/vi/abi"
)

// A bus of PCI for native tests: a network controller with MSI, whose pin leads to pin 17 of
// the I/O APIC, and a disk controller with MSI-X, as the machine has them. The bus knows
// what a device may do at a moment, which the VMM must have allowed.

const (
	testNIC    = 5 << 3 // devfn
	testDisk   = 4 << 3
	testNICPin = 17
	testNICMem = 0xe0000000
	testDiskIO = 0xe0100000 // its MSI-X table lies at 0x2000, its pending bits at 0x3000
	testPort   = 0xc040
	testMSIX   = testDiskIO + 0x2000
)

// testBus is that bus.
type testBus struct {
	space map[uint8]*[256]byte
	table map[uint64]uint32 // words of the MSI-X table
	ports map[uint16]uint32
}

// onBus is an empty machine with such a bus, and a control domain whose vCPU is current.
func onBus(t *testing.T) *testBus {
	t.Helper()
	b := &testBus{map[uint8]*[256]byte{}, map[uint64]uint32{}, map[uint16]uint32{}}
	b.put(0, 0, 0x12378086)
	b.put(0, 8, 0x06000002)
	b.put(testNIC, 0, 0x100e8086)
	b.put(testNIC, 4, 0x00100007)
	b.put(testNIC, 8, 0x02000002)
	b.put(testNIC, 0x10, testNICMem)
	b.put(testNIC, 0x14, testPort|1)
	b.put(testNIC, 0x34, 0xdc)
	b.put(testNIC, 0xdc, 0x0002f001)
	b.put(testNIC, 0xf0, 0x00800005)
	b.put(testDisk, 0, 0x00108086)
	b.put(testDisk, 4, 0x00100007)
	b.put(testDisk, 8, 0x01080200)
	b.put(testDisk, 0x10, testDiskIO|4)
	b.put(testDisk, 0x34, 0x70)
	b.put(testDisk, 0x50, 0x00800005)
	b.put(testDisk, 0x70, 0x00075011) // eight messages
	b.put(testDisk, 0x74, 0x2000)
	b.put(testDisk, 0x78, 0x3000)
	testConfig, testTable, testPorts = b.config, func(at uint64, v uint32) { b.table[at] = v }, b.port
	testIOAPIC = [ioapicPins]uint64{}
	ioapicInit()
	devices = nil
	findFunctions()
	t.Cleanup(func() { devices, testConfig, testTable, testPorts = nil, nil, nil, nil })
	return b
}

func (b *testBus) put(devfn uint8, at int, v uint32) {
	if b.space[devfn] == nil {
		b.space[devfn] = &[256]byte{}
	}
	for i := range 4 {
		b.space[devfn][at+i] = byte(v >> (8 * i))
	}
}

func (b *testBus) get(devfn uint8, at, size int) (v uint32) {
	for i := range size {
		x := byte(0xff)
		if s := b.space[devfn]; s != nil {
			x = s[at+i]
		}
		v |= uint32(x) << (8 * i)
	}
	return v
}

// config is testConfig. BARs keep the bits below their sizes; the rest takes what it is given.
func (b *testBus) config(devfn uint8, at uint16, size uint, v uint32, write bool) uint32 {
	if !write {
		return b.get(devfn, int(at), int(size))
	}
	s := b.space[devfn]
	if s == nil {
		return 0
	}
	if at >= 0x10 && at < 0x28 {
		old, mask := b.get(devfn, int(at&^3), 4), uint32(0)
		switch {
		case devfn == testNIC && at == 0x10:
			mask = 0xfffe0000
		case devfn == testNIC && at == 0x14:
			mask = 0xffffffc0
		case devfn == testDisk && at == 0x10:
			mask = 0xffffc000
		case devfn == testDisk && at == 0x14:
			mask = 0xffffffff
		}
		b.put(devfn, int(at), old&^mask|v&mask)
		return 0
	}
	for i := range size {
		s[uint(at)+i] = byte(v >> (8 * i))
	}
	return 0
}

func (b *testBus) port(port uint16, size uint, v uint32, write bool) uint32 {
	if write {
		b.ports[port] = v
	}
	return b.ports[port]
}

// silent fails the test if a device may write into memory or interrupt.
func (b *testBus) silent(t *testing.T) {
	t.Helper()
	for _, devfn := range [...]uint8{testNIC, testDisk} {
		if cmd := b.get(devfn, 4, 2); cmd&cmdMaster != 0 || cmd&cmdINTxOff == 0 {
			t.Errorf("function %#x: command %#x", devfn, cmd)
		}
	}
	if b.get(testNIC, 0xf2, 2)&msiOn != 0 || b.get(testDisk, 0x72, 2)&msixOn != 0 || b.get(testDisk, 0x52, 2)&msiOn != 0 {
		t.Error("messages are on")
	}
	for i := range uint64(8) {
		if b.table[testMSIX+16*i+12]&entryMask == 0 {
			t.Errorf("entry %d of the MSI-X table is not masked", i)
		}
	}
	for pin, e := range testIOAPIC {
		if e&redirMasked == 0 {
			t.Errorf("pin %d is not masked: %#x", pin, e)
		}
	}
}

// strike lets a device interrupt, if it may, and says whether it could.
func (b *testBus) strike(devfn uint8, entry int) bool {
	data := uint32(0)
	switch {
	case devfn == testNIC && entry < 0: // by its pin
		e := testIOAPIC[testNICPin]
		if e&redirMasked != 0 || b.get(testNIC, 4, 2)&cmdINTxOff != 0 || b.get(testNIC, 0xf2, 2)&msiOn != 0 {
			return false
		}
		data = uint32(e)
	case devfn == testNIC:
		if b.get(testNIC, 0xf2, 2)&msiOn == 0 {
			return false
		}
		data = b.get(testNIC, 0xfc, 2)
	default:
		at := testMSIX + 16*uint64(entry)
		if b.get(testDisk, 0x72, 2)&msixOn == 0 || b.table[at+12]&entryMask != 0 {
			return false
		}
		data = b.table[at+8]
	}
	deviceInterrupt(uint8(data))
	return true
}

// driver is a domain with both functions, their memory and the NIC's port and pin.
func driver(t *testing.T, id uint16) (*Domain, *VCPU, []mfn) {
	t.Helper()
	c, v := newDomain(t, 0)
	c.privileged = true
	d, dv, list := onGuest(t, id)
	enter(v)
	for _, x := range []struct {
		what  string
		cmd   uint32
		words []uint64
	}{
		{"iomem", abi.DomctlIOMemPermission, []uint64{testNICMem >> 12, 0x20, 1}},
		{"iomem", abi.DomctlIOMemPermission, []uint64{testDiskIO >> 12, 4, 1}},
		{"ioport", abi.DomctlPortPermission, []uint64{testPort | 64<<32, 1}},
		{"irq", abi.DomctlIRQPermission, []uint64{testNICPin | 1<<8}},
		{"assign", abi.DomctlAssignDevice, []uint64{0, testNIC}},
		{"assign", abi.DomctlAssignDevice, []uint64{0, testDisk}},
	} {
		_, rc := command(x.cmd, id, x.words...)
		must(t, x.what, rc)
	}
	enter(dv)
	return d, dv, list
}

// physdev makes a call of physdev_op with an argument, which it returns.
func physdev[T any](cmd uint64, arg T) (T, int64) {
	at := put(1, 0, arg)
	rc := hyperPhysdevOp(cmd, at, 0, 0, 0)
	commit()
	return got[T](at), rc
}

// soundHere is sound, where the test has made a vCPU current.
func soundHere(t *testing.T) {
	t.Helper()
	testCPU.core.softirq = 0
	if bad := checkAll() &^ (checkVCPUs | checkQueues); bad != 0 {
		t.Fatalf("invariants violated: %#x", bad)
	}
}

func mapIRQ(m abi.PhysdevMapPirq) (uint32, int64) {
	if m.Domid == 0 {
		m.Domid = abi.DomidSelf
	}
	if m.Pirq == 0 {
		m.Pirq = -1
	}
	r, rc := physdev(abi.PhysdevopMapPirq, m)
	return uint32(r.Pirq), rc
}

func bindIRQ(pirq, flags uint32) (uint32, int64) {
	at := put(1, 64, abi.EvtchnBindPirq{Pirq: pirq, Flags: flags})
	rc := hyperEventChannelOp(abi.EvtchnopBindPirq, at, 0, 0, 0)
	commit()
	return got[abi.EvtchnBindPirq](at).Port, rc
}

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

// TestDeviceRefusals: who may not do what, by Xen's rules.
func TestDeviceRefusals(t *testing.T) {
	world(t, 1)
	onBus(t)
	d, v, _ := driver(t, 1)
	other, ov, _ := onGuest(t, 2)
	self := func(m abi.PhysdevMapPirq) int64 { _, rc := mapIRQ(m); return rc }
	nic := abi.PhysdevMapPirq{Type: abi.MapPirqMSI, DevFn: testNIC}
	if rc := self(nic); rc != -abi.EPERM || other.io != nil {
		t.Errorf("a domain without devices: %d", rc)
	}
	control := lookupDomain(0)
	defer control.put()
	enter(control.vcpu[0])
	for _, x := range []struct {
		name  string
		cmd   uint32
		id    uint16
		words []uint64
		want  int64
	}{
		{"a function that another has", abi.DomctlAssignDevice, 2, []uint64{0, testNIC}, -abi.EBUSY},
		{"a test of it", abi.DomctlTestAssign, 2, []uint64{0, testNIC}, -abi.EINVAL},
		{"a function that does not exist", abi.DomctlAssignDevice, 2, []uint64{0, 9 << 3}, -abi.ENODEV},
		{"the bridge", abi.DomctlAssignDevice, 2, []uint64{0, 0}, -abi.ENODEV},
		{"another bus", abi.DomctlAssignDevice, 2, []uint64{0, 1<<8 | testNIC}, -abi.ENODEV},
		{"no PCI device", abi.DomctlAssignDevice, 2, []uint64{1, testNIC}, -abi.EINVAL},
		{"taking it from one that has it not", abi.DomctlDeassignDevice, 2, []uint64{0, testNIC}, -abi.ENODEV},
		{"memory of the local APIC", abi.DomctlIOMemPermission, 2, []uint64{apicPhys >> 12, 1, 1}, -abi.EPERM},
		{"memory of the I/O APIC", abi.DomctlIOMemPermission, 2, []uint64{ioapicPhys >> 12, 1, 1}, -abi.EPERM},
		{"RAM", abi.DomctlIOMemPermission, 2, []uint64{100, 1, 1}, -abi.EPERM},
		{"no frames", abi.DomctlIOMemPermission, 2, []uint64{testNICMem >> 12, 0, 1}, -abi.EINVAL},
		{"frames beyond the end", abi.DomctlIOMemPermission, 2, []uint64{^uint64(0), 2, 1}, -abi.EINVAL},
		{"the serial port", abi.DomctlPortPermission, 2, []uint64{0x3f8 | 8<<32, 1}, -abi.EPERM},
		{"ports beyond the end", abi.DomctlPortPermission, 2, []uint64{0xffff | 2<<32, 1}, -abi.EINVAL},
		{"the timer's pin", abi.DomctlIRQPermission, 2, []uint64{2 | 1<<8}, -abi.EPERM},
		{"a pin that does not exist", abi.DomctlIRQPermission, 2, []uint64{200 | 1<<8}, -abi.EINVAL},
	} {
		if _, rc := command(x.cmd, x.id, x.words...); rc != x.want {
			t.Errorf("%s: %d, want %d", x.name, rc, x.want)
		}
	}
	disk := abi.PhysdevMapPirq{Type: abi.MapPirqMSI, DevFn: testDisk, TableBase: 1}
	ioTableOf(other)
	for _, x := range []struct {
		name string
		v    *VCPU
		m    abi.PhysdevMapPirq
		want int64
	}{
		{"another's function", ov, nic, -abi.EPERM},
		{"a pin that it may not use", ov, abi.PhysdevMapPirq{Type: abi.MapPirqGSI, Index: testNICPin}, -abi.EPERM},
		{"for another domain", ov, abi.PhysdevMapPirq{Domid: 1, Type: abi.MapPirqMSI, DevFn: testNIC}, -abi.EPERM},
		{"a function that does not exist", v, abi.PhysdevMapPirq{DevFn: 9 << 3}, -abi.ENODEV},
		{"a devfn that is none", v, abi.PhysdevMapPirq{DevFn: testNIC | 0x100}, -abi.ENODEV},
		{"MSI-X where there is none", v, abi.PhysdevMapPirq{DevFn: testNIC, TableBase: 1}, -abi.ENODEV},
		{"behind the table's end", v, abi.PhysdevMapPirq{DevFn: testDisk, TableBase: 1, EntryNr: 8}, -abi.EINVAL},
		{"below its begin", v, abi.PhysdevMapPirq{DevFn: testDisk, TableBase: 1, EntryNr: -1}, -abi.EINVAL},
		{"two messages of MSI", v, abi.PhysdevMapPirq{Type: abi.MapPirqMultiMSI, DevFn: testNIC, EntryNr: 2}, -abi.EINVAL},
		{"a pin of the ISA bus", v, abi.PhysdevMapPirq{Type: abi.MapPirqGSI, Index: 4}, -abi.EINVAL},
		{"an unknown type", v, abi.PhysdevMapPirq{Type: abi.MapPirqUnknown, DevFn: testNIC}, -abi.EINVAL},
		{"a number that there is not", v, abi.PhysdevMapPirq{Pirq: maxPirqs, DevFn: testNIC}, -abi.EINVAL},
		{"the message", v, abi.PhysdevMapPirq{Pirq: 30, DevFn: testNIC}, 0},
		{"the message again", v, nic, -abi.EEXIST},
		{"its number for another", v, abi.PhysdevMapPirq{Pirq: 30, DevFn: testDisk, TableBase: 1}, -abi.EBUSY},
		{"an entry", v, disk, 0},
	} {
		enter(x.v)
		if rc := self(x.m); rc != x.want {
			t.Errorf("%s: %d, want %d", x.name, rc, x.want)
		}
		soundHere(t)
	}
	for _, x := range []struct {
		pirq uint32
		want int64
	}{{maxPirqs, -abi.EINVAL}, {40, -abi.EPERM}} {
		if _, rc := bindIRQ(x.pirq, 0); rc != x.want {
			t.Errorf("binding PIRQ %d: %d, want %d", x.pirq, rc, x.want)
		}
	}
	if _, rc := physdev(abi.PhysdevopEOI, abi.PhysdevIRQ{IRQ: 40}); rc != -abi.EINVAL {
		t.Errorf("the end of nothing: %d", rc)
	}
	if _, rc := physdev(abi.PhysdevopPCIDeviceAdd, abi.PhysdevPCIDevice{DevFn: testNIC}); rc != -abi.EPERM {
		t.Errorf("a driver domain announces a function: %d", rc)
	}
	enter(control.vcpu[0])
	if _, rc := command(abi.DomctlDeassignDevice, 1, 0, testNIC); rc != -abi.EBUSY {
		t.Errorf("a function whose message is mapped: %d", rc)
	}
	if d.io == nil || findFunction(testNIC).owner != d.frame32() {
		t.Error("a refusal had an effect")
	}
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

// TestConfigurationSpace: a domain finds its own functions, and moves neither registers nor
// messages.
func TestConfigurationSpace(t *testing.T) {
	world(t, 1)
	b := onBus(t)
	d, _, _ := driver(t, 1)
	other, _, _ := onGuest(t, 2)
	ioTableOf(other)
	read := func(d *Domain, devfn uint8, at uint32) uint32 {
		configPort(d, pciAddress, 4, pciEnable|uint32(devfn)<<8|at&0xfc, true)
		return configPort(d, pciData+uint16(at&3), 4-uint(at&3), 0, false)
	}
	write := func(d *Domain, devfn uint8, at uint32, size uint, v uint32) {
		configPort(d, pciAddress, 4, pciEnable|uint32(devfn)<<8|at&0xfc, true)
		configPort(d, pciData+uint16(at&3), size, v, true)
	}
	if read(d, testNIC, 0) != 0x100e8086 || read(d, 0, 0) != ^uint32(0) || read(other, testNIC, 0) != ^uint32(0) {
		t.Error("a domain finds others' functions, or not its own")
	}
	control := lookupDomain(0)
	defer control.put()
	if read(control, 0, 0) != 0x12378086 || read(control, testNIC, 0) != 0x100e8086 {
		t.Error("the control domain does not find all")
	}
	before := *b.space[testNIC]
	disk := *b.space[testDisk]
	for at := range uint32(256) {
		for _, size := range [...]uint{1, 2, 4} {
			if at&3+uint32(size) > 4 || at == pciCommand || at == pciCommand+1 || at == 0xe0 || at == 0xe1 ||
				at == pciStatus || at == pciCache || at == pciLatency || at == pciLine {
				continue
			}
			for _, v := range [...]uint32{0, 0xffffffff, 0x12345678} {
				write(d, testNIC, at, size, v)
				write(other, testNIC, at, size, v)
				write(control, testNIC, at, size, v)
				write(other, testDisk, at, size, v)
			}
		}
	}
	if *b.space[testNIC] != before || *b.space[testDisk] != disk {
		t.Error("a write that must have no effect has one")
	}
	if write(d, testNIC, 0x10, 4, ^uint32(0)); read(d, testNIC, 0x10) != 0xfffe0000 {
		t.Errorf("the size of a BAR reads %#x", read(d, testNIC, 0x10))
	}
	if write(d, testNIC, 0x10, 4, testNICMem); read(d, testNIC, 0x10) != testNICMem {
		t.Errorf("a BAR reads %#x", read(d, testNIC, 0x10))
	}
	if write(d, testNIC, pciCommand, 2, 0xffff); b.get(testNIC, 4, 2) != cmdGuest {
		t.Errorf("command %#x", b.get(testNIC, 4, 2))
	}
	d.io.address = 0
	if configPort(d, pciData, 4, 0, false) != ^uint32(0) {
		t.Error("configuration space answers while it is off")
	}
}

// TestDeviceMemory: what was permitted can be mapped, but no MSI-X table for writing, and
// recovery keeps it.
func TestDeviceMemory(t *testing.T) {
	recoverable(t)
	onBus(t)
	d, v, list := driver(t, 1)
	at := uint64(pageVA + 3<<12)
	frame := list[4+3]
	io := func(pa, flags uint64) uint64 { return pa | pteP | pteU | flags }
	for _, x := range []struct {
		name  string
		entry uint64
		want  int64
	}{
		{"the NIC's registers", io(testNICMem, pteW|ptePCD), 0},
		{"its last page", io(testNICMem+0x1f000, pteW), 0},
		{"the page behind", io(testNICMem+0x20000, pteW), -abi.EINVAL},
		{"the MSI-X table, to write", io(testMSIX, pteW), -abi.EINVAL},
		{"the MSI-X table, to read", io(testMSIX, 0), 0},
		{"the same, to write now", io(testMSIX, pteW), -abi.EINVAL},
		{"pending bits, to write", io(testMSIX+0x1000, pteW), -abi.EINVAL},
		{"the local APIC", io(apicPhys, 0), -abi.EINVAL},
		{"the I/O APIC", io(ioapicPhys, 0), -abi.EINVAL},
		{"beyond 4 GiB", io(1<<40, 0), -abi.EINVAL},
		{"the disk's registers", io(testDiskIO, pteW), 0},
	} {
		rc := hyperUpdateVAMapping(at, x.entry, 0, 0, 0)
		commit()
		if rc != x.want {
			t.Errorf("%s: %d, want %d", x.name, rc, x.want)
		}
		soundHere(t)
	}
	grantTableOf(d).grow(d, 1)
	g, _ := d.grants.entry(9)
	*g = abi.GrantEntry{Flags: abi.GTFPermitAccess, Domid: d.id, Frame: uint32(list[4+7])}
	m := put(1, 0, abi.GnttabMapGrantRef{HostAddr: pageVA + 5<<12, Flags: abi.GNTMAPHost, Ref: 9, Dom: d.id})
	if hyperGrantTableOp(abi.GnttabopMapGrantRef, m, 1, 0, 0); got[abi.GnttabMapGrantRef](m).Status != 0 {
		t.Fatal("a grant to oneself is not mapped")
	}
	commit()
	handle := got[abi.GnttabMapGrantRef](m).Handle
	r := put(1, 0, abi.GnttabUnmapAndReplace{HostAddr: pageVA + 5<<12, NewAddr: at, Handle: handle})
	if hyperGrantTableOp(abi.GnttabopUnmapAndReplace, r, 1, 0, 0); got[abi.GnttabUnmapAndReplace](r).Status != abi.GNTSTGeneralError {
		t.Errorf("an entry for device memory is moved: %d", got[abi.GnttabUnmapAndReplace](r).Status)
	}
	commit()
	u := put(1, 0, abi.GnttabUnmapGrantRef{HostAddr: pageVA + 5<<12, Handle: handle})
	if hyperGrantTableOp(abi.GnttabopUnmapGrantRef, u, 1, 0, 0); got[abi.GnttabUnmapGrantRef](u).Status != 0 {
		t.Errorf("unmap: %d", got[abi.GnttabUnmapGrantRef](u).Status)
	}
	commit()
	enter(testCPU.core.idle)
	repair()
	enter(v)
	if e := tableAt(list[3])[at>>12&511]; e&pteAddr != testDiskIO || e&pteP == 0 {
		t.Errorf("after recovery the entry is %#x", e)
	}
	d.io.mem = ranges{}
	enter(testCPU.core.idle)
	repair()
	enter(v)
	if e := tableAt(list[3])[at>>12&511]; e != 0 {
		t.Errorf("recovery keeps an entry that nothing permits: %#x", e)
	}
	must(t, "back", hyperUpdateVAMapping(at, entryTo(frame, pteW|pteU), 0, 0, 0))
	soundHere(t)
}

// TestPorts: IN and OUT reach the ports that a domain was let use.
func TestPorts(t *testing.T) {
	world(t, 1)
	b := onBus(t)
	_, v, _ := driver(t, 1)
	v.arch.iopl = 1
	v.arch.flags |= inKernelMode
	in := func(port uint16, code ...byte) uint64 {
		r := insnBytes(code...)
		r.RAX, r.RDX = 0xaabbccdd, uint64(port)
		if !serveFault(v, r, trapGP) {
			t.Fatalf("% x at %#x is not executed", code, port)
		}
		return r.RAX
	}
	for _, x := range []struct {
		port uint16
		ok   bool
	}{{testPort, true}, {testPort + 60, true}, {testPort + 61, false}, {testPort - 4, false}, {0x3f8, false}, {0x80, false}, {0xcf9, false}} {
		in(x.port, 0xef)
		if _, wrote := b.ports[x.port]; wrote != x.ok {
			t.Errorf("OUT to %#x: %v", x.port, wrote)
		}
		b.ports[x.port] = 0x01020304
		if got := in(x.port, 0xed); (got == 0x01020304) != x.ok || !x.ok && got != 0xffffffff {
			t.Errorf("IN from %#x: %#x", x.port, got)
		}
		clear(b.ports)
	}
	if got := in(testPort, 0xec); got != 0xaabbcc00 {
		t.Errorf("a byte: %#x", got)
	}
}

// TestRanges compares sets with maps.
func TestRanges(t *testing.T) {
	const size = 120
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var s ranges
		in := [size]bool{}
		for range 60 {
			x := span{r.Uint64N(size), 0}
			x.end = x.first + 1 + r.Uint64N(size-x.first)
			put := r.IntN(2) == 0
			was := s
			if put && !s.add(x) || !put && !s.remove(x) {
				if s != was || s.n < maxRanges {
					t.Fatal("a refusal changed the set, or was none")
				}
				continue
			}
			for i := x.first; i < x.end; i++ {
				in[i] = put
			}
			for i := range uint64(size) {
				if s.has(span{i, i + 1}) != in[i] {
					t.Fatalf("%d: %v in %+v", i, !in[i], s)
				}
			}
			for range 20 {
				x := span{r.Uint64N(size), 0}
				x.end = x.first + 1 + r.Uint64N(size-x.first)
				all := true
				for i := x.first; i < x.end; i++ {
					all = all && in[i]
				}
				if s.has(x) != all {
					t.Fatalf("%+v: %v in %+v", x, !all, s)
				}
			}
		}
	}
}
