package main

import (
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
	first map[uint8][256]byte // at power-on, without BARs and commands
	table map[uint64]uint32   // words of the MSI-X table
	ports map[uint16]uint32
}

// onBus is an empty machine with such a bus, and a control domain whose vCPU is current.
func onBus(t *testing.T) *testBus {
	t.Helper()
	b := &testBus{map[uint8]*[256]byte{}, map[uint8][256]byte{}, map[uint64]uint32{}, map[uint16]uint32{}}
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
	b.put(testDisk, 0x50, 0x00808005)
	b.put(testDisk, 0x80, 0x00920010)
	b.put(testDisk, 0x84, exprFLR|1<<15)
	b.put(testDisk, 0x70, 0x00075011) // eight messages
	b.put(testDisk, 0x74, 0x2000)
	b.put(testDisk, 0x78, 0x3000)
	for devfn, s := range b.space {
		first := *s
		clear(first[4:8])
		first[6] = 0x10
		for at := 0x10; at < 0x28; at++ { // but for the kinds of BARs
			first[at] &= [...]byte{7, 0, 0, 0}[at&3]
		}
		b.first[devfn] = first
	}
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
	slept := devfn == testNIC && s[0xe0]&3 != 0
	for i := range size {
		s[uint(at)+i] = byte(v >> (8 * i))
	}
	if slept && s[0xe0]&3 == 0 || devfn == testDisk && s[0x89]&0x80 != 0 {
		*s = b.first[devfn]
		for i := range uint64(8) {
			b.table[testMSIX+16*i+12] = entryMask
		}
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
		data = b.vector(testNIC, b.get(testNIC, 0xfc, 2))
	default:
		at := testMSIX + 16*uint64(entry)
		if b.get(testDisk, 0x72, 2)&msixOn == 0 || b.table[at+12]&entryMask != 0 {
			return false
		}
		data = b.vector(testDisk, b.table[at+8])
	}
	deviceInterrupt(uint8(data))
	return true
}

// vector is what the data of a function's message becomes: with an IOMMU it is an index of a table.
func (b *testBus) vector(devfn uint8, data uint32) uint32 {
	if !iommu.on {
		return data
	}
	e := (*(*[deviceVectors]uint32)(dmap(findFunction(devfn).remapTable())))[data%deviceVectors]
	if e&remapOn == 0 {
		return 0
	}
	return e >> 16 & 0xff
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
