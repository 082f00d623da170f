package main

import (
	"testing"
	"unsafe"

	"resvirt/vi/abi"
)

// testUnit is an IOMMU for native tests, which keeps every entry and translation that it has used
// until it is told to forget it, and carries commands out at once.
type testUnit struct {
	regs    map[uint64]uint64
	entries map[uint8][4]uint64
	pages   map[uint64]uint64 // by domain<<40 | frame: rights
	stopped bool              // at a command that is none
}

// onIOMMU is onBus with an IOMMU.
func onIOMMU(t *testing.T) (*testBus, *testUnit) {
	t.Helper()
	u := &testUnit{regs: map[uint64]uint64{}, entries: map[uint8][4]uint64{}, pages: map[uint64]uint64{}}
	iommu = iommuState{on: true, devfn: 2 << 3, base: 0xfed80000, ram: 20 << pageShift}
	testIOMMU = u.reg
	t.Cleanup(func() { iommu, testIOMMU = iommuState{}, nil })
	for m := mfn(20); m < 20+iommuPages; m++ {
		zeroPage(m)
	}
	b := onBus(t)
	startIOMMU()
	return b, u
}

func (u *testUnit) reg(reg, v uint64, write bool) uint64 {
	if !write {
		return u.regs[reg]
	}
	u.regs[reg] = v
	switch reg {
	case iommuCommandBase:
		u.regs[iommuCommandTail], u.regs[0x2000], u.stopped = 0, 0, false
	case iommuEventBase:
		u.regs[iommuEventHead], u.regs[iommuEventTail] = 0, 0
	case iommuStatus:
		u.regs[reg] = 0
	case iommuCommandTail:
		for u.regs[0x2000] != v && !u.stopped {
			at := u.regs[iommuCommandBase]&pteAddr + u.regs[0x2000]
			u.command(*(*[2]uint64)(dmap(at)))
			u.regs[0x2000] = (u.regs[0x2000] + 16) & queueMask
		}
	}
	return 0
}

func (u *testUnit) command(c [2]uint64) {
	switch c[0] >> 60 {
	case 1:
		*(*uint64)(dmap(c[0] & (1<<52 - 8))) = c[1]
	case 2:
		delete(u.entries, uint8(c[0]))
	case 3:
		for key := range u.pages {
			if key>>40 == c[0]>>32&0xffff && (c[1] == wholeDomain || key&(1<<40-1) == c[1]>>pageShift) {
				delete(u.pages, key)
			}
		}
	case 5:
	case 8:
		clear(u.entries)
		clear(u.pages)
	default:
		u.stopped = true
	}
}

// reaches says whether a function may read or write a machine address.
func (u *testUnit) reaches(devfn uint8, pa uint64, write bool) bool {
	e, ok := u.entries[devfn]
	if !ok {
		e = *(*[4]uint64)(dmap(u.regs[iommuDeviceTable]&pteAddr + uint64(devfn)*32))
		u.entries[devfn] = e
	}
	if e[0]&(dteValid|dteTables) != dteValid|dteTables || e[0]>>9&7 != 3 {
		return false
	}
	key := e[1]&0xffff<<40 | pa>>pageShift
	rights, ok := u.pages[key]
	if !ok {
		rights = dmaRead | dmaWrite
		at, next := e[0]&pteAddr, uint64(3)
		for shift := 30; shift >= 12; shift -= 9 {
			pte := *(*uint64)(dmap(at + pa>>shift&511*8))
			if pte&dmaPresent == 0 || pte>>9&7 != next-1 {
				return false
			}
			rights &= pte
			at, next = pte&pteAddr, next-1
		}
		if at != pa&^pageMask {
			return false
		}
		u.pages[key] = rights
	}
	if write {
		return rights&dmaWrite != 0
	}
	return rights&dmaRead != 0
}

// TestDMA: a function reads and writes what its domain may write, and nothing else, whatever it
// reached before.
func TestDMA(t *testing.T) {
	world(t, 1)
	_, u := onIOMMU(t)
	other, _, olist := onGuest(t, 2)
	d, v, list := driver(t, 1)
	at := func(m mfn) uint64 { return uint64(m) << pageShift }
	all := func() (n int) {
		for m := mfn(0); m < testFrames+100; m++ {
			if u.reaches(testNIC, at(m), true) {
				n++
			}
		}
		return n
	}
	writable := 0
	for m := mfn(d.pageList); m != 0; m = mfn(pageOf(m).next) {
		want := pageOf(m).typ&ptTypeMask == ptWritable
		if u.reaches(testNIC, at(m), true) != want || u.reaches(testDisk, at(m), false) != want {
			t.Errorf("frame %#x of type %#x: reached %v", m, pageOf(m).typ, !want)
		}
		if want {
			writable++
		}
	}
	if n := all(); n != writable || n != 8 {
		t.Errorf("%d frames are reached, %d are writable", n, writable)
	}
	if u.reaches(testNIC, at(olist[4+1]), true) || u.reaches(0, at(list[4+1]), false) || u.reaches(testNIC, at(frameOfAddr(unsafe.Pointer(d))), true) {
		t.Error("others' frames are reached")
	}
	// One becomes a page table, one is freed, one is new.
	table, freed := list[4+5], list[4+7]
	must(t, "read-only", hyperUpdateVAMapping(pageVA+5<<12, entryTo(table, pteU), 0, 0, 0))
	if !u.reaches(testNIC, at(table), true) {
		t.Error("a frame that is not mapped for writing now is not reached any more")
	}
	zeroPage(table)
	must(t, "pin", pin(table, d, ptL1))
	if u.reaches(testNIC, at(table), true) || u.reaches(testNIC, at(table), false) {
		t.Error("a page table is reached")
	}
	must(t, "unmap", hyperUpdateVAMapping(pageVA+7<<12, 0, 0, 0, 0))
	if !u.reaches(testNIC, at(freed), true) || !removeFrame(d, freed) {
		t.Error("a frame cannot be given back")
	}
	commit()
	if u.reaches(testNIC, at(freed), true) {
		t.Error("a freed frame is reached")
	}
	fresh := allocDomainPage(d)
	must(t, "map", hyperUpdateVAMapping(pageVA+7<<12, entryTo(fresh, pteU|pteW), 0, 0, 0))
	if !u.reaches(testNIC, at(fresh), true) {
		t.Error("a new frame is not reached")
	}
	soundHere(t)
	_ = v
	enter(testCPU.core.idle)
	killDomain(d, false)
	if n := all(); n != 0 {
		t.Errorf("after the domain's end %d frames are reached", n)
	}
	killDomain(other, false)
}

// TestGrantedDMA: a frame that another granted is reached as far as it is mapped for devices, and as
// long.
func TestGrantedDMA(t *testing.T) {
	world(t, 1)
	_, u := onIOMMU(t)
	other, ov, olist := onGuest(t, 2)
	d, v, _ := driver(t, 1)
	enter(ov)
	grantTableOf(other).grow(other, 1)
	frame := olist[4+3]
	for ref := range uint32(40) {
		e, _ := other.grants.entry(ref)
		*e = abi.GrantEntry{Flags: abi.GTFPermitAccess, Domid: 1, Frame: uint32(frame)}
	}
	enter(v)
	mapIt := func(ref uint32, flags uint32) (abi.GnttabMapGrantRef, bool) {
		op := put(1, 0, abi.GnttabMapGrantRef{Flags: flags, Ref: ref, Dom: 2})
		hyperGrantTableOp(abi.GnttabopMapGrantRef, op, 1, 0, 0)
		commit()
		m := got[abi.GnttabMapGrantRef](op)
		return m, m.Status == 0
	}
	unmap := func(m abi.GnttabMapGrantRef) {
		op := put(1, 64, abi.GnttabUnmapGrantRef{Handle: m.Handle, DevBusAddr: m.DevBusAddr})
		hyperGrantTableOp(abi.GnttabopUnmapGrantRef, op, 1, 0, 0)
		commit()
		if st := got[abi.GnttabUnmapGrantRef](op).Status; st != 0 {
			t.Fatalf("unmap: %d", st)
		}
	}
	at := uint64(frame) << pageShift
	is := func(what string, read, write bool) {
		t.Helper()
		if u.reaches(testDisk, at, false) != read || u.reaches(testDisk, at, true) != write {
			t.Errorf("%s: read %v, write %v", what, !read, !write)
		}
		soundHere(t)
	}
	is("before", false, false)
	ro, _ := mapIt(1, abi.GNTMAPDevice|abi.GNTMAPReadonly)
	is("to read", true, false)
	rw, _ := mapIt(2, abi.GNTMAPDevice)
	is("to write", true, true)
	unmap(rw)
	is("to read again", true, false)
	unmap(ro)
	is("after", false, false)
	var list []abi.GnttabMapGrantRef
	for ref := range uint32(20) {
		if m, ok := mapIt(ref, abi.GNTMAPDevice); ok {
			list = append(list, m)
		}
	}
	if len(list) != dmaMost {
		t.Errorf("mapped %d times", len(list))
	}
	for i, m := range list {
		is("many times", true, true)
		if unmap(m); i == dmaMost-1 {
			is("at last", false, false)
		}
	}
	mapIt(3, abi.GNTMAPDevice)
	enter(testCPU.core.idle)
	killDomain(d, false)
	is("after the end", false, false)
	killDomain(other, false)
}

// TestRefusedAccesses: each counts against the domain that has the function.
func TestRefusedAccesses(t *testing.T) {
	world(t, 1)
	_, u := onIOMMU(t)
	d, _, _ := driver(t, 1)
	tell := func(e [2]uint64) {
		tail := u.regs[iommuEventTail]
		*(*[2]uint64)(dmap(iommu.ram + iommuEvents + tail)) = e
		u.regs[iommuEventTail] = (tail + 16) & queueMask
	}
	for i := range uint64(300) {
		tell([2]uint64{testNIC | eventFault<<eventShift | 1<<53, i << pageShift})
		if i%3 == 0 {
			iommuInterrupt()
		}
	}
	u.regs[iommuStatus] = iommuOverflow | iommuLogged
	iommuInterrupt()
	if f := findFunction(testNIC); f.refused != 300 || d.io.refused != 300 || findFunction(testDisk).refused != 0 {
		t.Errorf("%d of the function, %d of the domain", f.refused, d.io.refused)
	}
	if u.regs[iommuControl] != iommuAll {
		t.Errorf("after an overflow control is %#x", u.regs[iommuControl])
	}
	tell([2]uint64{99 | eventFault<<eventShift, 5}) // a function that there is not
	tell([2]uint64{5 << eventShift, 5})             // a command that is none
	iommuInterrupt()
	soundHere(t)
}

// TestDMAAfterRecovery: what recovery has to repair, one after the other.
func TestDMAAfterRecovery(t *testing.T) {
	for _, x := range []struct {
		name   string
		damage func(d *Domain, u *testUnit, own, others mfn)
	}{
		{"nothing", func(*Domain, *testUnit, mfn, mfn) {}},
		{"an entry is missing", func(d *Domain, _ *testUnit, own, _ mfn) { *d.dmaEntry(own) = 0 }},
		{"an entry for another's frame", func(d *Domain, _ *testUnit, _, others mfn) { *d.dmaEntry(others) = dmaOwn(others) }},
		{"an entry for another place", func(d *Domain, _ *testUnit, own, others mfn) { *d.dmaEntry(own) = dmaOwn(others) }},
		{"a device's entry", func(*Domain, *testUnit, mfn, mfn) { setDeviceEntry(testNIC, [4]uint64{}) }},
		{"half a command", func(_ *Domain, u *testUnit, _, _ mfn) {
			iommuCommand(0, 0)
			*(*uint64)(dmap(iommu.ram + iommuDone)) = 0
		}},
		{"a stale translation", func(d *Domain, u *testUnit, own, others mfn) {
			*d.dmaEntry(others) = dmaOwn(others)
			u.reaches(testNIC, uint64(others)<<pageShift, true)
			*d.dmaEntry(others) = 0
		}},
	} {
		recoverable(t)
		_, u := onIOMMU(t)
		other, _, olist := onGuest(t, 2)
		d, v, list := driver(t, 1)
		own, others := list[4+3], olist[4+3]
		x.damage(d, u, own, others)
		enter(testCPU.core.idle)
		iommuQueues()
		repair()
		iommuTables()
		enter(v)
		if !u.reaches(testNIC, uint64(own)<<pageShift, true) || u.reaches(testNIC, uint64(others)<<pageShift, false) || u.stopped {
			t.Errorf("%s: own frame reached %v, another's %v, stopped %v", x.name,
				u.reaches(testNIC, uint64(own)<<pageShift, true), u.reaches(testNIC, uint64(others)<<pageShift, false), u.stopped)
		}
		soundHere(t)
		_ = other
	}
}
