package main

import (
	"math/rand/v2"
	"testing"

	"resvirt/vi/abi"
)

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

// TestFunctionReset: an owner resets its function by either way; its registers and messages
// stay where they were, and what it had told the function is gone.
func TestFunctionReset(t *testing.T) {
	world(t, 1)
	b := onBus(t)
	d, _, _ := driver(t, 1)
	write := func(devfn uint8, at uint16, v uint32) {
		configPort(d, pciAddress, 4, pciEnable|uint32(devfn)<<8|uint32(at), true)
		configPort(d, pciData, 2, v, true)
	}
	nic, rc := mapIRQ(abi.PhysdevMapPirq{DevFn: testNIC})
	must(t, "map", rc)
	disk, rc := mapIRQ(abi.PhysdevMapPirq{DevFn: testDisk, EntryNr: 2, TableBase: 1})
	must(t, "map", rc)
	for _, p := range [...]uint32{nic, disk} {
		_, rc = bindIRQ(p, 0)
		must(t, "bind", rc)
	}
	write(testNIC, pciCommand, cmdMaster|cmdMemory)
	write(testDisk, pciCommand, cmdMaster|cmdMemory)
	write(testNIC, 0xe0, 3)
	write(testNIC, 0xe0, 0)
	write(testDisk, 0x88, exprInitiate)
	for _, devfn := range [...]uint8{testNIC, testDisk} {
		if cmd := b.get(devfn, 4, 2); cmd&cmdMaster != 0 || cmd&cmdMemory == 0 {
			t.Errorf("function %#x: command %#x", devfn, cmd)
		}
	}
	b.obeys(t, d)
	if !b.strike(testNIC, 0) || !b.strike(testDisk, 2) || b.strike(testDisk, 1) {
		t.Error("messages have changed")
	}
	enter(testCPU.core.idle)
	b.put(testDisk, 0x40, 0x12345678) // something that its owner told it
	killDomain(d, false)
	if b.silent(t); b.get(testDisk, 0x40, 4) != 0 {
		t.Error("the next owner finds what the last one told it")
	}
}
