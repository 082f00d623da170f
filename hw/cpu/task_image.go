package cpu

// taskImage is what a TSS holds of a task.
type taskImage struct {
	wide  bool // of a 32-bit TSS
	cr3   uint64
	eip   uint64
	flags uint64
	gpr   [8]uint64
	seg   [6]uint16
	ldt   uint16
	trap  bool // #DB once the task runs
}

// Places in the two kinds of TSS (APM vol. 2, figures 12-6 and 12-7).
const (
	tss32CR3, tss32EIP, tss32GPR, tss32Seg, tss32LDT, tss32Trap = 0x1c, 0x20, 0x28, 0x48, 0x60, 0x64
	tss16IP, tss16GPR, tss16Seg, tss16LDT                       = 0x0e, 0x12, 0x22, 0x2a
)

// readTask reads the image in a TSS.
func (c *CPU) readTask(s *Segment) (*taskImage, bool) {
	m := &taskImage{wide: s.Attr&type32 != 0}
	ok := true
	get := func(off uint64, size int) uint64 {
		if !ok {
			return 0
		}
		var v uint64
		v, ok = c.sysLoad(s.Base+off, size)
		return v
	}
	if !m.wide {
		m.eip, m.flags = get(tss16IP, 2), get(tss16IP+2, 2)
		for n := range m.gpr { // the upper halves are undefined: ones, as in the 386
			m.gpr[n] = 0xffff0000 | get(tss16GPR+2*uint64(n), 2)
		}
		for n := range DS + 1 {
			m.seg[n] = uint16(get(tss16Seg+2*uint64(n), 2))
		}
		m.ldt = uint16(get(tss16LDT, 2))
		return m, ok
	}
	m.cr3, m.eip, m.flags = get(tss32CR3, 4), get(tss32EIP, 4), get(tss32EIP+4, 4)
	for n := range m.gpr {
		m.gpr[n] = get(tss32GPR+4*uint64(n), 4)
	}
	for n := range m.seg {
		m.seg[n] = uint16(get(tss32Seg+4*uint64(n), 2))
	}
	m.ldt = uint16(get(tss32LDT, 2))
	m.trap = get(tss32Trap, 2)&1 != 0
	return m, ok
}

// saveTask writes the running task into its TSS. CR3 and LDTR are not saved.
func (c *CPU) saveTask(s *Segment, ret, flags uint64) bool {
	ok := true
	put := func(off uint64, size int, v uint64) {
		ok = ok && c.sysStore(s.Base+off, size, v)
	}
	if s.Attr&type32 == 0 {
		put(tss16IP, 2, ret)
		put(tss16IP+2, 2, flags)
		for n := range uint64(8) {
			put(tss16GPR+2*n, 2, c.GPR[n])
		}
		for n := range uint64(DS + 1) {
			put(tss16Seg+2*n, 2, uint64(c.Seg[n].Sel))
		}
		return ok
	}
	put(tss32EIP, 4, ret)
	put(tss32EIP+4, 4, flags)
	for n := range uint64(8) {
		put(tss32GPR+4*n, 4, c.GPR[n])
	}
	for n := range uint64(6) {
		put(tss32Seg+4*n, 2, uint64(c.Seg[n].Sel))
	}
	return ok
}
