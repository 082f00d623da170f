package guest

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// Grants: the console's page for the control domain, as Xen's toolstack grants it,
// and pages that this kernel grants itself to try what a device's two halves do with
// each other: copies from and to granted pages, and mappings.

// References of the grant table. The first two are those of console and XenStore, and
// the first eight are not for devices (grant_table.h, GNTTAB_RESERVED_CONSOLE and so on).
const (
	refConsole = iota
	refStore
	refFrom
	refTo
	refMapped

	refDevices = 16 // behind those of connections to XenStore, device_store.go
)

const (
	grantEntries = pageSize / 8
	grantSlot    = sharedSlot - 2 // where the window has the grant table
	mapSlot      = sharedSlot - 3 // and a granted page
)

// grants is the state of grants. While a page is mapped, mapped is its number.
var grants struct {
	table  *[grantEntries]abi.GrantEntry
	frame  uint64 // of the table
	self   uint16 // number of this domain
	round  uint64
	mapped uint32
	handle uint32
}

// grantWord is what changes together in an entry: flags and domain.
func grantWord(ref uint32) *uint32 { return (*uint32)(unsafe.Pointer(&grants.table[ref])) }

// permit lets a domain use a page of ours.
func permit(ref uint32, domain uint16, p uint32, flags uint32) {
	grants.table[ref].Frame = uint32(p2m[p])
	atomic.StoreUint32(grantWord(ref), abi.GTFPermitAccess|flags|uint32(domain)<<16)
}

// revoke ends a permission that nobody uses.
func revoke(ref, flags uint32) {
	want := abi.GTFPermitAccess | flags | uint32(grants.self)<<16
	if !atomic.CompareAndSwapUint32(grantWord(ref), want, 0) {
		report("use of a grant", uint64(*grantWord(ref)))
	}
	grants.table[ref] = abi.GrantEntry{}
}

func grantOp(cmd uint64, op unsafe.Pointer) int64 {
	return hypercall(abi.HypercallGrantTableOp, cmd, addr(op), 1, 0)
}

// initGrants asks for a grant table of one page, and grants console and XenStore's page.
func initGrants(si *abi.StartInfo) {
	op := abi.GnttabSetupTable{Dom: abi.DomidSelf, NrFrames: 1, FrameList: addr(unsafe.Pointer(&grants.frame))}
	must("setup_table", grantOp(abi.GnttabopSetupTable, unsafe.Pointer(&op)))
	must("status of setup_table", int64(op.Status))
	at := windowBase() + grantSlot*pageSize
	must("grant table", updateVA(at, grants.frame<<12|pteKernel, abi.UVMFInvlpg))
	grants.table = (*[grantEntries]abi.GrantEntry)(ptr(at))
	grants.self = ownNumber()
	if consoleRing != nil {
		permit(refConsole, 0, m2p(si.ConsoleMFN), 0)
	}
	if si.StoreEvtchn != 0 {
		permit(refStore, 0, m2p(si.StoreMFN), 0)
	}
}

// ownNumber is this domain's number. The hypervisor tells it as that of the other end
// of a channel with both ends here.
func ownNumber() uint16 {
	un := abi.EvtchnAllocUnbound{Dom: abi.DomidSelf, RemoteDom: abi.DomidSelf}
	must("alloc_unbound", evtchnOp(abi.EvtchnopAllocUnbound, unsafe.Pointer(&un)))
	bind := abi.EvtchnBindInterdomain{RemoteDom: abi.DomidSelf, RemotePort: un.Port}
	must("bind_interdomain", evtchnOp(abi.EvtchnopBindInterdomain, unsafe.Pointer(&bind)))
	status := abi.EvtchnStatus{Dom: abi.DomidSelf, Port: un.Port}
	must("status of a port", evtchnOp(abi.EvtchnopStatus, unsafe.Pointer(&status)))
	for _, port := range [...]uint32{bind.LocalPort, un.Port} {
		arg := abi.EvtchnPort{Port: port}
		must("close", evtchnOp(abi.EvtchnopClose, unsafe.Pointer(&arg)))
	}
	return uint16(status.U[0])
}

// grantTick is called when a process has ended; it begins and ends rounds in turn.
func grantTick(n uint32) {
	switch n & 3 {
	case 2:
		beginGrants()
	case 0:
		endGrants()
	}
}

// grantContent is word i of a page that is granted in this round.
func grantContent(i int) uint64 {
	return grants.round*0x9e3779b97f4a7c15 + uint64(i)*0x0123456789abcdef
}

// fillGranted fills a page with its content.
func fillGranted(p uint32) {
	for i := range tableAt(p) {
		tableAt(p)[i] = grantContent(i)
	}
}

// isGranted checks that n words of a page, from word at on, are those of the content from
// a word on.
func isGranted(what string, page *table, at, n, from int) {
	for i := range n {
		if page[(at+i)&511] != grantContent(from+i) {
			report(what, uint64(at+i))
			return
		}
	}
}

// beginGrants copies a page from a grant and a part of it to a grant, and maps one.
func beginGrants() {
	const part, to, from = 128, 96, 200 // words
	if grants.mapped != 0 || mem.nfree < 4*balloonPages {
		return
	}
	grants.round++
	a, b := mem.alloc(), allocZero()
	fillGranted(a)
	copyGrants(a, b, refFrom, abi.GTFReadonly, &abi.GnttabCopy{
		Source: abi.GnttabCopyPtr{Ref: refFrom, Domid: abi.DomidSelf},
		Dest:   abi.GnttabCopyPtr{Ref: p2m[b], Domid: abi.DomidSelf},
		Len:    pageSize, Flags: abi.GNTCOPYSourceGref,
	})
	isGranted("copy from a grant", tableAt(b), 0, 512, 0)
	isGranted("page that was copied", tableAt(a), 0, 512, 0)
	copyGrants(b, a, refTo, 0, &abi.GnttabCopy{
		Source: abi.GnttabCopyPtr{Ref: p2m[a], Domid: abi.DomidSelf, Offset: from * 8},
		Dest:   abi.GnttabCopyPtr{Ref: refTo, Domid: abi.DomidSelf, Offset: to * 8},
		Len:    part * 8, Flags: abi.GNTCOPYDestGref,
	})
	isGranted("words before a copy", tableAt(b), 0, to, 0)
	isGranted("copy to a grant", tableAt(b), to, part, from)
	isGranted("words behind a copy", tableAt(b), to+part, 512-to-part, to+part)
	mem.drop(b)
	mapGrant(a)
}

// copyGrants does a copy while a page is granted by a reference.
func copyGrants(granted, other, ref, flags uint32, op *abi.GnttabCopy) {
	permit(ref, grants.self, granted, flags)
	must("copy", grantOp(abi.GnttabopCopy, unsafe.Pointer(op)))
	must("status of a copy", int64(op.Status))
	revoke(ref, flags)
}

// mapGrant maps a page of ours as another domain would, and leaves it mapped.
func mapGrant(p uint32) {
	permit(refMapped, grants.self, p, 0)
	at := windowBase() + mapSlot*pageSize
	op := abi.GnttabMapGrantRef{HostAddr: at, Flags: abi.GNTMAPHost, Ref: refMapped, Dom: abi.DomidSelf}
	must("map_grant_ref", grantOp(abi.GnttabopMapGrantRef, unsafe.Pointer(&op)))
	must("status of map_grant_ref", int64(op.Status))
	if op.DevBusAddr != p2m[p]<<12 {
		report("address of a granted page", op.DevBusAddr)
	}
	const used = abi.GTFReading | abi.GTFWriting
	if w := *grantWord(refMapped); w&used != used {
		report("grant that is mapped", uint64(w))
	}
	page := (*table)(ptr(at))
	isGranted("page through its grant", page, 0, 512, 0)
	page[7] = ^page[7]
	grants.mapped, grants.handle = p, op.Handle
}

// endGrants checks the page that is mapped from both sides, and unmaps it.
func endGrants() {
	p := grants.mapped
	if p == 0 {
		return
	}
	at := windowBase() + mapSlot*pageSize
	page := (*table)(ptr(at))
	page[7] = ^page[7]
	isGranted("page behind its grant", tableAt(p), 0, 512, 0)
	op := abi.GnttabUnmapGrantRef{HostAddr: at, Handle: grants.handle}
	must("unmap_grant_ref", grantOp(abi.GnttabopUnmapGrantRef, unsafe.Pointer(&op)))
	must("status of unmap_grant_ref", int64(op.Status))
	revoke(refMapped, 0)
	mem.drop(p)
	grants.mapped = 0
}

// checkGrants checks that only the console, XenStore's page and those of devices are
// granted any more, as they were at first.
func checkGrants() {
	endGrants()
	const used = abi.GTFReading | abi.GTFWriting
	for ref := range uint32(grantEntries) {
		e := grants.table[ref]
		if ref == refConsole && consoleRing != nil {
			if want := (abi.GrantEntry{Flags: abi.GTFPermitAccess | e.Flags&used, Frame: uint32(p2m[pfnOf(addr(unsafe.Pointer(consoleRing)))])}); e != want {
				report("grant of the console", uint64(*grantWord(ref)))
			}
		} else if ref == refStore && startInfo.StoreEvtchn != 0 {
			if e.Frame != uint32(startInfo.StoreMFN) || e.Flags&^used != abi.GTFPermitAccess || e.Domid != 0 {
				report("grant of XenStore's page", uint64(*grantWord(ref)))
			}
		} else if ref >= refDevices && ref < nextRef {
			if e.Flags&^used != abi.GTFPermitAccess || deviceGrants[ref] != e.Frame {
				report("grant of a device's page", uint64(*grantWord(ref)))
			}
		} else if e != (abi.GrantEntry{}) {
			report("grant that nobody made", uint64(ref))
		}
	}
}
