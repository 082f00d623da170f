package main

import (
	"testing"

	"resvirt/vi/abi"
)

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
