package cpu

import "testing"

// lUStack16 is a stack segment of 16 bits for CPL 3.
const lUStack16 = 0x93

// Stack segments by width.
var (
	lStacks  = map[int]uint16{16: lStack16, 32: lData}
	lUStacks = map[int]uint16{16: lUStack16, 32: lUData}
)

// newWidthRig is newLegacyRig with a stack and operands of 16 or 32 bits.
func newWidthRig(t *testing.T, fast bool, stack, operand int) *rig {
	r := newLegacyRig(t)
	r.fast = fast
	r.Mem.Write64(tGDT+lUStack16&^7, desc(0, 0xffff, attrFlatData&^attrG&^attrD|3<<5))
	r.GDTR.Limit = 0x97
	r.Seg[SS] = segmentOf(lStacks[stack], r.Mem.Read64(tGDT+uint64(lStacks[stack])))
	if operand == 16 {
		r.Seg[CS].Attr &^= attrD
	}
	r.Resync()
	return r
}

// word reads size bytes.
func (r *rig) word(at, size uint64) (v uint64) {
	for k := range size {
		v |= uint64(r.Mem.Read8(at+k)) << (8 * k)
	}
	return v
}

// put writes words of size bytes on a stack of n bits, from esp upwards.
func (r *rig) put(esp uint64, n int, size uint64, words ...uint64) {
	for k, w := range words {
		for b := range size {
			r.Mem.Write8((esp+uint64(k)*size)&(1<<n-1)+b, uint8(w>>(8*b)))
		}
	}
}

// widths calls f with all operand sizes and stacks, before and after, on both engines.
func widths(t *testing.T, f func(t *testing.T, fast bool, operand, from, to int)) {
	bothEngines(t, func(t *testing.T, fast bool) {
		for n := range 8 {
			pick := func(bit int) int { return 16 + 16*(n>>bit&1) }
			f(t, fast, pick(0), pick(1), pick(2))
		}
	})
}

// TestStackWidth checks ESP after instructions that change SS: what they read
// lies on the stack as it was, whose width counts for ESP (APM vol. 3, POP seg,
// LSS; SDM vol. 1, 6.2.3).
func TestStackWidth(t *testing.T) {
	widths(t, func(t *testing.T, fast bool, operand, from, to int) {
		size, sel := uint64(operand/8), uint64(lStacks[to])
		r := newWidthRig(t, fast, from, operand)
		r.GPR[RSP] = 0x30000 - size
		r.put(r.GPR[RSP], from, size, sel)
		r.run(0x17) // pop ss
		if want := map[int]uint64{16: 0x20000, 32: 0x30000}[from]; r.GPR[RSP] != want || uint64(r.Seg[SS].Sel) != sel {
			t.Errorf("POP SS of %d bits, stack of %d to one of %d: ESP %#x, want %#x", operand, from, to, r.GPR[RSP], want)
		}

		r = newWidthRig(t, fast, from, operand)
		r.GPR[RSP], r.GPR[RBX], r.GPR[RAX] = 0x1234fffc, 0x5000, sel
		r.run(0x8e, 0xd0) // mov ss, ax
		r.want("ESP after MOV SS", r.GPR[RSP], 0x1234fffc)
		r.Mem.Write32(0x5000, 0x56789abc)
		r.Mem.Write16(0x5000+size, uint16(sel))
		lss := []byte{0x67, 0x0f, 0xb2, 0x23} // lss esp, [ebx]
		if operand == 32 {
			lss = lss[1:]
		}
		r.run(lss...)
		r.want("ESP after LSS", r.GPR[RSP], map[int]uint64{16: 0x12349abc, 32: 0x56789abc}[operand])
	})
}

// TestOuterStackWidth returns to CPL 3. A stack of 16 bits gets SP alone, the
// upper half of ESP stays; what RET drops there is counted at the new width.
func TestOuterStackWidth(t *testing.T) {
	widths(t, func(t *testing.T, fast bool, operand, from, to int) {
		for _, drop := range []uint64{0, 16} {
			r := newWidthRig(t, fast, from, operand)
			r.Mem.Write64(tGDT+lUCode&^7, desc(tUser, 0xffff, attrFlatCode&^attrG|attrD|3<<5))
			size, esp := uint64(operand/8), uint64(0x2fff4)
			r.GPR[RSP] = esp
			code := []byte{0xcf} // iret
			r.put(esp, from, size, 0x40, lUCode, FlagOne, 0x9876fff8, uint64(lUStacks[to]))
			if drop != 0 {
				code = []byte{0xca, 16, 0} // retf 16
				r.put(esp+2*size+drop, from, size, 0x9876fff8, uint64(lUStacks[to]))
			}
			r.run(code...)
			want := 0x9876fff8&mask(uint8(size)) + drop
			if to == 16 {
				want = 0x20000 | want&0xffff
			}
			if r.GPR[RSP] != want || r.CPL != 3 || r.RIP != 0x40 {
				t.Errorf("%#x of %d bits, stack of %d to one of %d: ESP %#x, want %#x; CPL %d, EIP %#x",
					code, operand, from, to, r.GPR[RSP], want, r.CPL, r.RIP)
			}
		}
	})
}

// TestInnerStackWidth enters CPL 0 by interrupt and call gates of both sizes.
func TestInnerStackWidth(t *testing.T) {
	widths(t, func(t *testing.T, fast bool, gate, from, to int) {
		for _, call := range []bool{false, true} {
			size, sel := uint64(gate/8), lUStacks[from]
			kind := uint64(gate>>2) & type32
			r := newWidthRig(t, fast, 32, 32)
			r.user32()
			r.Seg[SS] = segmentOf(sel, r.Mem.Read64(tGDT+uint64(sel)&^7))
			r.Resync()
			r.GPR[RSP] = 0x12347000
			top, keep := uint64(0x5678fffe), r.GPR[RSP]&^0xffff // what lies above SP stays
			if from == 32 {
				r.GPR[RSP], keep = 0x7000, 0
			}
			if to == 32 {
				top, keep = 0x61000, 0
			}
			r.Mem.Write32(tTSS+4, uint32(top))
			r.Mem.Write32(tTSS+8, uint32(lStacks[to]))
			r.Mem.Write64(0x7000, 0x4444333322221111)
			code := []byte{0xcd, 0x40}
			words := []uint64{tUser + 2, lUCode, FlagOne, r.GPR[RSP], uint64(sel)}
			r.gate32(0x40, lCode, typeIntGate&^type32|kind, 3)
			if call {
				r.Mem.Write64(tGDT+lGate, 0x4000|lCode<<16|1<<32|(0x80|3<<5|4|kind)<<40)
				code = far(farCall, lGate|3, 0)
				words[0], words[2] = tUser+7, 0x4444333322221111
			}
			r.run(code...)
			want := keep | top&(1<<to-1) - size*5
			if r.GPR[RSP] != want || r.CPL != 0 {
				t.Fatalf("gate of %d bits, stack of %d to one of %d, call %v: ESP %#x, want %#x", gate, from, to, call, r.GPR[RSP], want)
			}
			for k, w := range words {
				r.want("word of the frame", r.word(want&(1<<to-1)+uint64(k)*size, size), w&mask(uint8(size)))
			}
		}
	})
}

// TestEnterWidths compares ENTER at all levels with the pseudocode of APM vol. 3.
func TestEnterWidths(t *testing.T) {
	widths(t, func(t *testing.T, fast bool, operand, stack, levels int) {
		for level := range uint64(levels + 2) {
			r := newWidthRig(t, fast, stack, operand)
			r.GPR[RSP], r.GPR[RBP] = 0x10000, 0x1ffec
			size, m := uint64(operand/8), uint64(1)<<stack-1
			for k := range uint64(0x100) {
				r.Mem.Write8((0x1ff00+k)&m, uint8(k*5+2))
			}
			top := func(n uint64) uint64 { return r.GPR[RSP]&^m | (r.GPR[RSP]-n)&m }
			frame, words := top(size), []uint64{r.GPR[RBP]}
			for k := uint64(1); k < level&31; k++ {
				words = append(words, r.word((r.GPR[RBP]-k*size)&m, size))
			}
			if level&31 > 0 {
				words = append(words, frame)
			}
			esp := top(size*uint64(len(words)) + 8)
			ebp := r.GPR[RBP]&^mask(uint8(size)) | frame&mask(uint8(size))
			r.run(0xc8, 8, 0, byte(level))
			if r.GPR[RSP] != esp || r.GPR[RBP] != ebp {
				t.Errorf("ENTER 8,%d of %d bits, stack of %d: ESP %#x, EBP %#x, want %#x, %#x", level, operand, stack, r.GPR[RSP], r.GPR[RBP], esp, ebp)
			}
			for k, w := range words {
				if got := r.word((0x10000-size*uint64(k+1))&m, size); got != w&mask(uint8(size)) {
					t.Errorf("ENTER 8,%d of %d bits, stack of %d: word %d is %#x, want %#x", level, operand, stack, k, got, w&mask(uint8(size)))
				}
			}
		}
	})
}

// stackUse is a test of one instruction that uses the stack twice, on an ESP
// whose upper half a stack of 16 bits must not touch.
type stackUse struct {
	*rig
	size, m        uint64
	operand, stack int
}

func (u *stackUse) fresh(fast bool) {
	u.rig = newWidthRig(u.t, fast, u.stack, u.operand)
	for n := range uint64(8) {
		u.GPR[n] = 0x11110000*n + 0x100*n + 7
	}
	u.GPR[RSP], u.GPR[RBP] = 0x2fff0, 0x2ff00
	for k := range uint64(0x40) {
		u.Mem.Write8((0x2fff0+k)&u.m, uint8(k*7+1))
		u.Mem.Write8((0x2ff00+k)&u.m, uint8(k*7+3))
	}
}

func (u *stackUse) check(name string, got, want uint64) {
	u.t.Helper()
	if got != want {
		u.t.Errorf("%s of %d bits, stack of %d: %#x, want %#x", name, u.operand, u.stack, got, want)
	}
}

// moved is ESP as it was at the start, moved by n at the stack's width.
func (u *stackUse) moved(n uint64) uint64 { return 0x2fff0&^u.m | (0x2fff0+n)&u.m }

func (u *stackUse) cut(v uint64) uint64 { return v & mask(uint8(u.size)) }

// into is a register's old value with an operand written into its lower part.
func (u *stackUse) into(old, v uint64) uint64 { return old&^mask(uint8(u.size)) | u.cut(v) }

// TestStackUses executes them by both engines.
func TestStackUses(t *testing.T) {
	widths(t, func(t *testing.T, fast bool, operand, stack, _ int) {
		u := &stackUse{&rig{t: t}, uint64(operand / 8), uint64(1)<<stack - 1, operand, stack}
		u.frames(fast)
		u.itself(fast)
	})
}

// frames are LEAVE, PUSHA and POPA.
func (u *stackUse) frames(fast bool) {
	u.fresh(fast)
	bp := u.word(0x2ff00&u.m, u.size)
	u.run(0xc9)
	u.check("ESP after LEAVE", u.GPR[RSP], 0x2ff00+u.size)
	u.check("EBP after LEAVE", u.GPR[RBP], u.into(0x2ff00, bp))

	u.fresh(fast)
	before := u.GPR
	u.run(0x60)
	u.check("ESP after PUSHA", u.GPR[RSP], u.moved(0-8*u.size))
	for n := range uint64(8) {
		u.check("word of PUSHA", u.word(u.moved(0-(n+1)*u.size)&u.m, u.size), u.cut(before[n]))
	}

	u.fresh(fast)
	di, ax := u.word(u.moved(0)&u.m, u.size), u.word(u.moved(7*u.size)&u.m, u.size)
	u.run(0x61)
	u.check("ESP after POPA", u.GPR[RSP], u.moved(8*u.size))
	u.check("EDI after POPA", u.GPR[RDI], u.into(0x7777_0707, di))
	u.check("EAX after POPA", u.GPR[RAX], u.into(7, ax))
}

// itself lists instructions whose operand is the stack pointer or depends on it.
func (u *stackUse) itself(fast bool) {
	u.fresh(fast)
	u.GPR[RSP] = 0xff00
	u.put(0xff00, u.stack, u.size, 0x12345678)
	pop := []byte{0x67, 0x8f, 0x44, 0x24, 0x10} // pop [esp+16], where ESP is after it
	if u.operand == 32 {
		pop = pop[1:]
	}
	u.run(pop...)
	u.check("ESP after POP mem", u.GPR[RSP], 0xff00+u.size)
	u.check("POP mem", u.word(0xff10+u.size, u.size), u.cut(0x12345678))

	u.fresh(fast)
	v := u.word(u.moved(0)&u.m, u.size)
	u.run(0x5c)
	u.check("POP ESP", u.GPR[RSP], u.into(u.moved(u.size), v))

	u.fresh(fast)
	u.run(0x54)
	u.check("ESP after PUSH ESP", u.GPR[RSP], u.moved(0-u.size))
	u.check("PUSH ESP", u.word(u.moved(0-u.size)&u.m, u.size), u.cut(0x2fff0))

	u.fresh(fast)
	u.put(0x2fff0, u.stack, u.size, 0x300)
	u.run(0xc2, 0x14, 0) // ret 20
	u.check("ESP after RET", u.GPR[RSP], u.moved(u.size+20))
	u.check("EIP after RET", u.RIP, 0x300)
}
