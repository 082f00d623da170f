package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Privileged instructions of a guest's kernel, which runs in ring 3: they fault,
// and the VMM executes those that are harmless.

// privileged executes the instruction at r's RIP. With false the guest is to
// handle the fault. IN and OUT need the I/O privilege, all else is for the
// guest's kernel only.
func privileged(v *VCPU, r *regs) bool {
	var i insn
	if r.CS != abi.FlatRing3CS64 && !v.longCode(r.CS) || !i.fetch(r.RIP) || !i.decode(r) {
		return false
	}
	v.hold(r)
	ok := false
	switch {
	case i.op&^0xb == 0xe4: // IN and OUT, E4 to E7 and EC to EF
		ok = portIO(v, &i, r)
	case i.op == 0xfa || i.op == 0xfb:
		// CLI and STI do nothing, as in Xen: POPF, which does not fault,
		// could not undo them.
		ok = v.mayUsePorts()
	case !v.kernelMode():
	case i.op == 0xf4:
		hyperSchedOp(abi.SchedopBlock, 0, 0, 0, 0)
		ok = true
	case i.op == twoByte|0x06: // CLTS
		hyperFPUTaskswitch(0, 0, 0, 0, 0)
		ok = true
	case i.op == twoByte|0x08 || i.op == twoByte|0x09: // INVD, WBINVD
		ok = true
	case i.op == twoByte|0x01:
		ok = i.isMem && i.modrm>>3&7 == 7 && i.invlpg(r)
	case i.op >= twoByte|0x20 && i.op <= twoByte|0x23:
		ok = i.modrm>>6 == 3 && controlMove(v, &i, r)
	case i.op == twoByte|0x30:
		ok = guestWRMSR(v, uint32(r.RCX), r.RAX&0xffffffff|r.RDX<<32)
	case i.op == twoByte|0x32:
		var val uint64
		if val, ok = guestRDMSR(v, uint32(r.RCX)); ok {
			r.RAX, r.RDX = val&0xffffffff, val>>32
		}
	}
	if ok {
		v.skip(&i, r)
	}
	return ok
}

// skip moves RIP behind an instruction that was executed.
func (v *VCPU) skip(i *insn, r *regs) {
	commit()
	r.RIP += uint64(i.pos)
	r.RFLAGS &^= flagRF
	v.note(notedEntry)
	v.stepped(r)
}

// stepped raises the #DB that follows an instruction if TF was set at its
// begin.
func (v *VCPU) stepped(r *regs) {
	if r.RFLAGS&flagTF != 0 {
		v.arch.debugReg[6] |= dr6Step
		v.raise(trapDB, 0)
	}
}

// mayUsePorts says whether v's I/O privilege level lets it execute IN, OUT, CLI
// and STI. For this test the guest's kernel counts as ring 1, or as ring 0 if
// it asked for architectural_iopl.
func (v *VCPU) mayUsePorts() bool {
	if v.kernelMode() {
		return v.arch.iopl >= 1 || v.domain.architecturalIOPL()
	}
	return v.arch.iopl == 3
}

// architecturalIOPL says whether a guest sees its I/O privilege level in RFLAGS, where
// its kernel is entered, and changes it by iret.
func (d *Domain) architecturalIOPL() bool { return d.assist>>abi.VMAssistArchitecturalIOPL&1 != 0 }

// portIO executes IN and OUT. PCI's configuration ports are emulated. Of other ports a
// guest has those that it was let use; elsewhere it reads all ones, as from a bus on which
// no device answers.
func portIO(v *VCPU, i *insn, r *regs) bool {
	width := uint(1)
	if i.op&1 != 0 {
		width = 4
		if i.short {
			width = 2
		}
	}
	port := uint16(r.RDX)
	if i.op < 0xe8 {
		port = uint16(i.next())
	}
	if !v.mayUsePorts() && !v.mapAllows(port, width) {
		return false
	}
	if !i.ok() {
		return false
	}
	out := i.op&2 != 0
	v32, val := uint32(r.RAX), uint32(sizeMask(width))
	switch d := v.domain; {
	case port >= pciAddress && uint32(port)+uint32(width) <= pciData+4:
		val = configPort(d, port, width, v32&val, out)
	case !d.mayUse(port, width):
	case out:
		portOut(port, width, v32&val)
	default:
		val = portIn(port, width)
	}
	if !out {
		i.setReg(r, 0, width, uint64(val))
	}
	return true
}

// invlpg executes INVLPG.
func (i *insn) invlpg(r *regs) bool {
	if a := i.linear(r); !isHypervisorAddr(a) {
		invalidate(a)
	}
	return true
}

// controlMove executes MOV from and to control and debug registers.
func controlMove(v *VCPU, i *insn, r *regs) bool {
	which, p := i.reg(), gpr(r, i.rm())
	switch i.op {
	case twoByte | 0x20:
		switch which {
		case 0:
			*p = cr0VMM | 1<<4 | v.arch.fpuTS<<3
		case 2:
			*p = v.arch.cr2
		case 3:
			*p = abi.XenPFNToCR3(uint64(v.arch.guestTable))
		case 4:
			*p = guestCR4 | v.arch.cr4
		default:
			return false
		}
		return true
	case twoByte | 0x22:
		return writeControl(v, which, *p)
	case twoByte | 0x21:
		val := hyperGetDebugreg(uint64(which), 0, 0, 0, 0)
		*p = uint64(val)
		return which < 8
	}
	return hyperSetDebugreg(uint64(which), *p, 0, 0, 0) == 0
}

// guestCR4 are the bits that guests read as set: PAE, OSFXSR and OSXMMEXCPT.
const guestCR4 = 1<<5 | 1<<9 | 1<<10

// guestCR4Own are the bits of CR4 that are the guest's: FSGSBASE. It must ask for it,
// because its kernel must know that user mode can change its bases.
const guestCR4Own = cr4FSGSBASE

// setGuestCR4 executes a guest's write to CR4, which changes only its own bits. The
// features that CPUID shows need no other bits than those that are set.
func (v *VCPU) setGuestCR4(val uint64) {
	v.arch.cr4 = val & guestCR4Own
	if _, b, _, _ := readCPUID(7, 0); b&cpuid7FSGSBASE == 0 {
		v.arch.cr4 = 0
	}
}

// loadGuestCR4 gives the processor the guest's bits of CR4.
func loadGuestCR4(c *CPU, v *VCPU) {
	c.guestCR4 = v.arch.cr4
	if !native {
		bare.WriteCR4(cr4VMM | v.arch.cr4&guestCR4Own)
	}
}

// writeControl executes MOV to a control register. In CR0 only TS may change;
// CR3 changes as by MMUEXT_NEW_BASEPTR; CR4 changes only in the guest's own
// bits.
func writeControl(v *VCPU, which uint8, val uint64) bool {
	const ts = 1 << 3
	switch which {
	case 0:
		if (val^cr0VMM)&^(ts|1<<4) != 0 {
			return false
		}
		hyperFPUTaskswitch(val>>3&1, 0, 0, 0, 0)
	case 2:
		v.arch.cr2, v.info.Arch.CR2 = val, val
	case 3:
		return newBase(v, mfn(abi.XenCR3ToPFN(val))) == 0
	case 4:
		v.setGuestCR4(val)
		loadGuestCR4(this(), v)
	default:
		return false
	}
	return true
}
