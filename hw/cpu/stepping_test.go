package cpu

import (
	"encoding/binary"
	"testing"
)

// stepCase is an instruction and what single-stepping makes of it.
type stepCase struct {
	name string
	tf   bool         // when it begins
	do   func(r *rig) // makes the state
	code []byte       // the instruction
	at   uint64       // where the program is after it
	now  bool         // #DB before anything there is executed
	then bool         // else #DB after the NOP that is there; neither: no #DB
	dr6  uint64       // besides BS
}

// push64 puts words where a return finds them.
func (r *rig) push64(words ...uint64) {
	r.GPR[RSP] -= 8 * uint64(len(words))
	for k, w := range words {
		r.Mem.Write64(r.GPR[RSP]+8*uint64(k), w)
	}
}

func (r *rig) push32(words ...uint32) {
	r.GPR[RSP] -= 4 * uint64(len(words))
	for k, w := range words {
		r.Mem.Write32(r.GPR[RSP]+4*uint64(k), w)
	}
}

const (
	noTF  = FlagOne
	setTF = FlagOne | FlagTF
	there = uint64(tUser + 0x100) // a target that the user may execute, too
)

// longReturns are loads of flags in 64-bit mode (APM vol. 2, 13.1.4; vol. 3, SYSRET).
func longReturns() []stepCase {
	iret := func(flags uint64, cs, ss uint64) func(*rig) {
		return func(r *rig) { r.push64(there, cs, flags, tUStk, ss) }
	}
	sysret := func(flags uint64) func(*rig) {
		return func(r *rig) {
			r.MSR.STAR = (selUCode - 16) << 48
			r.GPR[RCX], r.GPR[R11] = there, flags
		}
	}
	call := func(mask uint64) func(*rig) {
		return func(r *rig) {
			r.MSR.STAR, r.MSR.LSTAR, r.MSR.CSTAR, r.MSR.FMASK = selCode<<32, there, there, mask
		}
	}
	return []stepCase{
		{name: "POPF sets TF", do: func(r *rig) { r.push64(setTF) }, code: []byte{0x9d}, at: tCode + 1, then: true},
		{name: "POPF clears TF", tf: true, do: func(r *rig) { r.push64(noTF) }, code: []byte{0x9d}, at: tCode + 1, now: true},
		{name: "POPF keeps TF", tf: true, do: func(r *rig) { r.push64(setTF) }, code: []byte{0x9d}, at: tCode + 1, now: true},
		{name: "POPF of 16 bits", do: func(r *rig) { r.push64(setTF) }, code: []byte{0x66, 0x9d}, at: tCode + 2, then: true},
		{name: "IRET sets TF", do: iret(setTF, selCode, selData), code: insIRETQ, at: there, then: true},
		{name: "IRET clears TF", tf: true, do: iret(noTF, selCode, selData), code: insIRETQ, at: there, now: true},
		{name: "IRET to the user sets TF", do: iret(setTF, selUCode, selUData), code: insIRETQ, at: there, then: true},
		{name: "IRET to the user clears TF", tf: true, do: iret(noTF, selUCode, selUData), code: insIRETQ, at: there, now: true},
		{name: "SYSRET sets TF", do: sysret(setTF), code: []byte{0x48, 0x0f, 0x07}, at: there, now: true},
		{name: "SYSRET clears TF", tf: true, do: sysret(noTF), code: []byte{0x48, 0x0f, 0x07}, at: there},
		{name: "SYSRET keeps TF", tf: true, do: sysret(setTF), code: []byte{0x48, 0x0f, 0x07}, at: there, now: true},
		{name: "SYSRET to 32-bit code sets TF", do: sysret(setTF), code: []byte{0x0f, 0x07}, at: there, now: true},
		{name: "SYSRET of 16 bits sets TF", do: sysret(setTF), code: []byte{0x66, 0x0f, 0x07}, at: there, now: true},
		{name: "SYSRET to 32-bit code clears TF", tf: true, do: sysret(noTF), code: []byte{0x0f, 0x07}, at: there},
		{name: "SYSCALL keeps TF", tf: true, do: call(0), code: []byte{0x0f, 0x05}, at: there, now: true},
		{name: "SYSCALL masks TF", tf: true, do: call(FlagTF), code: []byte{0x0f, 0x05}, at: there},
		{name: "SYSCALL of 32-bit code masks TF", tf: true, do: func(r *rig) {
			call(FlagTF)(r)
			r.Seg[CS].Attr = r.Seg[CS].Attr&^attrL | attrD
			r.Seg[CS].Limit = 0xffffffff
			r.Resync()
		}, code: []byte{0x0f, 0x05}, at: there},
		{name: "SYSCALL without TF", do: call(0), code: []byte{0x0f, 0x05}, at: there},
	}
}

// otherSteps are what else changes the flow, or hides a step.
func otherSteps() []stepCase {
	farPointer := func(r *rig) {
		r.GPR[RBX] = 0x200000
		r.Mem.Write64(0x200000, there|selCode<<32)
	}
	data := func(r *rig) { r.GPR[RAX] = selData }
	return []stepCase{
		{name: "INT", tf: true, code: []byte{0xcd, 0x40}, at: tHand + 16*0x40},
		{name: "INT3", tf: true, code: insINT3, at: tHand + 16*uint64(VecBP)},
		{name: "UD2", tf: true, code: insUD2, at: tHand + 16*uint64(VecUD)},
		{name: "MOV SS", tf: true, do: data, code: []byte{0x8e, 0xd0}, at: tCode + 2, then: true},
		{name: "MOV DS", tf: true, do: data, code: []byte{0x8e, 0xd8}, at: tCode + 2, now: true},
		{name: "LSS", tf: true, do: func(r *rig) {
			r.GPR[RBX] = 0x200000
			r.Mem.Write64(0x200000, tStack|selData<<32)
		}, code: []byte{0x0f, 0xb2, 0x23}, at: tCode + 3, now: true},
		{name: "STI", tf: true, code: []byte{0xfb}, at: tCode + 1, now: true},
		{name: "HLT", tf: true, code: []byte{0xf4}, at: tCode + 1, now: true},
		{name: "far JMP", tf: true, do: farPointer, code: []byte{0xff, 0x2b}, at: there, now: true},
		{name: "far CALL", tf: true, do: farPointer, code: []byte{0xff, 0x1b}, at: there, now: true},
		{name: "far RET", tf: true, do: func(r *rig) { r.push32(uint32(there), selCode) }, code: []byte{0xcb}, at: there, now: true},
		{name: "MWAIT", tf: true, do: func(r *rig) {
			r.GPR[RAX] = 0x200000
			r.RFLAGS = noTF
			r.run(0x0f, 0x01, 0xc8) // monitor
			r.RIP, r.RFLAGS, r.GPR[RAX] = tCode, setTF, 0
		}, code: []byte{0x0f, 0x01, 0xc9}, at: tCode + 3, now: true},
		{name: "WRMSR that sets BTF", tf: true, do: func(r *rig) {
			r.GPR[RCX], r.GPR[RAX], r.GPR[RDX] = 0x1d9, debugBTF, 0
		}, code: []byte{0x0f, 0x30}, at: tCode + 2},
		{name: "REP with BTF", tf: true, do: func(r *rig) {
			r.MSR.DebugCtl = debugBTF
			r.GPR[RCX], r.GPR[RDI] = 3, 0x200000
		}, code: []byte{0xf3, 0xaa}, at: tCode},
		{name: "a store to a watched byte", tf: true, do: func(r *rig) {
			r.arm(0x200000, dr7W)
			r.GPR[RBX] = 0x200000
		}, code: []byte{0x88, 0x03}, at: tCode + 2, now: true, dr6: 1},
		{name: "a branch to itself with BTF", tf: true, do: func(r *rig) {
			r.MSR.DebugCtl = debugBTF
		}, code: []byte{0xeb, 0xfe}, at: tCode, now: true},
	}
}

// legacySteps are those of protected and virtual-8086 mode.
func legacySteps() []stepCase {
	task := func(flags uint32, trap uint16) func(*rig) {
		return func(r *rig) {
			r.task2(flags)
			r.Mem.Write16(tTSS2+tss32Trap, trap)
			r.Mem.Write64(tIDT+8*0x40, lTSS2<<16|(0x80|typeTaskGate)<<40)
		}
	}
	nested := func(old, flags uint64) func(*rig) {
		return func(r *rig) {
			r.task2(uint32(flags))
			r.Mem.Write8(tGDT+lTSS2+5, uint8(attrP|typeTSSBusy))
			r.Mem.Write16(tTSS, lTSS2)
			r.RFLAGS = old | FlagNT
		}
	}
	sysenter := func(r *rig) {
		r.MSR.SysenterCS, r.MSR.EIP, r.MSR.SysenterESP = lCode, there, tStack
		r.GPR[RDX], r.GPR[RCX] = there, tStack
	}
	virtual := func(flags uint32) func(*rig) {
		return func(r *rig) {
			r.push32(uint32(there)&0xf, uint32(there>>4), flags|uint32(FlagVM), 0xfff0, 0x7000, 0, 0, 0, 0)
		}
	}
	const one, tf = uint32(FlagOne), uint32(setTF)
	return []stepCase{
		{name: "SYSENTER", tf: true, do: sysenter, code: []byte{0x0f, 0x34}, at: there, now: true},
		{name: "SYSEXIT", tf: true, do: sysenter, code: []byte{0x0f, 0x35}, at: there, now: true},
		{name: "SYSCALL", tf: true, do: func(r *rig) { r.MSR.EFER, r.MSR.STAR = EFERSCE, lCode<<32|there },
			code: []byte{0x0f, 0x05}, at: there, now: true},
		{name: "SYSRET", tf: true, do: func(r *rig) { r.MSR.EFER, r.GPR[RCX] = EFERSCE, there },
			code: []byte{0x0f, 0x07}, at: there, now: true},
		{name: "INTO that is not taken", tf: true, code: []byte{0xce}, at: tCode + 1, now: true},
		{name: "INTO", tf: true, do: func(r *rig) { r.RFLAGS |= FlagOF }, code: []byte{0xce}, at: tHand + 16*uint64(VecOF)},
		{name: "POP SS", tf: true, do: func(r *rig) { r.push32(lData) }, code: []byte{0x17}, at: tCode + 1, then: true},
		{name: "JMP to a task without TF", tf: true, do: task(one, 0), code: far(farJump, lTSS2, 0), at: tTask2, now: true},
		{name: "JMP to a task with TF", do: task(tf, 0), code: far(farJump, lTSS2, 0), at: tTask2, then: true},
		{name: "CALL of a task with TF", do: task(tf, 0), code: far(farCall, lTSS2, 0), at: tTask2, then: true},
		{name: "IRET to a task with TF", do: nested(FlagOne, setTF), code: []byte{0xcf}, at: tTask2, then: true},
		{name: "INT to a task with TF", tf: true, do: task(tf, 0), code: []byte{0xcd, 0x40}, at: tTask2, then: true},
		{name: "INT to a task without TF", tf: true, do: task(one, 0), code: []byte{0xcd, 0x40}, at: tTask2},
		{name: "IRET to virtual-8086 mode sets TF", do: virtual(tf), code: []byte{0xcf}, at: there & 0xf, then: true},
		{name: "IRET to virtual-8086 mode clears TF", tf: true, do: virtual(one), code: []byte{0xcf}, at: there & 0xf, now: true},
		{name: "IRETD sets TF", do: func(r *rig) { r.push32(uint32(there), lCode, tf) }, code: []byte{0xcf}, at: there, then: true},
		{name: "IRETD clears TF", tf: true, do: func(r *rig) { r.push32(uint32(there), lCode, one) }, code: []byte{0xcf}, at: there, now: true},
	}
}

func TestSteppedBy(t *testing.T) {
	bothEngines(t, func(t *testing.T, fast bool) {
		for _, tt := range append(longReturns(), otherSteps()...) {
			r := newRig(t)
			for _, va := range []uint64{tUser, tUStk - 0x1000} {
				r.pte(va, va|7)
			}
			tt.check(t, r, fast)
		}
		for _, tt := range legacySteps() {
			tt.check(t, newLegacyRig(t), fast)
		}
	})
}

func (tt *stepCase) check(t *testing.T, r *rig, fast bool) {
	t.Helper()
	r.fast = fast
	if tt.tf {
		r.RFLAGS |= FlagTF
	}
	if tt.do != nil {
		tt.do(r)
	}
	r.DR[6] |= 2 // a stale one
	r.run(tt.code...)
	if !tt.now && r.RIP == tt.at && tt.at != tCode {
		va := tt.at
		if !r.mode64() {
			va += r.Seg[CS].Base
		}
		r.Mem.Write8(va, 0x90)
		r.Step()
		tt.at++
	} else if tt.then {
		t.Errorf("%s: RIP %#x, not yet expected to trap", tt.name, r.RIP)
	}
	trap := r.RIP == tHand+16*uint64(VecDB)
	switch from := r.pushedIP(); {
	case trap != (tt.now || tt.then):
		t.Errorf("%s: #DB %v at RIP %#x, DR6 %#x", tt.name, trap, r.RIP, r.DR[6])
	case trap && (from != tt.at || r.DR[6] != dr6One|DR6BS|tt.dr6):
		t.Errorf("%s: #DB at %#x, want %#x, DR6 %#x", tt.name, from, tt.at, r.DR[6])
	case !trap && r.RIP != tt.at:
		t.Errorf("%s: RIP %#x, want %#x", tt.name, r.RIP, tt.at)
	case trap && r.RFLAGS&FlagTF != 0:
		t.Errorf("%s: the handler is stepped", tt.name)
	}
}

// pushedIP is the instruction pointer on top of a handler's stack.
func (r *rig) pushedIP() uint64 {
	var b [8]byte
	n := 4
	if r.longActive() {
		n = 8
	}
	r.Mem.ReadBytes(r.GPR[RSP]&0xffffff, b[:n])
	return binary.LittleEndian.Uint64(b[:])
}
