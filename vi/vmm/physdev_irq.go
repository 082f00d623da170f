package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// The commands of physdev_op about interrupts and PCI functions. Beside the control
// domain a domain may map pins that it was let use and messages of its own functions: in Xen
// the control domain's pciback does that for it.

// physdevDevice executes one of them, whose argument is read and written back.
func physdevDevice(cmd, arg uint64) int64 {
	var buf [4]uint64 // as large as the largest
	p := unsafe.Pointer(&buf)
	n := physdevArgSize(cmd)
	if !fromGuest(p, arg, n) {
		return -abi.EFAULT
	}
	d := current().domain
	rc := int64(0)
	switch cmd {
	case abi.PhysdevopIRQStatusQuery:
		q := (*abi.PhysdevIRQ)(p)
		q.Flags, rc = d.pirqStatus(q.IRQ)
	case abi.PhysdevopEOI:
		return d.endPirq((*abi.PhysdevIRQ)(p).IRQ)
	case abi.PhysdevopMapPirq:
		rc = physdevMap((*abi.PhysdevMapPirq)(p))
	case abi.PhysdevopUnmapPirq:
		return physdevUnmap((*abi.PhysdevUnmapPirq)(p))
	case abi.PhysdevopGetFreePirq:
		rc = physdevFree(d, (*abi.PhysdevGetFreePirq)(p))
	default:
		return physdevFunction(d, cmd, (*abi.PhysdevPCIDevice)(p))
	}
	if rc == 0 && !toGuest(arg, p, n) {
		return -abi.EFAULT
	}
	return rc
}

// physdevArgSize is the size of a command's argument, 0 for other commands.
func physdevArgSize(cmd uint64) uint64 {
	switch cmd {
	case abi.PhysdevopIRQStatusQuery:
		return uint64(unsafe.Sizeof(abi.PhysdevIRQ{}))
	case abi.PhysdevopEOI:
		return uint64(unsafe.Offsetof(abi.PhysdevIRQ{}.Flags))
	case abi.PhysdevopMapPirq:
		return uint64(unsafe.Sizeof(abi.PhysdevMapPirq{}))
	case abi.PhysdevopUnmapPirq:
		return uint64(unsafe.Sizeof(abi.PhysdevUnmapPirq{}))
	case abi.PhysdevopGetFreePirq:
		return uint64(unsafe.Sizeof(abi.PhysdevGetFreePirq{}))
	case abi.PhysdevopPCIDeviceAdd, abi.PhysdevopPCIDeviceRemove, abi.PhysdevopPrepareMSIX, abi.PhysdevopReleaseMSIX:
		return uint64(unsafe.Sizeof(abi.PhysdevPCIDevice{}))
	}
	return 0
}

// pirqStatus is PHYSDEVOP_irq_status_query: interrupts of pins have an end that the guest
// must tell, messages have none.
func (d *Domain) pirqStatus(nr uint32) (uint32, int64) {
	p := d.pirq(nr)
	if p == nil || p.kind == pirqFree {
		return 0, -abi.EINVAL
	}
	flags := uint32(0)
	if p.kind == pirqGSI {
		flags = abi.XenIRQStatNeedsEOI
	}
	if p.shared {
		flags |= abi.XenIRQStatShared
	}
	return flags, 0
}

// physdevMap is PHYSDEVOP_map_pirq.
func physdevMap(m *abi.PhysdevMapPirq) int64 {
	d, rc := target(m.Domid)
	if rc != 0 {
		return rc
	}
	if !d.privileged && d.io == nil {
		rc = -abi.EPERM // it may use nothing
	} else if ioTableOf(d) == nil {
		rc = -abi.ENOMEM
	}
	if rc != 0 {
		putTarget(d)
		return rc
	}
	flags := deviceLock.lockSave()
	kind, source := uint8(0), uint32(0)
	if d.dying {
		rc = -abi.ESRCH
	} else {
		kind, source, rc = d.sourceOf(m)
	}
	if rc == 0 {
		nr := uint32(0)
		if nr, rc = d.mapPirq(kind, source, m.Pirq); rc == 0 {
			m.Pirq = int32(nr)
		}
	}
	deviceLock.unlockRestore(flags)
	putTarget(d)
	return rc
}

// sourceOf is the source that a mapping names, if d may have it.
func (d *Domain) sourceOf(m *abi.PhysdevMapPirq) (kind uint8, source uint32, rc int64) {
	switch m.Type {
	case abi.MapPirqGSI:
		pin := uint32(m.Index)
		if pin < firstPCIPin || pin >= ioapicPins {
			return 0, 0, -abi.EINVAL
		}
		if !d.privileged && d.io.pins>>pin&1 == 0 {
			return 0, 0, -abi.EPERM
		}
		return pirqGSI, pin, 0
	case abi.MapPirqMultiMSI:
		if m.EntryNr != 1 || m.TableBase != 0 {
			return 0, 0, -abi.EINVAL // there is one message
		}
	case abi.MapPirqMSI, abi.MapPirqMSISeg:
	default:
		return 0, 0, -abi.EINVAL
	}
	f := findFunction(uint8(m.DevFn))
	if f == nil || m.Bus != 0 || m.DevFn < 0 || m.DevFn > 0xff {
		return 0, 0, -abi.ENODEV
	}
	if !d.has(f) {
		return 0, 0, -abi.EPERM
	}
	first := uint32(f.devfn) << 16
	switch {
	case m.TableBase == 0 && f.msi == 0, m.TableBase != 0 && f.msix == 0:
		return 0, 0, -abi.ENODEV
	case m.TableBase == 0 && d.mapped(pirqMSIX, f) || m.TableBase != 0 && d.mapped(pirqMSI, f):
		return 0, 0, -abi.EBUSY // a function sends messages of one kind
	case m.TableBase == 0:
		return pirqMSI, first, 0
	case uint32(m.EntryNr) >= f.msgs:
		return 0, 0, -abi.EINVAL
	}
	return pirqMSIX, first | uint32(m.EntryNr), 0
}

// mapped says whether d has a PIRQ of a kind for a function.
func (d *Domain) mapped(kind uint8, f *function) bool {
	for i := range d.io.pirqs {
		if p := &d.io.pirqs[i]; p.kind == kind && p.function() == f {
			return true
		}
	}
	return false
}

// physdevUnmap is PHYSDEVOP_unmap_pirq.
func physdevUnmap(m *abi.PhysdevUnmapPirq) int64 {
	d, rc := target(m.Domid)
	if rc != 0 {
		return rc
	}
	flags := deviceLock.lockSave()
	rc = d.unmapPirq(uint32(m.Pirq))
	deviceLock.unlockRestore(flags)
	putTarget(d)
	return rc
}

// physdevFree is PHYSDEVOP_get_free_pirq: a number that nothing else gets until it is
// mapped or unmapped.
func physdevFree(d *Domain, q *abi.PhysdevGetFreePirq) int64 {
	kind := uint8(pirqMSI)
	switch q.Type {
	case abi.MapPirqGSI:
		kind = pirqGSI
	case abi.MapPirqMSI:
	default:
		return -abi.EINVAL
	}
	if d.io == nil {
		return -abi.ENOSPC // what has no device needs no number
	}
	flags := deviceLock.lockSave()
	nr, rc := d.freePirq(kind), int64(-abi.ENOSPC)
	if nr != ^uint32(0) {
		d.io.pirqs[nr%maxPirqs].kind = pirqReserved
		q.Pirq, rc = nr, 0
	}
	deviceLock.unlockRestore(flags)
	return rc
}

// physdevFunction is what a control domain tells of functions. The VMM has found them
// itself, and guards their MSI-X tables from the start.
func physdevFunction(d *Domain, cmd uint64, a *abi.PhysdevPCIDevice) int64 {
	if !d.privileged {
		return -abi.EPERM
	}
	f := findFunction(a.DevFn)
	switch {
	case f == nil || a.Seg != 0 || a.Bus != 0:
		return -abi.ENODEV
	case cmd == abi.PhysdevopPCIDeviceRemove && f.owner != 0:
		return -abi.EBUSY
	case (cmd == abi.PhysdevopPrepareMSIX || cmd == abi.PhysdevopReleaseMSIX) && f.msix == 0:
		return -abi.ENODEV
	}
	return 0
}
