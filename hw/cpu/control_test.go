package cpu

import "testing"

// TestControlFaults checks the conditions of #GP (APM vol. 2, 3.1; SDM vol. 2, MOV to CR).
func TestControlFaults(t *testing.T) {
	long, legacy, paging := newRig, newLegacyRig, newPagingRig
	for _, tt := range []struct {
		name string
		rig  func(*testing.T) *rig
		do   func(r *rig) bool
		ok   bool
	}{
		{"CR0: upper half", long, func(r *rig) bool { return r.writeCR0(r.CR0 | 1<<32) }, false},
		{"CR0: unknown low bits are ignored", long, func(r *rig) bool { return r.writeCR0(r.CR0 | 1<<17) }, true},
		{"CR0: PG without PE", legacy, func(r *rig) bool { return r.writeCR0(r.CR0&^CR0PE | CR0PG) }, false},
		{"CR0: NW without CD", legacy, func(r *rig) bool { return r.writeCR0(r.CR0 | CR0NW) }, false},
		{"CR0: leaving paging in 64-bit code", long, func(r *rig) bool { return r.writeCR0(r.CR0 &^ CR0PG) }, false},
		{"CR0: long mode without PAE", legacy, func(r *rig) bool { r.writeEFER(EFERLME); return r.writeCR0(r.CR0 | CR0PG) }, false},
		{"CR0: long mode", legacy, func(r *rig) bool {
			r.writeEFER(EFERLME)
			r.writeCR4(CR4PAE)
			r.writeCR3(tPML4)
			return r.writeCR0(r.CR0|CR0PG) && r.longActive()
		}, true},
		{"CR0: long mode from L=1", legacy, func(r *rig) bool {
			r.Seg[CS].Attr |= attrL
			r.writeEFER(EFERLME)
			r.writeCR4(CR4PAE)
			return r.writeCR0(r.CR0 | CR0PG)
		}, false},
		{"CR3: too wide", long, func(r *rig) bool { return r.writeCR3(1 << physBits) }, false},
		{"CR3: bit 63 without PCIDs", long, func(r *rig) bool { return r.writeCR3(tPML4 | cr3Keep) }, false},
		{"CR4: unknown", long, func(r *rig) bool { return r.writeCR4(r.CR4 | 1<<12) }, false},
		{"CR4: VME is not there", legacy, func(r *rig) bool { return r.writeCR4(r.CR4 | 1) }, false},
		{"CR4: no PAE in long mode", long, func(r *rig) bool { return r.writeCR4(r.CR4 &^ CR4PAE) }, false},
		{"CR4: PCIDE", long, func(r *rig) bool { return r.writeCR4(r.CR4 | CR4PCIDE) }, true},
		{"CR4: PCIDE with bits in CR3", long, func(r *rig) bool { r.writeCR3(tPML4 | 8); return r.writeCR4(r.CR4 | CR4PCIDE) }, false},
		{"CR4: PCIDE outside long mode", paging, func(r *rig) bool { return r.writeCR4(r.CR4 | CR4PCIDE) }, false},
		{"CR4: PAE with bad pointers", paging, func(r *rig) bool { r.Mem.Write64(tDir, 1|2); return r.writeCR4(r.CR4 | CR4PAE) }, false},
		{"EFER: unknown", long, func(r *rig) bool { return r.writeMSR(msrEFER, r.MSR.EFER|1<<15) }, false},
		{"EFER: LME with paging", long, func(r *rig) bool { return r.writeMSR(msrEFER, r.MSR.EFER&^EFERLME) }, false},
		{"EFER: LMA is not written", long, func(r *rig) bool {
			return r.writeMSR(msrEFER, r.MSR.EFER&^EFERLMA) && r.MSR.EFER&EFERLMA != 0
		}, true},
	} {
		r := tt.rig(t)
		before := r.State
		ok := tt.do(r)
		if ok != tt.ok {
			t.Errorf("%s: %v %+v", tt.name, ok, r.exc)
		}
		if !ok && (r.CR0 != before.CR0 || r.CR4&^CR4PAE != before.CR4&^CR4PAE) {
			t.Errorf("%s: changed what it refused", tt.name)
		}
	}
}

// TestMSRValues checks what registers accept (APM vol. 2, 7.7, 7.8, appendix A).
func TestMSRValues(t *testing.T) {
	for _, tt := range []struct {
		name string
		msr  uint32
		v    uint64
		ok   bool
		want uint64
	}{
		{"PAT", msrPAT, 0x0706050401000406, true, 0x0706050401000406},
		{"PAT, type 2", msrPAT, 0x0200, false, 0},
		{"PAT, type 8", msrPAT, 8, false, 0},
		{"MTRR base", 0x200, 0x12345006, true, 0x12345006},
		{"MTRR base, type 7", 0x200, 7, false, 0},
		{"MTRR base, reserved", 0x200, 0x100, false, 0},
		{"MTRR base, too wide", 0x200, 1 << physBits, false, 0},
		{"MTRR mask", 0x201, 0xffff000800, true, 0xffff000800},
		{"MTRR mask, reserved", 0x201, 0x400, false, 0},
		{"fixed MTRR", 0x250, 0x0606060605040100, true, 0x0606060605040100},
		{"fixed MTRR, type 3", 0x26f, 3 << 56, false, 0},
		{"no MTRR there", 0x210, 0, false, 0},
		{"default type", msrMTRRDefType, 0xc06, true, 0xc06},
		{"default type, reserved", msrMTRRDefType, 0x1000, false, 0},
		{"MTRRcap", msrMTRRCap, 0, false, 0},
		{"LSTAR", msrLSTAR, 1 << 47, false, 0},
		{"KernelGSBase", msrKernelGSBase, 0xffff800000000000, true, 0xffff800000000000},
		{"SFMASK", msrFMASK, 0x1_0000_0200, true, 0x200},
		{"DebugCtl", msrDebugCtl, 0x3f, true, debugBTF},
		{"SYSCFG", msrSYSCFG, ^uint64(0), true, 0x7c0000},
		{"TOP_MEM2", msrTopMem2, 0x123ffffff, true, 0x123800000},
		{"HWCR", msrHWCR, 0x40, true, 0x40},
		{"unknown", 0x1234, 0, false, 0},
	} {
		r := newRig(t)
		ok := r.writeMSR(tt.msr, tt.v)
		if ok != tt.ok {
			t.Errorf("%s: accepted = %v", tt.name, ok)
		}
		if got, _ := r.readMSR(tt.msr); ok && got != tt.want {
			t.Errorf("%s: reads %#x, want %#x", tt.name, got, tt.want)
		}
	}
}

// TestUMIP checks who may look at system registers (APM vol. 2, 3.1.3).
func TestUMIP(t *testing.T) {
	for name, ins := range map[string][]byte{
		"SGDT": {0x0f, 0x01, 0x03}, "SIDT": {0x0f, 0x01, 0x0b}, "SLDT": {0x0f, 0x00, 0xc0},
		"STR": {0x0f, 0x00, 0xc8}, "SMSW": {0x0f, 0x01, 0xe0},
	} {
		for _, on := range []bool{false, true} {
			r := newRig(t)
			r.user()
			r.GPR[RBX] = tUser + 0x800
			if on {
				r.writeCR4(r.CR4 | CR4UMIP)
			}
			r.run(ins...)
			if faulted := r.RIP >= tHand; faulted != on {
				t.Errorf("%s with UMIP %v: RIP %#x", name, on, r.RIP)
			} else if on {
				r.wantFault(VecGP, 0)
			}
		}
	}
}

// TestSysenter checks SYSENTER and SYSEXIT, which long mode lacks (APM vol. 3).
func TestSysenter(t *testing.T) {
	r := newLegacyRig(t)
	r.MSR.SysenterCS, r.MSR.SysenterESP, r.MSR.EIP = lCode, tStack, tCode
	r.user32()
	r.RFLAGS |= FlagIF
	r.run(0x0f, 0x34)
	r.want("EIP", r.RIP, tCode)
	r.want("ESP", r.GPR[RSP], tStack)
	r.want("CPL", uint64(r.CPL), 0)
	r.want("IF", r.RFLAGS&FlagIF, 0)
	r.want("SS", uint64(r.Seg[SS].Sel), lData)
	r.GPR[RDX], r.GPR[RCX] = tUser, tUStk
	r.run(0x0f, 0x35)
	r.want("EIP after SYSEXIT", r.RIP, tUser)
	r.want("CS after SYSEXIT", uint64(r.Seg[CS].Sel), lUCode)
	r.want("SS after SYSEXIT", uint64(r.Seg[SS].Sel), lUData)
	r.run(0x0f, 0x35)
	r.wantHandler("SYSEXIT at CPL 3", VecGP, 0, tUser)

	r = newLegacyRig(t)
	r.run(0x0f, 0x34)
	r.wantHandler("no selector", VecGP, 0, tCode)
}
