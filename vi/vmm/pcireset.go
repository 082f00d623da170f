package main

// A function is reset by itself when it changes hands, so that nothing of what its owner
// told it is left, and when its owner asks for it. The two ways leave configuration space as at
// power-on; what firmware had set up is restored.

const (
	exprFLR      = 1 << 28 // of device capabilities: there is a function level reset
	exprInitiate = 1 << 15 // of device control
	pmForgets    = 1 << 3  // of control and status, if clear: the way from D3hot to D0 is a reset
	pmState      = 3
	resetReads   = 1000 // most reads until a function that resets answers again
)

// reset resets a function, if it can be: by PCI Express's function level reset (PCI Express
// 3.0, 6.6.2) or by its power state (PCI Power Management 1.2, 5.4.1).
func (f *function) reset() {
	pm := uint16(f.pm) + 4
	switch {
	case f.expr != 0 && pciRead(f.devfn, uint16(f.expr)+4, 4)&exprFLR != 0:
		at := uint16(f.expr) + 8
		pciWrite(f.devfn, at, 2, pciRead(f.devfn, at, 2)|exprInitiate)
	case f.pm != 0 && pciRead(f.devfn, pm, 2)&pmForgets == 0:
		pciWrite(f.devfn, pm, 2, pciRead(f.devfn, pm, 2)|pmState)
		pciWrite(f.devfn, pm, 2, pciRead(f.devfn, pm, 2)&^pmState)
	default:
		return
	}
	f.restore()
}

// restore writes again what firmware had written, after a reset.
func (f *function) restore() {
	for n := 0; n < resetReads && pciRead(f.devfn, pciVendor, 2) == 0xffff; n++ {
		cpuRelax()
	}
	for i, v := range f.bars {
		pciWrite(f.devfn, uint16(pciBAR+4*i), 4, v)
	}
	f.sized = 0
	pciWrite(f.devfn, pciCommand, 2, cmdPorts|cmdMemory|cmdINTxOff)
	f.stopMessages()
}

// resetFor completes a reset that a function's owner asked for, whose messages go on.
func (f *function) resetFor(d *Domain) {
	f.restore()
	for nr := range d.io.pirqs {
		if p := &d.io.pirqs[nr]; p.vector != 0 && p.function() == f {
			d.openSource(p)
		}
	}
}
