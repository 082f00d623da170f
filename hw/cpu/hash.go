package cpu

import "resvirt/sim"

// Hash adds to h all that software can observe of the processor and all that
// affects its future: everything but the counts of retired instructions.
func (s *State) Hash(h *sim.Hasher) {
	for _, x := range s.GPR {
		h.Uint64(x)
	}
	h.Uint64(s.RIP)
	h.Uint64(s.RFLAGS)
	for i := range s.Seg {
		s.Seg[i].hash(h)
	}
	s.LDTR.hash(h)
	s.TR.hash(h)
	for _, t := range [...]Table{s.GDTR, s.IDTR} {
		h.Uint64(t.Base)
		h.Uint64(uint64(t.Limit))
	}
	for _, x := range [...]uint64{s.CR0, s.CR2, s.CR3, s.CR4, s.CR8, s.XCR0, s.Random, s.TSCBase, uint64(s.Clock)} {
		h.Uint64(x)
	}
	for _, x := range s.DR {
		h.Uint64(x)
	}
	for _, x := range s.PDPTE {
		h.Uint64(x)
	}
	s.MSR.hash(h)
	s.FPU.hash(h)
	h.Uint64(uint64(s.HeldDebug)<<16 | uint64(s.CPL)<<8 | uint64(s.Activity))
	h.Bool(s.NMIPending)
	h.Bool(s.NMIBlocked)
	h.Bool(s.IntShadow)
	s.Monitor.hash(h)
	s.TLB.Hash(h)
}

func (s *Segment) hash(h *sim.Hasher) {
	h.Uint64(uint64(s.Sel)<<48 | uint64(s.Attr)<<32 | uint64(s.Limit))
	h.Uint64(s.Base)
}

func (m *MSRs) hash(h *sim.Hasher) {
	for _, x := range [...]uint64{m.EFER, m.STAR, m.LSTAR, m.CSTAR, m.FMASK, m.KernelGSBase, m.TSCAux, m.APICBase, m.PAT,
		m.SysenterCS, m.SysenterESP, m.EIP, m.MTRRDefType, m.MCGStatus, m.DebugCtl} {
		h.Uint64(x)
	}
	for _, x := range m.MTRR {
		h.Uint64(x)
	}
	for _, x := range m.Config {
		h.Uint64(x)
	}
	for i := range m.PerfCtr {
		h.Uint64(m.PerfEvtSel[i])
		h.Uint64(m.PerfCtr[i])
	}
}

func (f *FPU) hash(h *sim.Hasher) {
	for _, x := range f.XMM {
		h.Uint64(x[0])
		h.Uint64(x[1])
	}
	for _, r := range f.ST {
		h.Uint64(r.Mant)
		h.Uint64(uint64(r.Exp))
	}
	h.Uint64(uint64(f.MXCSR)<<32 | uint64(f.FCW)<<16 | uint64(f.FSW))
	h.Uint64(uint64(f.FCS)<<48 | uint64(f.FDS)<<32 | uint64(f.FOP)<<8 | uint64(f.FTW))
	h.Uint64(f.FIP)
	h.Uint64(f.FDP)
}
