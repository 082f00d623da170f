package cpu

// ioAllowed checks the right to use size ports from port on, by IOPL or else by
// the I/O permission bitmap of the TSS, or raises #GP(0) (APM vol. 2, 12.2.5).
func (c *CPU) ioAllowed(port uint16, size int) bool {
	if !c.protected() || c.CPL <= c.iopl() {
		return true
	}
	limit := uint64(c.TR.Limit)
	if c.TR.Attr&attrP == 0 || limit < 0x67 {
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
		c.setReg(RAX, i.Size, PrefixREX, uint64(c.Bus.In(c.ID, port, size)))
		return
	}
	c.Bus.Out(c.ID, port, size, uint32(c.GPR[RAX]&mask(i.Size)))
}
