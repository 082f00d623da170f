package cpu

import "testing"

// virtual moves the processor to virtual-8086 mode at 2000:0000 with an IOPL.
func (r *rig) virtual(iopl uint64) {
	sp := uint64(tStack) - 36
	for k, v := range []uint32{0, 0x2000, uint32(FlagOne | FlagVM | iopl<<12), 0xfff0, 0x7000, 0x1111, 0x2222, 0x3333, 0x4444} {
		r.Mem.Write32(sp+4*uint64(k), v)
	}
	r.GPR[RSP] = sp
	r.run(0xcf)
}

func TestVirtual8086(t *testing.T) {
	r := newLegacyRig(t)
	r.virtual(0)
	r.want("IP", r.RIP, 0)
	r.want("CPL", uint64(r.CPL), 3)
	r.want("CS base", r.Seg[CS].Base, 0x20000)
	r.want("SS base", r.Seg[SS].Base, 0x70000)
	r.want("GS", uint64(r.Seg[GS].Sel), 0x4444)
	r.GPR[RAX] = 0x1234
	r.Mem.WriteBytes(0x20000, []byte{0x8e, 0xd8, 0xa1, 2, 0, 0x0f, 0x0b}) // mov ds, ax; mov ax, [2]; ud2
	r.Mem.Write16(0x12342, 0xbeef)
	r.Step()
	r.Step()
	r.want("AX", r.GPR[RAX]&0xffff, 0xbeef)
	r.Step()
	r.wantHandler("fault", VecUD, 5, 0x2000, FlagOne|FlagRF|FlagVM, 0xfff0, 0x7000, 0x1111, 0x1234, 0x3333, 0x4444)
	r.want("VM in the handler", r.RFLAGS&FlagVM, 0)
	r.want("DS in the handler", uint64(r.Seg[DS].Sel), 0)
	r.run(0xcf)
	r.want("back in virtual-8086 mode", r.RFLAGS&FlagVM, FlagVM)
	r.want("DS base again", r.Seg[DS].Base, 0x12340)
}

// TestVirtual8086Sensitive checks what IOPL decides (APM vol. 2, 8.10; SDM vol. 3, 20.2.7).
func TestVirtual8086Sensitive(t *testing.T) {
	for _, tt := range []struct {
		name      string
		ins       []byte
		low, high uint8 // vector with IOPL 0 and 3; 0: none
	}{
		{"CLI", []byte{0xfa}, VecGP, 0},
		{"STI", []byte{0xfb}, VecGP, 0},
		{"PUSHF", []byte{0x9c}, VecGP, 0},
		{"POPF", []byte{0x9d}, VecGP, 0},
		{"IRET", []byte{0xcf}, VecGP, 0},
		{"INT", []byte{0xcd, 0x40}, VecGP, 0x40},
		{"INT3", []byte{0xcc}, VecBP, VecBP},
		{"HLT", []byte{0xf4}, VecGP, VecGP},
		{"IN", []byte{0xec}, VecGP, VecGP},
		{"MOV CR0", []byte{0x0f, 0x20, 0xc0}, VecGP, VecGP},
		{"LGDT", []byte{0x0f, 0x01, 0x16, 0, 0}, VecGP, VecGP},
		{"SLDT", []byte{0x0f, 0x00, 0xc0}, VecUD, VecUD},
		{"LAR", []byte{0x0f, 0x02, 0xc0}, VecUD, VecUD},
		{"ARPL", []byte{0x63, 0xc0}, VecUD, VecUD},
		{"limit", []byte{0x66, 0x67, 0xa1, 0, 0, 1, 0}, VecGP, VecGP},
	} {
		for iopl, want := range map[uint64]uint8{0: tt.low, 3: tt.high} {
			r := newLegacyRig(t)
			r.gate32(0x40, lCode, typeIntGate, 3)
			r.gate32(uint64(VecBP), lCode, typeIntGate, 3)
			r.virtual(iopl)
			r.run2(0x20000, tt.ins...)
			got := uint8(0)
			if r.RIP >= tHand {
				got = uint8((r.RIP - tHand) / 16)
			}
			if got != want {
				t.Errorf("%s with IOPL %d: vector %d, want %d", tt.name, iopl, got, want)
			}
		}
	}
}

// run2 executes one instruction that lies at a linear address.
func (r *rig) run2(at uint64, b ...byte) {
	r.Mem.WriteBytes(at, b)
	r.Step()
}

func TestVirtual8086Handler(t *testing.T) {
	r := newLegacyRig(t)
	r.gate32(uint64(VecUD), lConform, typeIntGate, 3)
	r.virtual(3)
	r.run2(0x20000, insUD2...)
	r.wantHandler("a handler must run at level 0", VecGP, lConform|1)
}

// TestRealMode checks the vector table, limits and wrap-around of real mode.
func TestRealMode(t *testing.T) {
	real := func() *rig {
		r := newRig(t)
		r.Reset()
		r.Seg[CS] = Segment{Sel: 0x1000, Base: 0x10000, Attr: attrRealMode, Limit: 0xffff}
		r.Seg[SS] = Segment{Sel: 0x3000, Base: 0x30000, Attr: attrRealMode, Limit: 0xffff}
		r.RIP, r.GPR[RSP] = 0, 0x100
		r.IDTR = Table{Limit: 0x3ff}
		for v := range uint64(256) {
			r.Mem.Write32(4*v, uint32(0x80000000|v*16))
		}
		return r
	}
	vector := func(r *rig) uint64 { return (r.Seg[CS].Base + r.RIP - tHand) / 16 }

	r := real()
	r.RFLAGS |= FlagIF | FlagAC
	r.run2(0x10000, 0xcd, 0x21)
	r.want("vector", vector(r), 0x21)
	r.want("frame", r.Mem.Read64(0x300fa)&0xffffffffffff, 2|0x1000<<16|(FlagOne|FlagIF)<<32)
	r.want("flags", r.RFLAGS, FlagOne)
	r.run2(0x80210, 0xcf)
	r.want("IP after IRET", r.RIP, 2)
	r.want("IF after IRET", r.RFLAGS&FlagIF, FlagIF)

	r = real()
	r.run2(0x10000, 0xa1, 0xff, 0xff) // mov ax, [ffff]
	r.want("word at FFFF", vector(r), uint64(VecGP))
	r.want("no error code", r.GPR[RSP], 0x100-6)

	r = real()
	r.GPR[RSP] = 1
	r.run2(0x10000, 0x50) // push ax: #SS, and no room for its frame either
	if r.Stop.Kind != StopShutdown {
		t.Errorf("push at SP 1: %+v", r.Stop)
	}

	r = real()
	r.GPR[RSP] = 0
	r.run2(0x10000, 0x50)
	r.want("SP wraps", r.GPR[RSP], 0xfffe)

	r = real()
	r.RIP = 0xffff
	r.run2(0x1ffff, 0x50)
	r.want("IP after FFFF", r.RIP, 0x10000)
	r.Step()
	r.want("beyond the segment", vector(r), uint64(VecGP))

	r = real()
	r.run2(0x10000, 0x0f, 0x00, 0xc0) // sldt
	r.want("SLDT", vector(r), uint64(VecUD))
}
