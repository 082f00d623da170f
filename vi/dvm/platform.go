package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/back"
	"resvirt/vi/guest"
	"resvirt/vi/pvio"
)

// platform is what the back ends need of this kernel.
var platform = back.Platform{
	Grants: &grants,
	Ring:   mapRing, Release: releaseRing,
	Bind: bindPort, Unbind: guest.ClosePort, Notify: guest.Notify,
	Volume: findVolume,
	Read:   guest.StoreRead, List: guest.StoreList, Write: guest.StoreWrite,
	Watch: guest.StoreWatch, Unwatch: guest.StoreUnwatch,
	Report: report,
}

var grants = back.Grants{Map: mapGrants, Unmap: unmapGrants, From: copyFrom, To: copyTo}

// maxRings is how many rings can be mapped: two for each device.
const maxRings = 2 * back.MaxDevices

// rings are the slots of the window that hold one, with its mapping's handle.
var rings [maxRings]struct {
	used   bool
	handle uint32
}

func mapRing(domain uint16, ref uint32) (*pvio.SharedRing, int, bool) {
	for i := range rings {
		if rings[i].used {
			continue
		}
		at, handle, ok := guest.MapRing(domain, ref, ringSlots+i)
		if !ok {
			return nil, 0, false
		}
		rings[i].used, rings[i].handle = true, handle
		return (*pvio.SharedRing)(at), i, true
	}
	return nil, 0, false
}

func releaseRing(i int) {
	guest.UnmapGranted(ringSlots+i, rings[i].handle)
	rings[i].used = false
}

func bindPort(domain uint16, port uint32) (uint32, bool) {
	local, rc := guest.BindInterdomain(domain, port)
	return local, rc == 0
}

func report(what string, path []byte) {
	guest.Print(what)
	guest.Print(": ")
	guest.PrintBytes(path)
	guest.Print("\n")
}

// Operations on grants go to the hypervisor in rows of at most so many.
const grantRow = 32

var (
	maps   [grantRow]abi.GnttabMapGrantRef
	unmaps [grantRow]abi.GnttabUnmapGrantRef
	copies [grantRow]abi.GnttabCopy
)

// mapGrants makes pages reachable for devices alone: this kernel does not look at them.
func mapGrants(domain uint16, m []back.Mapping) {
	for len(m) > 0 {
		n := min(len(m), grantRow)
		for i := range n {
			maps[i] = abi.GnttabMapGrantRef{Flags: abi.GNTMAPDevice, Ref: m[i].Ref, Dom: domain}
			if m[i].ReadOnly {
				maps[i].Flags |= abi.GNTMAPReadonly
			}
		}
		guest.Must("map_grant_ref", guest.GrantOp(abi.GnttabopMapGrantRef, unsafe.Pointer(&maps), n))
		for i := range n {
			m[i].Handle, m[i].Machine, m[i].OK = maps[i].Handle, maps[i].DevBusAddr, maps[i].Status == abi.GNTSTOkay
		}
		m = m[n:]
	}
}

func unmapGrants(m []back.Mapping) {
	for len(m) > 0 {
		n := min(len(m), grantRow)
		for i := range n {
			unmaps[i] = abi.GnttabUnmapGrantRef{DevBusAddr: m[i].Machine, Handle: m[i].Handle}
		}
		guest.Must("unmap_grant_ref", guest.GrantOp(abi.GnttabopUnmapGrantRef, unsafe.Pointer(&unmaps), n))
		for i := range n {
			guest.Must("status of unmap_grant_ref", int64(unmaps[i].Status))
		}
		m = m[n:]
	}
}

func copyFrom(domain uint16, c []back.Copy) { copyGrants(domain, c, true) }
func copyTo(domain uint16, c []back.Copy)   { copyGrants(domain, c, false) }

// copyGrants copies, each piece within a page of ours.
func copyGrants(domain uint16, c []back.Copy, from bool) {
	for i := range c {
		c[i].OK = true
		for done := uint16(0); done < c[i].Length; {
			local := uint64(c[i].Local) + uint64(done)
			n := min(uint64(c[i].Length-done), 4096-local&4095)
			op := &copies[0]
			*op = abi.GnttabCopy{Len: uint16(n)}
			theirs, ours := &op.Source, &op.Dest
			op.Flags = abi.GNTCOPYSourceGref
			if !from {
				theirs, ours = &op.Dest, &op.Source
				op.Flags = abi.GNTCOPYDestGref
			}
			theirs.Ref, theirs.Domid, theirs.Offset = uint64(c[i].Ref), domain, c[i].Offset+done
			ours.Ref, ours.Domid, ours.Offset = guest.FrameOf(local), abi.DomidSelf, uint16(local&4095)
			guest.Must("grant copy", guest.GrantOp(abi.GnttabopCopy, unsafe.Pointer(&copies), 1))
			if op.Status != abi.GNTSTOkay {
				c[i].OK = false
				break
			}
			done += uint16(n)
		}
	}
}
