package cpu

import "testing"

// Fields of DR7 for breakpoint 0.
const (
	dr7On   = 1<<1 | dr7One
	dr7W    = 1 << 16
	dr7Port = 2 << 16
	dr7RW   = 3 << 16
	dr7Len2 = 1 << 18
	dr7Len8 = 2 << 18
	dr7Len4 = 3 << 18
)

func (r *rig) arm(addr, dr7 uint64) {
	r.DR[0], r.DR[7] = addr, dr7On|dr7
	r.Resync()
}

func TestCodeBreakpoint(t *testing.T) {
	r := newRig(t)
	r.arm(tCode, 0)
	r.DR[6] |= DR6BS | 2
	r.run(insNOP...)
	f := r.wantFault(VecDB, 0)
	r.want("a fault: RIP", f[0], tCode)
	r.want("RF is not set", f[2], FlagOne)
	r.want("DR6", r.DR[6], dr6One|DR6BS|1)
	r.want("retired", r.Retired, 0)

	r = newRig(t)
	r.arm(tCode, 0)
	r.RFLAGS |= FlagRF
	r.run(insNOP...)
	r.want("RF lets it pass", r.RIP, tCode+1)
	r.want("RF is gone", r.RFLAGS, FlagOne)

	r = newRig(t) // before every other fault of the instruction
	r.arm(tCode, 0)
	r.run(insUD2...)
	r.wantFault(VecDB, 0)
	r.Mem.Write64(r.GPR[RSP]+16, FlagOne|FlagRF)
	r.run(insIRETQ...)
	r.want("IRET keeps RF", r.RFLAGS, FlagOne|FlagRF)
	r.Step()
	r.want("pushed RF", r.wantFault(VecUD, 0)[2], FlagOne|FlagRF)
}

// TestDataBreakpoints checks ranges and kinds (APM vol. 2, 13.1.2).
func TestDataBreakpoints(t *testing.T) {
	load4, store1, store8 := []byte{0x8b, 0x03}, []byte{0x88, 0x03}, []byte{0x48, 0x89, 0x03}
	for _, tt := range []struct {
		name    string
		at, dr7 uint64
		off     uint64
		ins     []byte
		hit     bool
	}{
		{"write", 0x200000, dr7W, 0, store1, true},
		{"write does not watch reads", 0x200000, dr7W, 0, load4, false},
		{"access watches reads", 0x200000, dr7RW, 0, load4, true},
		{"access watches writes", 0x200000, dr7RW, 0, store1, true},
		{"byte behind", 0x200004, dr7RW, 0, load4, false},
		{"last byte", 0x200003, dr7RW, 0, load4, true},
		{"from below", 0x200004, dr7RW | dr7Len8, 2, load4, true},
		{"length 4", 0x200004, dr7W | dr7Len4, 7, store1, true},
		{"behind length 4", 0x200004, dr7W | dr7Len4, 8, store1, false},
		{"aligned down", 0x200003, dr7W | dr7Len2, 2, store1, true},
		{"within a wide store", 0x200004, dr7W, 0, store8, true},
		{"ports are no memory", 0x200000, dr7Port, 0, store1, false},
		{"code is no data", 0x200000, 0, 0, load4, false},
	} {
		r := newRig(t)
		r.writeCR4(r.CR4 | CR4DE)
		r.arm(tt.at, tt.dr7)
		r.GPR[RBX] = 0x200000 + tt.off
		r.run(tt.ins...)
		if hit := r.RIP >= tHand; hit != tt.hit {
			t.Errorf("%s: RIP %#x", tt.name, r.RIP)
		} else if hit {
			r.want(tt.name+": a trap", r.wantFault(VecDB, 0)[0], tCode+uint64(len(tt.ins)))
			r.want(tt.name+": DR6", r.DR[6], dr6One|1)
			r.want(tt.name+": retired", r.Retired, 1)
		}
	}
}

func TestPortBreakpoint(t *testing.T) {
	for _, de := range []bool{false, true} {
		r := newRig(t)
		if de {
			r.writeCR4(r.CR4 | CR4DE)
		}
		r.arm(0x80, dr7Port|dr7Len2)
		r.run(0xe6, 0x81) // out 0x81, al
		if hit := r.RIP >= tHand; hit != de {
			t.Errorf("CR4.DE %v: RIP %#x", de, r.RIP)
		}
	}
}

func TestBreakpointInRepeatedString(t *testing.T) {
	r := newRig(t)
	r.arm(0x200002, dr7W)
	r.GPR[RDI], r.GPR[RCX] = 0x200000, 5
	r.run(0xf3, 0xaa) // rep stosb
	f := r.wantFault(VecDB, 0)
	r.want("RIP", f[0], tCode)
	r.want("RCX", r.GPR[RCX], 2)
	r.want("retired", r.Retired, 0)
	r.run(insIRETQ...)
	r.Step()
	r.want("RIP at the end", r.RIP, tCode+2)

	r = newRig(t)
	r.RFLAGS |= FlagTF
	r.GPR[RDI], r.GPR[RCX] = 0x200000, 5
	r.run(0xf3, 0xaa)
	r.want("a step is an iteration: RIP", r.wantFault(VecDB, 0)[0], tCode)
	r.want("RCX of a step", r.GPR[RCX], 4)
}

// TestHeldBreakpoint checks that a load of SS delays breakpoints, and that a
// software interrupt then sees them in its handler (SDM vol. 3, 6.8.3).
func TestHeldBreakpoint(t *testing.T) {
	held := func() *rig {
		r := newRig(t)
		r.Mem.Write16(0x200000, selData)
		r.GPR[RBX] = 0x200000
		r.arm(0x200000, dr7RW|dr7Len2)
		r.RFLAGS |= FlagTF
		r.run(0x8e, 0x13) // mov ss, [rbx]
		r.want("RIP in the shadow", r.RIP, tCode+2)
		r.want("held", uint64(r.HeldDebug), 1)
		return r
	}
	r := held()
	r.run(insNOP...)
	r.want("RIP", r.wantFault(VecDB, 0)[0], tCode+3)
	r.want("DR6", r.DR[6], dr6One|DR6BS|1)
	r = held()
	r.run(insINT3...)
	r.want("RIP in the handler of INT3", r.wantFault(VecDB, 0)[0], tHand+16*uint64(VecBP))
	r.want("DR6 without BS", r.DR[6], dr6One|1)
	r = held()
	r.run(0xf1)
	r.want("RIP after ICEBP, which takes it along", r.wantFault(VecDB, 0)[0], tCode+3)
	r.want("DR6 of ICEBP", r.DR[6], dr6One|1)
	r.run(insNOP...)
	r.want("once", r.RIP, tHand+16*uint64(VecDB)+1)
}

func TestGeneralDetect(t *testing.T) {
	r := newRig(t)
	r.DR[7] |= DR7GD
	r.run(0x0f, 0x21, 0xc0) // mov rax, dr0
	f := r.wantFault(VecDB, 0)
	r.want("RIP", f[0], tCode)
	r.want("RF", f[2], FlagOne|FlagRF)
	r.want("DR6", r.DR[6], dr6One|DR6BD)
	r.want("GD is off in the handler", r.DR[7]&DR7GD, 0)
}

// TestMoveDR checks numbers, rights and reserved bits (APM vol. 2, 13.1.1).
func TestMoveDR(t *testing.T) {
	for _, tt := range []struct {
		name   string
		ins    []byte
		rax    uint64
		de     bool
		user   bool
		vector uint8
		n      int
		want   uint64
	}{
		{"DR0", []byte{0x0f, 0x23, 0xc0}, 1 << 63, false, false, 0, 0, 1 << 63},
		{"DR6", []byte{0x0f, 0x23, 0xf0}, 0, false, false, 0, 6, dr6One},
		{"DR6, ones", []byte{0x0f, 0x23, 0xf0}, 0xffffffff, false, false, 0, 6, dr6One | 0xe00f},
		{"DR6, upper half", []byte{0x0f, 0x23, 0xf0}, 1 << 32, false, false, VecGP, 6, dr6One},
		{"DR7", []byte{0x0f, 0x23, 0xf8}, 0, false, false, 0, 7, dr7One},
		{"DR7, upper half", []byte{0x0f, 0x23, 0xf8}, 1 << 40, false, false, VecGP, 7, dr7One},
		{"DR5 is DR7", []byte{0x0f, 0x23, 0xe8}, 2, false, false, 0, 7, dr7One | 2},
		{"DR4 with DE", []byte{0x0f, 0x23, 0xe0}, 0, true, false, VecUD, 6, dr6One},
		{"user", []byte{0x0f, 0x23, 0xc0}, 0, false, true, VecGP, 0, 0},
	} {
		r := newRig(t)
		if tt.de {
			r.writeCR4(r.CR4 | CR4DE)
		}
		if tt.user {
			r.user()
		}
		r.GPR[RAX] = tt.rax
		r.run(tt.ins...)
		got := uint8(0)
		if r.RIP >= tHand {
			got = uint8((r.RIP - tHand) / 16)
		}
		if got != tt.vector || r.DR[tt.n] != tt.want {
			t.Errorf("%s: vector %d, DR%d = %#x, want %d and %#x", tt.name, got, tt.n, r.DR[tt.n], tt.vector, tt.want)
		}
	}
}

// TestStepping checks what single-stepping does and does not stop after.
func TestStepping(t *testing.T) {
	r := newRig(t)
	r.RFLAGS |= FlagTF
	r.run(0xf4) // hlt
	r.want("after HLT", r.wantFault(VecDB, 0)[0], tCode+1)
	r.want("awake", uint64(r.Activity), uint64(Running))

	for _, masked := range []bool{false, true} {
		r = newRig(t)
		r.MSR.STAR, r.MSR.LSTAR = selCode<<32, 0x11000
		if masked {
			r.MSR.FMASK = FlagTF
		}
		r.user()
		r.RFLAGS |= FlagTF
		r.run(0x0f, 0x05)
		if masked {
			r.want("SYSCALL that masks TF", r.RIP, 0x11000)
		} else {
			r.want("SYSCALL", r.wantFault(VecDB, 0)[0], 0x11000)
		}
	}

	r = newRig(t)
	r.RFLAGS |= FlagTF
	r.MSR.DebugCtl = debugBTF
	r.code(0x90, 0xeb, 0x02) // nop; jmp +2
	r.Step()
	r.want("BTF: no branch", r.RIP, tCode+1)
	r.Step()
	r.want("BTF: a branch", r.wantFault(VecDB, 0)[0], tCode+5)
	r.want("BTF is off in the handler", r.MSR.DebugCtl, 0)

	r = newRig(t)
	r.run(0xf1)
	r.want("ICEBP", r.wantFault(VecDB, 0)[0], tCode+1)
	r.want("ICEBP leaves DR6", r.DR[6], dr6One)
}
