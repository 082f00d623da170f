package cpu

import "testing"

// Selectors of the protected-mode rig, by the descriptors in newLegacyRig.
const (
	lCode     = 0x08
	lData     = 0x10
	lUCode    = 0x1b
	lUData    = 0x23
	lTSS      = 0x28
	lConform  = 0x30
	lCode16   = 0x38
	lDown     = 0x40
	lGate     = 0x48 // call gate to lCode, DPL 3
	lGate16   = 0x50
	lTSS2     = 0x58
	lTaskGate = 0x60
	lLDT      = 0x68
	lAbsent   = 0x70
	lReadOnly = 0x78
	lTSS16    = 0x80
	lStack16  = 0x88

	tTSS2  = 0xb000
	tTSS16 = 0xb100
	tLDT   = 0xb200
	tLRSP0 = 0x61000
	tTask2 = 0x90000
)

func desc(base, limit uint64, attr uint16) uint64 {
	return limit&0xffff | base&0xffffff<<16 | uint64(attr&0xff)<<40 | limit>>16&0xf<<48 | uint64(attr>>8&0xf)<<52 | base>>24<<56
}

// newLegacyRig returns a processor in flat 32-bit protected mode at CPL 0
// without paging.
func newLegacyRig(t *testing.T) *rig {
	r := newRig(t)
	r.StartMultiboot(tCode, 0, 0)
	flat := uint64(0xfffff)
	for sel, d := range map[uint64]uint64{
		lCode:     desc(0, flat, attrFlatCode|attrD),
		lData:     desc(0, flat, attrFlatData),
		lUCode:    desc(0, flat, attrFlatCode|attrD|3<<5),
		lUData:    desc(0, flat, attrFlatData|3<<5),
		lTSS:      desc(tTSS, 0x67, attrP|typeTSS),
		lConform:  desc(0, flat, attrFlatCode|attrD|attrConform),
		lCode16:   desc(0, 0xffff, attrFlatCode&^attrG),
		lDown:     desc(0, 0xfff, attrFlatData&^attrG|attrDown),
		lGate:     0x12345&0xffff | lCode<<16 | (0x80|3<<5|typeCallGate)<<40 | 2<<32 | 1<<48,
		lGate16:   0x4567 | lCode<<16 | (0x80|3<<5|4)<<40 | 1<<32,
		lTSS2:     desc(tTSS2, 0x67, attrP|typeTSS),
		lTaskGate: lTSS2<<16 | (0x80|3<<5|typeTaskGate)<<40,
		lLDT:      desc(tLDT, 0xf, attrP|typeLDT),
		lAbsent:   desc(0, flat, attrFlatData&^attrP),
		lReadOnly: desc(0, flat, attrFlatData&^attrWritable),
		lTSS16:    desc(tTSS16, 0x2b, attrP|typeTSS16),
		lStack16:  desc(0, 0xffff, attrFlatData&^attrG&^attrD),
	} {
		r.Mem.Write64(tGDT+sel&^7, d)
	}
	r.Mem.Write64(tLDT+8, desc(0x1000, 0xfff, attrFlatData&^attrG|3<<5))
	for v := range uint64(256) {
		r.gate32(v, lCode, typeIntGate, 0)
	}
	r.Mem.Write32(tTSS+4, tLRSP0)
	r.Mem.Write32(tTSS+8, lData)
	r.GDTR, r.IDTR = Table{tGDT, 0x8f}, Table{tIDT, 0x7ff}
	r.TR = Segment{Sel: lTSS, Attr: attrP | typeTSSBusy, Limit: 0x67, Base: tTSS}
	r.Mem.Write8(tGDT+lTSS+5, uint8(attrP|typeTSSBusy))
	r.RIP, r.RFLAGS, r.GPR[RSP] = tCode, FlagOne, tStack
	r.Resync()
	return r
}

// gate32 writes entry v of the IDT of protected mode.
func (r *rig) gate32(v, sel, kind, dpl uint64) {
	h := uint64(tHand) + 16*v
	r.Mem.Write64(tIDT+8*v, h&0xffff|sel<<16|(0x80|dpl<<5|kind)<<40|h>>16<<48)
}

// user32 moves the processor to CPL 3 of protected mode.
func (r *rig) user32() {
	r.CPL = 3
	r.Seg[CS] = segmentOf(lUCode, r.Mem.Read64(tGDT+lUCode&^7))
	for _, n := range []int{SS, DS, ES} {
		r.Seg[n] = segmentOf(lUData, r.Mem.Read64(tGDT+lUData&^7))
	}
	r.RIP, r.GPR[RSP] = tUser, tUStk
}

// wantHandler checks that vector's handler is about to run at CPL 0, and what is
// on its stack.
func (r *rig) wantHandler(name string, vector uint8, words ...uint64) {
	r.t.Helper()
	if want := uint64(tHand) + 16*uint64(vector); r.RIP != want || r.Stop.Kind != StopNone {
		r.t.Fatalf("%s: RIP = %#x (vector %d), stop %+v, want handler of vector %d", name, r.RIP, int64(r.RIP-tHand)/16, r.Stop, vector)
	}
	for i, w := range words {
		if got := uint64(r.Mem.Read32(r.GPR[RSP] + 4*uint64(i))); got != w {
			r.t.Errorf("%s: word %d of the frame is %#x, want %#x", name, i, got, w)
		}
	}
}

// far is a far pointer as an instruction has it.
func far(op byte, sel uint16, off uint32) []byte {
	return []byte{op, byte(off), byte(off >> 8), byte(off >> 16), byte(off >> 24), byte(sel), byte(sel >> 8)}
}

const (
	farCall = 0x9a
	farJump = 0xea
)

func TestLegacyGates(t *testing.T) {
	r := newLegacyRig(t)
	r.run(insUD2...)
	r.wantHandler("same level", VecUD, tCode, lCode, FlagOne|FlagRF)
	r.want("ESP", r.GPR[RSP], tStack-12)

	r = newLegacyRig(t)
	r.user32()
	r.gate32(0x40, lCode, typeTrapGate, 3)
	r.RFLAGS |= FlagIF | FlagNT
	r.run(0xcd, 0x40)
	r.wantHandler("from user", 0x40, tUser+2, lUCode, FlagOne|FlagIF|FlagNT, tUStk, lUData)
	r.want("ESP", r.GPR[RSP], tLRSP0-20)
	r.want("SS", uint64(r.Seg[SS].Sel), lData)
	r.want("CPL", uint64(r.CPL), 0)
	r.want("flags", r.RFLAGS, FlagOne|FlagIF)
	r.run(0xcf)
	r.want("EIP after IRET", r.RIP, tUser+2)
	r.want("ESP after IRET", r.GPR[RSP], tUStk)
	r.want("CS", uint64(r.Seg[CS].Sel), lUCode)
	r.want("DS stays", uint64(r.Seg[DS].Sel), lUData)

	r = newLegacyRig(t)
	r.gate32(0x41, lCode, typeIntGate&^type32, 0)
	r.run(0xcd, 0x41)
	r.want("16-bit gate: EIP", r.RIP, (tHand+16*0x41)&0xffff)
	r.want("16-bit gate: frame", r.Mem.Read64(r.GPR[RSP])&0xffffffffffff, (tCode+2)&0xffff|lCode<<16|FlagOne<<32)
}

// TestLegacyGateFaults checks error codes (APM vol. 2, 8.4, 8.7; SDM vol. 3, 6.13).
func TestLegacyGateFaults(t *testing.T) {
	patch := func(at uint64, v uint64) func(*rig) { return func(r *rig) { r.Mem.Write32(at, uint32(v)) } }
	for _, tt := range []struct {
		name   string
		do     func(r *rig)
		vector uint8
		err    uint64
	}{
		{"beyond the IDT", func(r *rig) { r.IDTR.Limit = 8*0x40 - 1 }, VecGP, 0x40<<3 | 2},
		{"gate DPL", func(r *rig) { r.gate32(0x40, lCode, typeIntGate, 0) }, VecGP, 0x40<<3 | 2},
		{"gate type", func(r *rig) { r.gate32(0x40, lCode, typeCallGate, 3) }, VecGP, 0x40<<3 | 2},
		{"gate not present", func(r *rig) { r.Mem.Write8(tIDT+8*0x40+5, 0x6e) }, VecNP, 0x40<<3 | 2},
		{"null code", func(r *rig) { r.gate32(0x40, 0, typeIntGate, 3) }, VecGP, 0},
		{"data as code", func(r *rig) { r.gate32(0x40, lData, typeIntGate, 3) }, VecGP, lData},
		{"outside the GDT", func(r *rig) { r.gate32(0x40, 0x200, typeIntGate, 3) }, VecGP, 0x200},
		{"null inner stack", patch(tTSS+8, 0), VecTS, 0},
		{"inner stack of another level", patch(tTSS+8, lUData), VecTS, lUData &^ 3},
		{"inner stack read-only", patch(tTSS+8, lReadOnly), VecTS, lReadOnly},
		{"inner stack absent", patch(tTSS+8, lAbsent), VecSS, lAbsent},
		{"TSS too short", func(r *rig) { r.TR.Limit = 8 }, VecTS, lTSS},
		{"no room", func(r *rig) {
			r.Mem.Write32(tTSS+8, lDown)
			r.Mem.Write32(tTSS+4, 0x100f)
		}, VecSS, lDown},
		{"handler outside", func(r *rig) {
			r.gate32(0x40, lCode16, typeIntGate, 3)
			r.Mem.Write64(tGDT+lCode16, desc(0, 0xfff, attrFlatCode&^attrG))
		}, VecGP, 0},
	} {
		r := newLegacyRig(t)
		r.user32()
		r.gate32(0x40, lCode, typeIntGate, 3)
		for _, v := range []uint64{uint64(VecGP), uint64(VecTS), uint64(VecNP), uint64(VecSS)} {
			r.gate32(v, lConform, typeIntGate, 0) // on the user's stack
		}
		tt.do(r)
		r.run(0xcd, 0x40)
		r.wantHandler(tt.name, tt.vector, tt.err, tUser)
	}
}

func TestConformingHandler(t *testing.T) {
	r := newLegacyRig(t)
	r.user32()
	r.gate32(0x40, lConform, typeIntGate, 3)
	r.run(0xcd, 0x40)
	r.wantHandler("conforming", 0x40, tUser+2, lUCode, FlagOne)
	r.want("CPL", uint64(r.CPL), 3)
	r.want("CS", uint64(r.Seg[CS].Sel), lConform|3)
	r.want("ESP", r.GPR[RSP], tUStk-12)
}

func TestCallGates(t *testing.T) {
	r := newLegacyRig(t)
	r.user32()
	r.Mem.Write64(tUStk, 0x2222222211111111)
	r.run(far(farCall, lGate|3, 0xdead)...)
	r.want("EIP", r.RIP, 0x12345)
	r.want("CS", uint64(r.Seg[CS].Sel), lCode)
	for i, w := range []uint64{tUser + 7, lUCode, 0x11111111, 0x22222222, tUStk, lUData} {
		r.want("frame", uint64(r.Mem.Read32(tLRSP0-24+4*uint64(i))), w)
	}
	r.run(0xca, 8, 0) // retf 8
	r.want("EIP after RETF", r.RIP, tUser+7)
	r.want("ESP after RETF", r.GPR[RSP], tUStk+8)
	r.want("CPL after RETF", uint64(r.CPL), 3)

	r = newLegacyRig(t)
	r.run(far(farCall, lGate16, 0)...)
	r.want("16-bit gate: EIP", r.RIP, 0x4567)
	r.want("16-bit gate: frame", uint64(r.Mem.Read32(r.GPR[RSP])), (tCode+7)&0xffff|lCode<<16)
	r.want("16-bit gate: ESP", r.GPR[RSP], tStack-4)
}

// TestFarFaults checks the rights of far transfers (APM vol. 2, 4.11; vol. 3, CALL far).
func TestFarFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		user   bool
		ins    []byte
		vector uint8
		err    uint64
	}{
		{"null", false, far(farJump, 3, 0), VecGP, 0},
		{"data", false, far(farJump, lData, 0), VecGP, lData},
		{"inner code", true, far(farJump, lCode, 0), VecGP, lCode},
		{"outer code", false, far(farJump, lUCode, 0), VecGP, lUCode &^ 3},
		{"RPL above CPL", false, far(farCall, lCode|1, 0), VecGP, lCode},
		{"JMP through a gate inwards", true, far(farJump, lGate, 0), VecGP, lCode},
		{"outside the limit", false, far(farJump, lCode16, 0x10000), VecGP, 0},
		{"LDT descriptor", false, far(farJump, lLDT, 0), VecGP, lLDT},
		{"inner TSS", true, far(farJump, lTSS2, 0), VecGP, lTSS2},
		{"busy TSS", false, far(farJump, lTSS, 0), VecGP, lTSS},
		{"outside the GDT", false, far(farJump, 0x90, 0), VecGP, 0x90},
		{"no LDT", false, far(farJump, 0xc, 0), VecGP, 0xc},
	} {
		r := newLegacyRig(t)
		at := uint64(tCode)
		if tt.user {
			r.user32()
			at = tUser
		}
		r.run(tt.ins...)
		r.wantHandler(tt.name, tt.vector, tt.err, at)
	}
}

// TestSegmentAccess checks limits and types on accesses (APM vol. 2, 4.10, 4.12).
func TestSegmentAccess(t *testing.T) {
	for _, tt := range []struct {
		name  string
		sel   uint16
		off   uint64
		write bool
		ok    bool
	}{
		{"expand-down, at the limit", lDown, 0xffc, false, false},
		{"expand-down, above", lDown, 0x1000, true, true},
		{"expand-down, 4 GiB", lDown, 0xfffffffc, false, true},
		{"read-only, read", lReadOnly, 0x1000, false, true},
		{"read-only, write", lReadOnly, 0x1000, true, false},
		{"code, read", lCode, 0x1000, false, true},
		{"code, write", lCode, 0x1000, true, false},
		{"null", 0, 0x1000, false, false},
		{"LDT, last bytes", 0xc | 3, 0xffc, true, true},
		{"LDT, across the limit", 0xc, 0xffd, false, false},
		{"64 KiB, across the limit", lStack16, 0xfffd, false, false},
		{"flat, across the limit", lData, 0xfffffffe, false, false},
	} {
		r := newLegacyRig(t)
		r.LDTR = segmentOf(lLDT, r.Mem.Read64(tGDT+lLDT))
		if !r.loadSeg(ES, tt.sel) {
			t.Fatalf("%s: %+v", tt.name, r.exc)
		}
		ok := false
		if tt.write {
			ok = r.store32(ES, tt.off, 7)
		} else {
			_, ok = r.load32(ES, tt.off)
		}
		if ok != tt.ok || !ok && (r.exc.vector != VecGP || r.exc.err != 0) {
			t.Errorf("%s: %v %+v", tt.name, ok, r.exc)
		}
	}
}

// TestSegmentLoads checks what may be loaded (APM vol. 2, 4.8, 4.11.1).
func TestSegmentLoads(t *testing.T) {
	for _, tt := range []struct {
		name   string
		user   bool
		seg    uint8
		sel    uint16
		vector uint8 // 0: fine
		err    uint32
	}{
		{"data", false, DS, lData, 0, 0},
		{"outer data", false, DS, lUData, 0, 0},
		{"inner data", true, DS, lData, VecGP, lData},
		{"RPL weakens", false, DS, lData | 3, VecGP, lData},
		{"conforming code at any level", true, ES, lConform | 3, 0, 0},
		{"inner code", true, ES, lCode, VecGP, lCode},
		{"TSS", false, FS, lTSS, VecGP, lTSS},
		{"absent", false, GS, lAbsent, VecNP, lAbsent},
		{"null", false, DS, 3, 0, 0},
		{"null stack", false, SS, 0, VecGP, 0},
		{"stack", false, SS, lData, 0, 0},
		{"stack with another RPL", false, SS, lData | 1, VecGP, lData},
		{"outer stack", false, SS, lUData, VecGP, lUData &^ 3},
		{"read-only stack", false, SS, lReadOnly, VecGP, lReadOnly},
		{"absent stack", false, SS, lAbsent, VecSS, lAbsent},
	} {
		r := newLegacyRig(t)
		if tt.user {
			r.user32()
		}
		ok := r.loadSeg(tt.seg, tt.sel)
		if ok != (tt.vector == 0) || !ok && (r.exc.vector != tt.vector || r.exc.err != tt.err) {
			t.Errorf("%s: %v %+v", tt.name, ok, r.exc)
		}
	}
}
