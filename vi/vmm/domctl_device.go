package main

import "resvirt/vi/abi"

// The commands of domctl about devices: which functions a domain has, and which frames of
// device memory, ports and pins it may use.

// domctlDevice is DOMCTL_assign_device, test_assign_device and deassign_device. A function
// that changes hands does nothing until its new owner lets it be bus master.
func domctlDevice(d *Domain, cmd uint32, a *abi.DomctlDevice) int64 {
	if a.Dev != abi.DomctlDevPCI || cmd == abi.DomctlAssignDevice && a.Flags != 0 {
		return -abi.EINVAL
	}
	if a.SBDF>>8 != 0 {
		return -abi.ENODEV
	}
	if cmd == abi.DomctlAssignDevice && (ioTableOf(d) == nil || !d.makeDMATables()) {
		return -abi.ENOMEM
	}
	flags := deviceLock.lockSave()
	rc := d.changeOwner(cmd, findFunction(uint8(a.SBDF)))
	deviceLock.unlockRestore(flags)
	return rc
}

func (d *Domain) changeOwner(cmd uint32, f *function) int64 {
	if f == nil {
		return -abi.ENODEV
	}
	switch cmd {
	case abi.DomctlTestAssign:
		if f.owner != 0 || f.used(current().domain) {
			return -abi.EINVAL
		}
	case abi.DomctlAssignDevice:
		switch {
		case f.owner == d.frame32() && again():
		case f.owner != 0 || f.used(current().domain):
			return -abi.EBUSY
		default:
			f.quiesce()
			f.owner = d.frame32()
			f.guard(d)
		}
	case abi.DomctlDeassignDevice:
		switch {
		case f.owner == 0 && again():
		case f.owner != d.frame32():
			return -abi.ENODEV
		case f.used(d):
			return -abi.EBUSY
		default:
			f.silence()
		}
	}
	return 0
}

// silence takes a function from its domain. It reaches nothing any more.
func (f *function) silence() {
	f.quiesce()
	f.guard(nil)
	f.owner = 0
}

// used says whether a domain has a message of a function mapped.
func (f *function) used(d *Domain) bool {
	return d.io != nil && (d.mapped(pirqMSI, f) || d.mapped(pirqMSIX, f))
}

// releaseDevices takes the functions from a domain that ends, so that none writes into a
// frame which is freed afterwards. Its ports have been closed.
func (d *Domain) releaseDevices() {
	if d.io == nil {
		return
	}
	flags := deviceLock.lockSave()
	for i := uint32(0); devices != nil && i < devices.n && i < maxFunctions; i++ {
		if f := &devices.functions[i]; f.owner == d.frame32() || d.privileged && f.owner == 0 {
			f.silence()
		}
	}
	for nr := range d.io.pirqs {
		if p := &d.io.pirqs[nr]; p.port == 0 {
			*p = pirq{}
		}
	}
	deviceLock.unlockRestore(flags)
	d.dropDMATables()
}

// domctlAccess is DOMCTL_iomem_permission and ioport_permission, for what the control
// domain may use itself.
func domctlAccess(d *Domain, ports bool, s, limit span, allow bool) int64 {
	switch {
	case s.end <= s.first:
		return -abi.EINVAL
	case s.first < limit.first || s.end > limit.end:
		return -abi.EPERM
	case ioTableOf(d) == nil:
		return -abi.ENOMEM
	}
	set := &d.io.mem
	if ports {
		set = &d.io.ports
	}
	flags := deviceLock.lockSave()
	ok := false
	if allow {
		ok = set.add(s)
	} else {
		ok = set.remove(s)
	}
	deviceLock.unlockRestore(flags)
	if !ok {
		return -abi.ENOMEM
	}
	return 0
}

// domctlIOMem is DOMCTL_iomem_permission. As in Xen, what is mapped already stays mapped.
func domctlIOMem(d *Domain, a *abi.DomctlIOMemAccess) int64 {
	limit := span{max(ioFirstFrame, frames.n), ioEndFrame}
	return domctlAccess(d, false, span{a.First, a.First + a.Num}, limit, a.Allow != 0)
}

// domctlPorts is DOMCTL_ioport_permission.
func domctlPorts(d *Domain, a *abi.DomctlPortAccess) int64 {
	first, end := uint64(a.First), uint64(a.First)+uint64(a.Num)
	if end > ioEndPort {
		return -abi.EINVAL
	}
	return domctlAccess(d, true, span{first, end}, span{ioFirstPort, ioEndPort}, a.Allow != 0)
}

// domctlIRQ is DOMCTL_irq_permission. The control domain's PIRQs for pins have the pins'
// numbers.
func domctlIRQ(d *Domain, a *abi.DomctlIRQAccess) int64 {
	if a.Pirq >= maxPirqs {
		return -abi.EINVAL
	}
	if a.Pirq < firstPCIPin || a.Pirq >= ioapicPins {
		return -abi.EPERM
	}
	if ioTableOf(d) == nil {
		return -abi.ENOMEM
	}
	flags := deviceLock.lockSave()
	if d.io.pins &^= 1 << a.Pirq; a.Allow != 0 {
		d.io.pins |= 1 << a.Pirq
	}
	deviceLock.unlockRestore(flags)
	return 0
}

// takeFunctions gives a domain all functions with all that belongs to them, where no control
// domain does so.
func (d *Domain) takeFunctions() {
	if devices == nil || ioTableOf(d) == nil || !d.makeDMATables() {
		return
	}
	d.io.pins = (1<<ioapicPins - 1) &^ (1<<firstPCIPin - 1)
	for i := uint32(0); i < devices.n && i < maxFunctions; i++ {
		f := &devices.functions[i]
		f.owner = d.frame32()
		f.guard(d)
		for k := uint32(0); k < maxBARs; k++ {
			size := uint64(-(f.masks[k] &^ 0xf))
			switch at := f.barAddress(k); {
			case f.masks[k]&1 != 0:
				port := uint64(f.bars[k] &^ 3 & 0xffff)
				d.io.ports.add(span{port, port + uint64(-(f.masks[k]&^3)&0xffff)})
			case f.masks[k] != 0 && isIOFrame(mfn(at>>pageShift)):
				d.io.mem.add(span{at >> pageShift, (at + size + pageMask) >> pageShift})
			}
		}
	}
}
