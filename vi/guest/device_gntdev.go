package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// /dev/xen/gntdev (include/uapi/xen/gntdev.h of Linux): pages that domains granted, in
// processes. A grant is named by an ioctl, which gives an offset for mmap; the page goes
// with munmap or the process's end.

// Commands of this device.
const (
	gntdevMap   = 0x184700
	gntdevUnmap = 0x104701
)

// gntdevUses are the uses of the open files.
var gntdevUses [8]uint16

var gntdevFile = fileOps{
	open: gntdevOpen, dup: func(n uint16) { gntdevUses[n]++ }, close: gntdevClose,
	ioctl: gntdevIoctl, mmap: gntdevMmap,
}

func gntdevOpen(path []byte) (uint16, int64) {
	if string(path) != "/dev/xen/gntdev" {
		return 0, -abi.ENOENT
	}
	for i := range gntdevUses {
		if gntdevUses[i] == 0 {
			gntdevUses[i] = 1
			return uint16(i), 0
		}
	}
	return 0, -abi.EMFILE
}

// gntdevClose forgets the grants that are not mapped; the others go with their mapping.
func gntdevClose(n uint16) {
	if gntdevUses[n]--; gntdevUses[n] > 0 {
		return
	}
	for i := range grantMaps {
		if g := &grantMaps[i]; g.used && g.open == n {
			g.used = false
		}
	}
}

// gntdevIoctl knows one grant at a time: count must be 1.
func gntdevIoctl(n uint16, cmd, arg uint64) int64 {
	switch cmd {
	case gntdevMap:
		var a struct {
			count, _    uint32
			index       uint64
			domain, ref uint32
		}
		if !copyIn(addr(unsafe.Pointer(&a)), arg, 24) {
			return -abi.EFAULT
		}
		if a.count != 1 {
			return -abi.EINVAL
		}
		for i := range grantMaps {
			g := &grantMaps[i]
			if g.used || g.mapped {
				continue
			}
			g.used, g.open, g.domain, g.ref = true, n, uint16(a.domain), a.ref
			a.index = uint64(i) * pageSize
			if !copyOut(arg+8, addr(unsafe.Pointer(&a.index)), 8) {
				g.used = false
				return -abi.EFAULT
			}
			return 0
		}
		return -abi.ENOMEM
	case gntdevUnmap:
		var a struct {
			index    uint64
			count, _ uint32
		}
		if !copyIn(addr(unsafe.Pointer(&a)), arg, 16) {
			return -abi.EFAULT
		}
		i := a.index / pageSize
		if i >= uint64(len(grantMaps)) || a.count != 1 || !grantMaps[i].used || grantMaps[i].open != n {
			return -abi.ENOENT
		}
		grantMaps[i].used = false
		return 0
	}
	return -abi.ENOTTY
}

// gntdevMmap maps the grant with an index.
func gntdevMmap(n uint16, length, prot, off uint64) int64 {
	i := off / pageSize
	if i >= uint64(len(grantMaps)) || length != pageSize || !grantMaps[i].used || grantMaps[i].open != n || grantMaps[i].mapped {
		return -abi.EINVAL
	}
	g := &grantMaps[i]
	va, r := addForeign(pageSize, uint8(prot&(protRead|protWrite)))
	if r < 0 {
		return r
	}
	t, k := foreignEntry(va)
	if t == 0 {
		current.space.vmas.cut(va, va+pageSize)
		return -abi.ENOMEM
	}
	op := abi.GnttabMapGrantRef{HostAddr: pteMachine(t, k), Ref: g.ref, Dom: g.domain,
		Flags: abi.GNTMAPHost | abi.GNTMAPContainsPTE | 1<<abi.GNTMAPAvail0}
	if prot&protWrite == 0 {
		op.Flags |= abi.GNTMAPReadonly
	}
	must("map_grant_ref", grantOp(abi.GnttabopMapGrantRef, unsafe.Pointer(&op)))
	if op.Status != abi.GNTSTOkay {
		current.space.vmas.cut(va, va+pageSize)
		return -abi.EINVAL
	}
	g.mapped, g.pid, g.va, g.handle = true, current.pid, va, op.Handle
	return int64(va)
}
