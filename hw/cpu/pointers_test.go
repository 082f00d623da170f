package cpu

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// Instructions of every class of x87, with an operand at [RBX] where there is
// one, and what is remembered of them (APM vol. 1, 6.2.5; SDM vol. 1, 8.1.8).
var remembered = []struct {
	name   string
	code   []byte
	op     uint64 // FOP
	memory bool
}{
	{"FLD m32", []byte{0xd9, 0x03}, 0x103, true},
	{"FLD m64", []byte{0xdd, 0x03}, 0x503, true},
	{"FLD m80", []byte{0xdb, 0x2b}, 0x32b, true},
	{"FILD", []byte{0xdf, 0x2b}, 0x72b, true},
	{"FBLD", []byte{0xdf, 0x23}, 0x723, true},
	{"FADD m32", []byte{0xd8, 0x03}, 0x003, true},
	{"FICOM", []byte{0xde, 0x13}, 0x613, true},
	{"FST", []byte{0xdd, 0x13}, 0x513, true},
	{"FISTP", []byte{0xdb, 0x1b}, 0x31b, true},
	{"FBSTP", []byte{0xdf, 0x33}, 0x733, true},
	{"FADD ST", []byte{0xdc, 0xc1}, 0x4c1, false},
	{"FSUBP", []byte{0xde, 0xe9}, 0x6e9, false},
	{"FXCH", []byte{0xd9, 0xc9}, 0x1c9, false},
	{"FLD1", []byte{0xd9, 0xe8}, 0x1e8, false},
	{"FCOMI", []byte{0xdb, 0xf1}, 0x3f1, false},
	{"FCMOV", []byte{0xda, 0xc9}, 0x2c9, false},
	{"FSQRT", []byte{0xd9, 0xfa}, 0x1fa, false},
	{"FSIN", []byte{0xd9, 0xfe}, 0x1fe, false},
	{"FNOP", []byte{0xd9, 0xd0}, 0x1d0, false},
	{"FFREE", []byte{0xdd, 0xc3}, 0x5c3, false},
	{"FXAM", []byte{0xd9, 0xe5}, 0x1e5, false},
}

// unremembered are the control instructions, which leave the pointers alone.
var unremembered = [][]byte{
	{0x9b},             // fwait
	{0xd9, 0x2b},       // fldcw [rbx]
	{0xd9, 0x7b, 0x20}, // fnstcw [rbx+32]
	{0xdd, 0x7b, 0x20}, // fnstsw [rbx+32]
	{0xdf, 0xe0},       // fnstsw ax
	{0xdb, 0xe2},       // fnclex
	{0xd9, 0x73, 0x40}, // fnstenv [rbx+64]
	{0x0f, 0x77},       // emms
}

// tOperand is the operand of the tests, tImage where state is stored.
const tOperand, tImage = 0x5800, 0x6000

// pointerModes are where code and data lie in each mode, and how FNSTENV tells.
// The operand-size prefix chooses the other form.
var pointerModes = []struct {
	name string
	rig  func(t *testing.T) *rig
	form func(op, ip, cs, dp, ds uint64) (plain, prefixed [4]uint64)
	wide bool // the plain form has 32 bits
}{
	{"64-bit", func(t *testing.T) *rig {
		r := newRig(t)
		r.Seg[DS].Sel = selData
		return r
	}, protectedForm, true},
	{"protected", newLegacyRig, protectedForm, true},
	{"virtual-8086", func(t *testing.T) *rig {
		r := newLegacyRig(t)
		r.virtual(0)
		for n := range r.Seg {
			r.Seg[n] = virtualSegment(0x40)
		}
		r.Seg[CS] = virtualSegment(0x2000)
		return r
	}, realForm, false},
	{"real", func(t *testing.T) *rig {
		r := newRig(t)
		r.MSR.EFER, r.CR0, r.CR4 = 0, CR0ET|CR0NE, 0
		for n := range r.Seg {
			r.Seg[n] = Segment{Sel: 0x40, Base: 0x400, Attr: attrRealMode, Limit: 0xffff}
		}
		r.Seg[CS] = Segment{Sel: 0x2000, Base: 0x20000, Attr: attrRealMode, Limit: 0xffff}
		r.RIP = 0x100
		return r
	}, realForm, false},
}

// protectedForm is the environment's last four words of 32 and of 16 bits.
func protectedForm(op, ip, cs, dp, ds uint64) (plain, prefixed [4]uint64) {
	return [4]uint64{ip, op<<16 | cs, dp, 0xffff_0000 | ds}, [4]uint64{ip & 0xffff, cs, dp & 0xffff, ds}
}

// realForm is the same of 16 and of 32 bits, with linear addresses.
func realForm(op, ip, cs, dp, ds uint64) (plain, prefixed [4]uint64) {
	ip, dp = ip+cs<<4, dp+ds<<4
	return [4]uint64{ip & 0xffff, ip>>16<<12 | op, dp & 0xffff, dp >> 16 << 12},
		[4]uint64{0xffff_0000 | ip&0xffff, ip>>16<<12 | op, 0xffff_0000 | dp&0xffff, dp >> 16 << 12}
}

// TestEnvironmentPointers executes an instruction of each class and looks at
// what FNSTENV stores.
func TestEnvironmentPointers(t *testing.T) {
	bothEngines(t, func(t *testing.T, fast bool) {
		for _, m := range pointerModes {
			for _, tt := range remembered {
				r := m.rig(t)
				r.fast = fast
				r.startFPU()
				op, at, dp, ds := tt.op, r.RIP, uint64(0), uint64(0)
				if tt.memory {
					dp, ds = tOperand, uint64(r.Seg[DS].Sel)
				}
				if tt.memory && !m.wide {
					op = op&^7 | 5 // [di]
				}
				r.near(tt.code...)
				plain, prefixed := m.form(op, at, uint64(r.Seg[CS].Sel), dp, ds)
				r.GPR[RBX], r.GPR[RDI] = tImage, tImage
				r.near(0xd9, 0x33) // fnstenv [rbx]
				r.wantPointers(m.name+", "+tt.name, m.wide, plain)
				r.prefix = true
				r.near(0xd9, 0x33)
				r.wantPointers(m.name+", "+tt.name+" with 66", !m.wide, prefixed)
			}
		}
	})
}

// wantPointers compares the end of an environment, of 32 bits if it is wide.
func (r *rig) wantPointers(name string, wide bool, want [4]uint64) {
	r.t.Helper()
	unit := uint64(2)
	if wide {
		unit = 4
	}
	for k, w := range want {
		if got := r.word(r.Seg[DS].Base+tImage+(3+uint64(k))*unit, unit); got != w {
			r.t.Errorf("%s: word %d is %#x, want %#x", name, 3+k, got, w)
		}
	}
}

// startFPU masks all exceptions and leaves values in some registers and the operand.
func (r *rig) startFPU() {
	r.CR4 |= CR4OSFXSR | CR4OSXSAVE
	r.XCR0 = xcr0Known
	r.FPU.reset()
	for k := range uint8(3) {
		r.FPU.setTop(7 - k)
		r.FPU.set(0, [...]struct {
			Mant uint64
			Exp  uint16
		}{{1 << 63, 0x3fff}, {3 << 62, 0x4000}, {1 << 63, 0x3ffe}}[k])
	}
	r.Resync()
	r.Mem.Write64(r.Seg[DS].Base+tOperand, 0x37f)
	r.GPR[RBX], r.GPR[RDI] = tOperand, tOperand
}

// near executes an instruction whose operand is at [RBX], which is [DI] in 16-bit
// code, and checks that it ends.
func (r *rig) near(code ...byte) {
	r.t.Helper()
	code = append([]byte{}, code...)
	if r.mode() == Mode16 && len(code) > 1 && code[1] < 0xc0 && code[1]&7 == 3 {
		code[1] = code[1]&^7 | 5
	}
	if r.prefix {
		code = append([]byte{0x66}, code...)
	}
	r.Mem.WriteBytes(r.RIP+r.Seg[CS].Base, code)
	from := r.RIP
	r.Step()
	if r.RIP != from+uint64(len(code)) {
		r.t.Fatalf("% x at %#x went to %#x", code, from, r.RIP)
	}
}

// TestControlLeavesPointers executes the control instructions that leave the pointers
// alone, and those that clear or replace all of them.
func TestControlLeavesPointers(t *testing.T) {
	bothEngines(t, func(t *testing.T, fast bool) {
		r := newRig(t)
		r.fast = fast
		r.startFPU()
		r.near(0xd9, 0x03)
		want := Pointers{FOP: 0x103, FCS: selCode, FIP: tCode, FDS: r.Seg[DS].Sel, FDP: tOperand}
		for _, code := range unremembered {
			r.near(code...)
			if r.FPU.Pointers != want {
				t.Errorf("% x: %+v, want %+v", code, r.FPU.Pointers, want)
			}
		}
		r.near(0xdd, 0xb3, 0, 1, 0, 0) // fnsave [rbx+256]
		if r.FPU.Pointers != (Pointers{}) {
			t.Errorf("FNSAVE: %+v", r.FPU.Pointers)
		}
		r.near(0xdd, 0xa3, 0, 1, 0, 0) // frstor [rbx+256]
		if r.FPU.Pointers != want {
			t.Errorf("FRSTOR: %+v, want %+v", r.FPU.Pointers, want)
		}
		r.near(0xdb, 0xe3)
		if r.FPU.Pointers != (Pointers{}) {
			t.Errorf("FNINIT: %+v", r.FPU.Pointers)
		}
	})
}

// TestImagePointers stores and loads the images of FXSAVE and XSAVE without and
// with a pending exception: CPUID has no RstrFpErrPtrs (8000_0008 EBX bit 2),
// and the pointers are in them only with one.
func TestImagePointers(t *testing.T) {
	save := [][]byte{{0x0f, 0xae, 0x03}, {0x0f, 0xae, 0x23}, {0x0f, 0xc7, 0x23}, {0x0f, 0xae, 0x33}}
	load := [][]byte{{0x0f, 0xae, 0x0b}, {0x0f, 0xae, 0x2b}, {0x0f, 0xae, 0x2b}, {0x0f, 0xae, 0x2b}}
	bothEngines(t, func(t *testing.T, fast bool) {
		for n := range save {
			for _, wide := range []bool{false, true} {
				for _, pending := range []bool{false, true} {
					for _, at := range []uint64{tImage, tImage + 0xe80} { // by pages, and across two
						imagePointers(t, fast, save[n], load[n], wide, pending, at)
					}
				}
			}
		}
	})
}

func imagePointers(t *testing.T, fast bool, save, load []byte, wide, pending bool, at uint64) {
	t.Helper()
	r := newRig(t)
	r.fast = fast
	r.Seg[DS].Sel = selData
	r.startFPU()
	if pending {
		r.FPU.FCW &^= 4
	}
	if wide {
		save, load = append([]byte{0x48}, save...), append([]byte{0x48}, load...)
	}
	const old = 0xabab_abab_abab_abab
	for k := range uint64(fxSize / 8) {
		r.Mem.Write64(at+8*k, old)
	}
	r.Mem.Write64(at+xHeader, 0)
	r.Mem.Write64(tOperand, 0)
	r.near(0xd8, 0x33) // fdiv [rbx], by zero
	r.GPR[RBX], r.GPR[RAX], r.GPR[RDX] = at, 3, 0
	plain := Pointers{FOP: 0x033, FCS: selCode, FIP: tCode, FDS: selData, FDP: tOperand}
	r.near(save...)
	name := fmt.Sprintf("% x, pending %v", save, pending)
	var b [fxSize]byte
	r.Mem.ReadBytes(at, b[:])
	want, ip, dp := uint64(old), uint64(old), uint64(old)
	if pending {
		want = plainHead(&b) | 0x033<<48
		ip, dp = tCode|selCode<<32, tOperand|selData<<32
		if wide {
			ip, dp = tCode, tOperand
		}
	} else {
		want = plainHead(&b) | old>>48<<48
	}
	le := binary.LittleEndian
	if a, i, d := le.Uint64(b[:]), le.Uint64(b[fxFIP:]), le.Uint64(b[fxFDP:]); a != want || i != ip || d != dp {
		t.Errorf("%s: %#x %#x %#x, want %#x %#x %#x", name, a, i, d, want, ip, dp)
	}
	other := Pointers{1, 2, 3, 4, 5}
	r.FPU.Pointers = other
	r.near(load...)
	switch {
	case !pending:
		plain = other
	case wide:
		plain.FCS, plain.FDS = 0, 0
	}
	if r.FPU.Pointers != plain {
		t.Errorf("loaded after %s: %+v, want %+v", name, r.FPU.Pointers, plain)
	}
}

// plainHead is what precedes FOP in an image.
func plainHead(b *[fxSize]byte) uint64 { return binary.LittleEndian.Uint64(b[:]) & (1<<48 - 1) }
