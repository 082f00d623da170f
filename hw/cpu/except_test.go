package cpu

import "testing"

var (
	insUD2   = []byte{0x0f, 0x0b}
	insNOP   = []byte{0x90}
	insIRETQ = []byte{0x48, 0xcf}
	insINT3  = []byte{0xcc}
	insLoad  = []byte{0x48, 0x8b, 0x03} // mov rax, [rbx]
)

func TestFaultPushes(t *testing.T) {
	r := newRig(t)
	r.RFLAGS |= FlagIF | FlagTF | FlagNT
	r.GPR[RSP] = tStack - 5
	r.RFLAGS &^= FlagTF
	r.run(insUD2...)
	f := r.wantFault(VecUD, 0)
	r.want("RIP", f[0], tCode)
	r.want("CS", f[1], selCode)
	r.want("RFLAGS", f[2], FlagOne|FlagIF|FlagNT|FlagRF)
	r.want("RSP", f[3], tStack-5)
	r.want("SS", f[4], selData)
	r.want("aligned frame", r.GPR[RSP], tStack-16-40)
	r.want("flags in the handler", r.RFLAGS, FlagOne)
	r.want("retired", r.Retired, 0)
	r.want("SS in the handler", uint64(r.Seg[SS].Sel), selData)
}

func TestTrapGateKeepsIF(t *testing.T) {
	r := newRig(t)
	r.gate(uint64(VecBP), typeTrapGate, 3, 0)
	r.RFLAGS |= FlagIF
	r.run(insINT3...)
	f := r.wantFault(VecBP, 0)
	r.want("RIP", f[0], tCode+1)
	r.want("RFLAGS", f[2], FlagOne|FlagIF)
	r.want("flags in the handler", r.RFLAGS, FlagOne|FlagIF)
	r.want("retired", r.Retired, 1)
}

func TestISTAndPrivilegeChange(t *testing.T) {
	for _, tt := range []struct {
		name string
		user bool
		ist  uint64
		sp   uint64
		ss   uint64
	}{
		{"same level", false, 0, tStack, selData},
		{"IST from the same level", false, 3, tIST + 3<<12, selData},
		{"from user", true, 0, tRSP0, 0},
		{"IST from user", true, 1, tIST + 1<<12, 0},
	} {
		r := newRig(t)
		r.gate(uint64(VecUD), typeIntGate, 0, tt.ist)
		if tt.user {
			r.user()
		}
		sp, ss := r.GPR[RSP], uint64(r.Seg[SS].Sel)
		r.run(insUD2...)
		f := r.wantFault(VecUD, 0)
		r.want(tt.name+": RSP", r.GPR[RSP], tt.sp-40)
		r.want(tt.name+": old RSP", f[3], sp)
		r.want(tt.name+": old SS", f[4], ss)
		r.want(tt.name+": SS", uint64(r.Seg[SS].Sel), tt.ss)
		r.want(tt.name+": CPL", uint64(r.CPL), 0)
	}
}

func TestPageFaultErrorCodeAndCR2(t *testing.T) {
	r := newRig(t)
	r.user()
	r.GPR[RBX] = 0x200010
	r.run(insLoad...)
	r.wantFault(VecPF, 5)
	r.want("CR2", r.CR2, 0x200010)
}

// TestGateFaults checks what bad gates raise instead, with their error codes.
func TestGateFaults(t *testing.T) {
	const soft, extern = 0, 1
	word := func(r *rig, v uint64) uint64 { return r.Mem.Read64(tIDT + 16*v) }
	for _, tt := range []struct {
		name   string
		do     func(r *rig)
		ins    []byte
		vector uint8
		err    uint64
	}{
		{"INT beyond the limit", func(r *rig) { r.IDTR.Limit = 16*0x40 - 1 }, []byte{0xcd, 0x40}, VecGP, 0x40<<3 | 2 | soft},
		{"#UD gate not present", func(r *rig) { r.Mem.Write64(tIDT+16*6, word(r, 6)&^(1<<47)) }, insUD2, VecNP, 6<<3 | 2 | extern},
		{"INT gate not present", func(r *rig) { r.Mem.Write64(tIDT+16*0x40, word(r, 0x40)&^(1<<47)) }, []byte{0xcd, 0x40}, VecNP, 0x40<<3 | 2},
		{"#UD gate of a wrong type", func(r *rig) { r.gate(6, 5, 0, 0) }, insUD2, VecGP, 6<<3 | 2 | extern},
		{"null selector", func(r *rig) { r.Mem.Write64(tIDT+16*6, word(r, 6)&^(0xffff<<16)) }, insUD2, VecGP, extern},
		{"data selector", func(r *rig) { r.Mem.Write64(tIDT+16*6, word(r, 6)&^(0xffff<<16)|selData<<16) }, insUD2, VecGP, selData | extern},
		{"selector beyond the GDT", func(r *rig) { r.Mem.Write64(tIDT+16*6, word(r, 6)&^(0xffff<<16)|0x80<<16) }, insUD2, VecGP, 0x80 | extern},
		{"code not present", func(r *rig) {
			r.Mem.Write64(tGDT+0x38, 0x00201b0000000000)
			r.GDTR.Limit = 0x3f
			r.Mem.Write64(tIDT+16*6, word(r, 6)&^(0xffff<<16)|0x38<<16)
		}, insUD2, VecNP, 0x38 | extern},
		{"TSS too short", func(r *rig) { r.gate(6, typeIntGate, 0, 7); r.TR.Limit = 0x50 }, insUD2, VecTS, selTSS | extern},
		{"IST not canonical", func(r *rig) { r.gate(6, typeIntGate, 0, 1); r.Mem.Write64(tTSS+0x24, 1<<48) }, insUD2, VecSS, extern},
		{"handler not canonical", func(r *rig) { r.Mem.Write64(tIDT+16*6+8, 0x8000) }, insUD2, VecGP, extern},
	} {
		r := newRig(t)
		tt.do(r)
		r.run(tt.ins...)
		t.Log(tt.name)
		f := r.wantFault(tt.vector, tt.err)
		r.want(tt.name+": RIP", f[0], tCode)
	}
}

func TestSoftInterruptPrivilege(t *testing.T) {
	r := newRig(t)
	r.user()
	r.run(0xcd, 0x40)
	r.wantFault(VecGP, 0x40<<3|2)
	r = newRig(t)
	r.gate(0x40, typeIntGate, 3, 0)
	r.user()
	r.run(0xcd, 0x40)
	r.want("RIP", r.wantFault(0x40, 0)[0], tUser+2)
}

func TestDoubleFault(t *testing.T) {
	breakGate := func(v uint64) func(r *rig) {
		return func(r *rig) { r.Mem.Write64(tIDT+16*v, r.Mem.Read64(tIDT+16*v)&^(1<<47)) }
	}
	unmapIDT := func(r *rig) { // vectors 0 to 13 are on their own page
		r.IDTR.Base = 0x200000 - 14*16
		for v := range uint64(14 * 16) {
			r.Mem.Write8(r.IDTR.Base+v, r.Mem.Read8(tIDT+v))
		}
		r.pte(0x200000, 0)
	}
	for _, tt := range []struct {
		name   string
		do     func(r *rig)
		ins    []byte
		rbx    uint64
		vector uint8
		err    uint64
	}{
		{"benign then contributory", breakGate(6), insUD2, 0, VecNP, 6<<3 | 3},
		{"contributory then contributory", breakGate(13), insLoad, 1 << 47, VecDF, 0},
		{"page fault then contributory", breakGate(14), insLoad, 0x300000, VecDF, 0},
		{"page fault then page fault", unmapIDT, insLoad, 0x300000, VecDF, 0},
		{"divide error then not present", breakGate(0), []byte{0x48, 0xf7, 0xf1}, 0, VecDF, 0},
	} {
		r := newRig(t)
		r.pte(0x300000, 0)
		tt.do(r)
		r.GPR[RBX] = tt.rbx
		r.run(tt.ins...)
		t.Log(tt.name)
		r.wantFault(tt.vector, tt.err)
	}
}

func TestTripleFault(t *testing.T) {
	r := newRig(t)
	r.IDTR.Limit = 0
	r.run(insUD2...)
	if r.Stop.Kind != StopShutdown || r.Activity != Shutdown {
		t.Errorf("stop %+v activity %d", r.Stop, r.Activity)
	}
	r.Stop = Stop{}
	pc, n := r.RIP, r.Retired
	if r.Step(); r.RIP != pc || r.Retired != n {
		t.Error("a processor in shutdown went on")
	}
}

func TestDoubleFaultOnBadStackUsesIST(t *testing.T) {
	r := newRig(t)
	r.gate(uint64(VecDF), typeIntGate, 0, 2)
	r.GPR[RSP] = 0x200000 // page below is the last of the first table
	r.pte(0x1ff000, 0)
	r.run(insUD2...) // #UD, then #PF on the push, then #PF again: double fault
	r.wantFault(VecDF, 0)
	r.want("RSP", r.GPR[RSP], tIST+2<<12-48)
}

func TestInterruptAndShadow(t *testing.T) {
	r := newRig(t)
	r.bus.vector = 0x41
	r.code(0xfb, 0x90, 0x90) // sti; nop; nop
	r.Step()
	r.Step() // in the shadow of STI
	r.want("RIP", r.RIP, tCode+2)
	r.Step()
	f := r.wantFault(0x41, 0)
	r.want("RIP", f[0], tCode+2)
	r.want("RFLAGS", f[2], FlagOne|FlagIF)
	r.want("acknowledged", uint64(r.bus.acked), 0x41)
	r.want("retired", r.Retired, 2)
	r.bus.vector = 0x42
	r.run(insNOP...)
	r.want("IF is clear", uint64(r.bus.vector), 0x42)
}

func TestSTITwiceHasOneShadow(t *testing.T) {
	r := newRig(t)
	r.bus.vector = 0x41
	r.code(0xfb, 0xfb, 0x90)
	r.Step()
	r.Step()
	r.Step()
	r.want("RIP", r.wantFault(0x41, 0)[0], tCode+2)
}

func TestMovSSShadow(t *testing.T) {
	r := newRig(t)
	r.RFLAGS |= FlagIF
	r.GPR[RAX] = selData
	r.code(0x8e, 0xd0, 0x90) // mov ss, eax; nop
	r.Step()
	r.bus.vector = 0x41
	r.NMIPending = true
	r.Step()
	r.want("RIP", r.RIP, tCode+3)
	r.Step()
	r.wantFault(VecNMI, 0)
}

func TestHalt(t *testing.T) {
	r := newRig(t)
	r.code(0xfb, 0xf4, 0x90) // sti; hlt
	r.Step()
	r.Step()
	if r.Activity != Halted || r.RIP != tCode+2 || !r.EndTurn {
		t.Fatalf("activity %d RIP %#x", r.Activity, r.RIP)
	}
	r.Step()
	r.want("halted RIP", r.RIP, tCode+2)
	r.bus.vector = 0x50
	r.Step()
	r.want("RIP", r.wantFault(0x50, 0)[0], tCode+2)
	r.want("activity", uint64(r.Activity), uint64(Running))
}

func TestNMIBlocking(t *testing.T) {
	r := newRig(t)
	r.gate(uint64(VecNMI), typeIntGate, 0, 4)
	r.NMIPending = true
	r.Mem.WriteBytes(tHand+32, insUD2) // NMI handler: ud2
	r.Mem.WriteBytes(tHand+6*16, insIRETQ)
	r.Step()
	r.want("RIP", r.wantFault(VecNMI, 0)[0], tCode)
	r.want("RSP", r.GPR[RSP], tIST+4<<12-40)
	r.NMIPending = true
	r.Step()
	r.wantFault(VecUD, 0) // not the second NMI
	if !r.NMIBlocked {
		t.Error("NMI must stay blocked through a nested exception")
	}
	r.Step() // its IRET unblocks, early, as on hardware
	r.want("RIP", r.RIP, tHand+32)
	r.Step()
	r.wantFault(VecNMI, 0)
}

func TestFaultingIRETKeepsNMIBlocked(t *testing.T) {
	r := newRig(t)
	r.NMIBlocked = true
	r.run(insIRETQ...) // a stack of zeros
	r.wantFault(VecGP, 0)
	if !r.NMIBlocked {
		t.Error("unblocked by an IRET that did not complete")
	}
}

func TestSingleStep(t *testing.T) {
	r := newRig(t)
	r.RFLAGS |= FlagTF
	r.run(insNOP...)
	f := r.wantFault(VecDB, 0)
	r.want("RIP", f[0], tCode+1)
	r.want("RFLAGS", f[2], FlagOne|FlagTF)
	r.want("DR6.BS", r.DR[6]&DR6BS, DR6BS)
	r.want("retired", r.Retired, 1)

	r = newRig(t)
	r.gate(0x40, typeIntGate, 0, 0)
	r.RFLAGS |= FlagTF
	r.run(0xcd, 0x40)
	r.want("no step into INT n", r.wantFault(0x40, 0)[2], FlagOne|FlagTF)

	r = newRig(t)
	r.RFLAGS |= FlagTF
	r.run(insUD2...)
	r.wantFault(VecUD, 0)
}

func TestRFClearsAfterOneInstruction(t *testing.T) {
	r := newRig(t)
	r.RFLAGS |= FlagRF
	r.run(insNOP...)
	r.want("RFLAGS", r.RFLAGS, FlagOne)
}

func TestFetchFaults(t *testing.T) {
	r := newRig(t)
	r.RIP = 1 << 47
	r.Step()
	r.want("RIP", r.wantFault(VecGP, 0)[0], 1<<47)

	r = newRig(t)
	r.RIP = 0x200ffe
	r.pte(0x201000, 0x201000|3|pteNX)
	r.run(0x48, 0x8b, 0x03)
	r.want("RIP", r.wantFault(VecPF, 0x11)[0], 0x200ffe)
	r.want("CR2 is the second page", r.CR2, 0x201000)
	r.pte(0x201000, 0)
	r.TLB = TLB{}
	r.Resync()
	r.RIP = 0x200ffe
	r.Mem.WriteBytes(0x200ffe, []byte{0x90, 0x90})
	r.Step()
	r.Step()
	r.want("no fault without need", r.RIP, 0x201000)
}
