package main

// Configuration space as domains see it, through the ports of mechanism #1, which the
// VMM emulates. A domain finds its own functions alone; the control domain reads all, and
// writes those that nobody has. Where a function's registers are, and where its
// messages go, no guest can change.

// configPort executes an access to the ports 0xcf8 to 0xcff. What has no effect reads
// as all ones, as on a bus on which nobody answers.
func configPort(d *Domain, port uint16, size uint, v uint32, write bool) uint32 {
	none := uint32(sizeMask(size))
	if d.io == nil && !(d.privileged && devices != nil && ioTableOf(d) != nil) {
		return none
	}
	if port < pciData {
		switch {
		case port != pciAddress || size != 4:
		case write:
			d.io.address = v & (pciEnable | 0xfffffc)
		default:
			return d.io.address
		}
		return none
	}
	a := d.io.address
	at := uint16(a&0xfc) + port&3
	if a&pciEnable == 0 || a>>16&0xff != 0 || port&3+uint16(size) > 4 {
		return none
	}
	flags := deviceLock.lockSave()
	r := d.config(uint8(a>>8), at, size, v, write)
	deviceLock.unlockRestore(flags)
	return r & none
}

// config reads or writes a register that d may. deviceLock is held.
func (d *Domain) config(devfn uint8, at uint16, size uint, v uint32, write bool) uint32 {
	f := findFunction(devfn)
	mine := f != nil && d.has(f)
	switch {
	case write && mine:
		f.write(d, at, size, v)
	case write, !mine && !d.privileged:
	case mine && at >= pciBAR && at < pciBAR+4*maxBARs:
		return f.readBAR(at)
	default:
		return pciRead(devfn, at, size)
	}
	return ^uint32(0)
}

// readBAR reads a BAR: what firmware wrote, or its size after all ones were written.
func (f *function) readBAR(at uint16) uint32 {
	i := (at - pciBAR) / 4 % maxBARs
	v := f.bars[i]
	if f.sized>>i&1 != 0 {
		v = f.masks[i]
	}
	return v >> (at & 3 * 8)
}

// cmdGuest are the bits of the command register that a function's owner may change.
const cmdGuest = cmdPorts | cmdMemory | cmdMaster | cmdINTxOff | 1<<6 | 1<<8 // and the reports of parity and system errors

// write executes the write of a function's owner, if it is harmless: commands, the
// status that it clears, what drivers tell of caches and lines, the power state, a reset.
func (f *function) write(d *Domain, at uint16, size uint, v uint32) {
	switch {
	case at >= pciBAR && at < pciBAR+4*maxBARs:
		i := (at - pciBAR) / 4 % maxBARs
		f.sized &^= 1 << i
		if size == 4 && v == ^uint32(0) {
			f.sized |= 1 << i
		}
	case at == pciCommand && size >= 2:
		cmd := v & cmdGuest
		if f.msix != 0 && pciRead(f.devfn, uint16(f.msix)+2, 2)&msixOn != 0 {
			cmd |= cmdINTxOff
		}
		pciWrite(f.devfn, pciCommand, 2, cmd)
		if size == 4 {
			pciWrite(f.devfn, pciStatus, 2, v>>16)
		}
	case at == pciStatus && size == 2:
		pciWrite(f.devfn, pciStatus, 2, v)
	case (at == pciCache || at == pciLatency || at == pciLine) && size == 1:
		pciWrite(f.devfn, at, 1, v)
	case f.pm != 0 && at == uint16(f.pm)+4 && size <= 2:
		was := pciRead(f.devfn, at, 2)
		pciWrite(f.devfn, at, size, v)
		if was&pmState != 0 && v&pmState == 0 && was&pmForgets == 0 {
			f.resetFor(d)
		}
	case f.expr != 0 && at == uint16(f.expr)+8 && size == 2:
		pciWrite(f.devfn, at, 2, v)
		if v&exprInitiate != 0 && pciRead(f.devfn, uint16(f.expr)+4, 4)&exprFLR != 0 {
			f.resetFor(d)
		}
	}
}
