package cpu

// ioAllowed checks the right to use size ports from port on, by IOPL or else, and
// always in virtual-8086 mode, by the I/O permission bitmap of the TSS, or raises #GP(0) (APM vol. 2, 12.2.5).
func (c *CPU) ioAllowed(port uint16, size int) bool {
	if c.CPL <= c.iopl() && !c.v86() { // real mode has CPL 0
		return true
	}
	limit := uint64(c.TR.Limit)
	if c.TR.Attr&attrP == 0 || c.TR.Attr&type32 == 0 || limit < 0x67 {
		return c.generalProtection()
	}
	base, ok := c.sysLoad(c.TR.Base+0x66, 2)
	if !ok {
		return false
	}
	at := base + uint64(port>>3)
	if at+1 > limit {
		return c.generalProtection()
	}
	bitmap, ok := c.sysLoad(c.TR.Base+at, 2)
	if !ok {
		return false
	}
	if bitmap>>(port&7)&(1<<size-1) != 0 {
		return c.generalProtection()
	}
	return true
}

// execPort executes IN and OUT.
func (c *CPU) execPort(i *Inst) {
	port, size := uint16(c.GPR[RDX]), int(i.Size)
	if i.Form == FormImm {
		port = uint16(i.Imm & 0xff)
	}
	if !c.ioAllowed(port, size) {
		return
	}
	if i.Op == OpIN {
		c.setReg(RAX, i.Size, PrefixREX, uint64(c.portIn(port, size)))
		return
	}
	c.portOut(port, size, uint32(c.GPR[RAX]&mask(i.Size)))
}

// portIn reads a port.
func (c *CPU) portIn(port uint16, size int) uint32 {
	if c.armed() {
		c.notePort(port, size)
	}
	return c.Bus.In(c.ID, port, size)
}

// portOut writes a port.
func (c *CPU) portOut(port uint16, size int, v uint32) {
	if c.armed() {
		c.notePort(port, size)
	}
	c.Bus.Out(c.ID, port, size, v)
}
