package cpu

// Tables of the twins' 32-bit paging, in free pages below their programs.
const (
	twinDir   = 0x7000
	twinTable = 0x8000
	twinPDPs  = 0xa000
)

// narrowTables adds what 32-bit code needs: a code segment of the kernel, and
// page tables that map pages of programs and data to themselves, as those of 64
// bits do. The less is mapped, the sooner a program that has gone astray ends.
func narrowTables(c *CPU) {
	const all = 1 | 2 | 4
	c.Mem.Write64(emuGDT+0x38, 0x00cf9b000000ffff)
	c.Mem.Write32(twinDir, uint32(ptePS|all)) // a page of 4 MiB
	c.Mem.Write32(twinDir+4*(nativeData>>22), twinTable+0x1000|all)
	for n := range uint64(nativeSize >> 12) {
		c.Mem.Write32(twinTable+0x1000+4*n, uint32(nativeData+n<<12|all))
	}
	c.Mem.Write32(twinDir+4*(nativeCode>>22), twinTable|all)
	for n := range uint64(0x20) {
		c.Mem.Write32(twinTable+4*n, uint32(nativeCode+n<<12|all))
	}
	c.Mem.Write32(twinTable+4*0x20, twinCode|all)
	c.Mem.Write64(twinPDPs, emuPD|1)
}

// narrow puts c into 32-bit code: with paging of 32 bits or PAE, without paging,
// or of compatibility mode.
func narrow(c *CPU, paging int, kernel bool) {
	sel := uint16(userCS32)
	if kernel {
		sel = 0x38
	}
	c.Seg[CS] = segmentOf(sel, c.Mem.Read64(emuGDT+uint64(sel&^7)))
	c.Seg[DS], c.Seg[ES] = c.Seg[SS], c.Seg[SS]
	if paging > 4 {
		return
	}
	c.MSR.EFER &^= EFERLME | EFERLMA
	switch paging {
	case 0, 1:
		c.CR3, c.CR4 = twinDir, c.CR4&^CR4PAE|CR4PSE
	case 2, 3:
		c.CR3, c.PDPTE[0] = twinPDPs, emuPD|1
	case 4:
		c.CR0 &^= CR0PG
	}
}
