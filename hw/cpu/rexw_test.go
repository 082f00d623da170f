package cpu

import "testing"

// prefixed is an instruction behind each set of operand-size prefixes, and what
// the size of its operand is then.
var prefixed = []struct {
	bytes []byte
	size  uint64 // of a plain operand: REX.W outranks 66 (APM vol. 3, 1.2.7)
}{{nil, 4}, {[]byte{0x66}, 2}, {[]byte{0x48}, 8}, {[]byte{0x66, 0x48}, 8}}

// TestOperandSizePrefixes executes far transfers and system instructions of
// 64-bit mode behind 66 and REX.W. AMD's processors have no m16:64: with REX.W a
// far pointer has an offset of 32 bits, and what is pushed has 64 (APM vol. 3,
// CALL far, LSS).
func TestOperandSizePrefixes(t *testing.T) {
	bothEngines(t, func(t *testing.T, fast bool) {
		for _, p := range prefixed {
			u := &prefixUse{bytes: p.bytes, size: p.size, offset: min(p.size, 4)}
			u.fresh(t, fast)
			u.farTransfers(t, fast)
			u.segments(t, fast)
			u.stack(t, fast)
			u.system(t, fast)
		}
	})
}

type prefixUse struct {
	*rig
	bytes        []byte
	size, offset uint64
}

const tFar = 0x12340 // a target that 16 bits cut

func (u *prefixUse) fresh(t *testing.T, fast bool) {
	u.rig = newRig(t)
	u.fast = fast
	for n := range uint64(16) {
		u.GPR[n] = 0x1111_2222_3333_4444 * (n + 1)
	}
	u.GPR[RBX], u.GPR[RSP] = 0x200000, tStack
}

// with executes an instruction behind the prefixes.
func (u *prefixUse) with(b ...byte) { u.run(append(append([]byte{}, u.bytes...), b...)...) }

func (u *prefixUse) check(what string, got, want uint64) {
	u.t.Helper()
	if got != want {
		u.t.Errorf("% x %s = %#x, want %#x", u.bytes, what, got, want)
	}
}

// into is a register of 64 bits with a result of the operand's size in it.
func (u *prefixUse) into(old, v uint64) uint64 {
	if u.size == 2 {
		return old&^0xffff | v&0xffff
	}
	return v & mask(uint8(u.size))
}

// pointer puts a far pointer as wide as the prefixes say where RBX points to.
func (u *prefixUse) pointer(off, sel uint64) {
	u.Mem.Write64(0x200000, 0xaaaa_aaaa_aaaa_aaaa)
	u.Mem.Write32(0x200000, uint32(off))
	u.Mem.Write16(0x200000+u.offset, uint16(sel))
}

func (u *prefixUse) farTransfers(t *testing.T, fast bool) {
	target := tFar & mask(uint8(u.offset))
	u.fresh(t, fast)
	u.pointer(tFar, selCode)
	from := u.RIP + uint64(len(u.bytes)) + 2
	u.with(0xff, 0x1b) // call far [rbx]
	u.check("RIP of CALL", u.RIP, target)
	u.check("RSP of CALL", u.GPR[RSP], tStack-2*u.size)
	u.check("return address", u.word(u.GPR[RSP], u.size), from&mask(uint8(u.size)))
	u.check("pushed CS", u.word(u.GPR[RSP]+u.size, u.size), selCode)

	u.fresh(t, fast)
	u.pointer(tFar, selCode)
	u.with(0xff, 0x2b) // jmp far [rbx]
	u.check("RIP of JMP", u.RIP, target)
	u.check("RSP of JMP", u.GPR[RSP], tStack)

	u.fresh(t, fast)
	u.put(tStack, 32, u.size, tFar, selCode)
	u.with(0xca, 8, 0)
	u.check("RIP of RET", u.RIP, tFar&mask(uint8(u.size)))
	u.check("RSP of RET", u.GPR[RSP], tStack+2*u.size+8)

	u.fresh(t, fast)
	u.put(tStack, 32, u.size, tFar, selCode, FlagOne, 0x4321, selData)
	u.with(0xcf)
	u.check("RIP of IRET", u.RIP, tFar&mask(uint8(u.size)))
	u.check("RSP of IRET", u.GPR[RSP], 0x4321)
}

func (u *prefixUse) segments(t *testing.T, fast bool) {
	for _, op := range []byte{0xb2, 0xb4, 0xb5} {
		u.fresh(t, fast)
		u.pointer(0x89abcdef, selData)
		u.with(0x0f, op, 0x0b) // lss, lfs, lgs rcx, [rbx]
		want := uint64(0x89abcdef)
		if u.size == 2 {
			want = 2*0x1111_2222_3333_4444&^0xffff | 0xcdef
		}
		u.check("RCX of LSS", u.GPR[RCX], want)
		seg := map[byte]int{0xb2: SS, 0xb4: FS, 0xb5: GS}[op]
		u.check("selector of LSS", uint64(u.Seg[seg].Sel), selData)
	}
	word := u.size
	if word == 4 {
		word = 8
	}
	u.fresh(t, fast)
	u.Seg[FS].Sel = 0x1234
	u.with(0x0f, 0xa0) // push fs
	u.check("RSP of PUSH FS", u.GPR[RSP], tStack-word)
	u.check("PUSH FS", u.word(u.GPR[RSP], word), 0x1234)
	u.put(u.GPR[RSP], 32, word, selData)
	u.with(0x0f, 0xa1) // pop fs
	u.check("RSP of POP FS", u.GPR[RSP], tStack)
	u.check("POP FS", uint64(u.Seg[FS].Sel), selData)

	for _, lar := range []struct {
		op   byte
		want uint64
	}{{0x02, 0xcf9300}, {0x03, 0xffffffff}} { // lar, lsl rcx, ax
		u.fresh(t, fast)
		u.GPR[RAX] = selData
		u.with(0x0f, lar.op, 0xc8)
		u.check("LAR, LSL", u.GPR[RCX], u.into(2*0x1111_2222_3333_4444, lar.want))
	}
}

func (u *prefixUse) stack(t *testing.T, fast bool) {
	word := u.size
	if word == 4 {
		word = 8
	}
	u.fresh(t, fast)
	u.GPR[RBP] = 0x200100
	u.with(0xc8, 16, 0, 2) // enter 16, 2
	u.check("RSP of ENTER", u.GPR[RSP], tStack-3*word-16)
	u.check("RBP of ENTER", u.GPR[RBP], 0x200100&^mask(uint8(word))|(tStack-word)&mask(uint8(word)))
	u.GPR[RBP] = tStack - word
	u.with(0xc9)
	u.check("RSP of LEAVE", u.GPR[RSP], tStack)
	u.check("RBP of LEAVE", u.GPR[RBP], (tStack-word)&^mask(uint8(word))|0x200100&mask(uint8(word)))

	u.fresh(t, fast)
	u.RFLAGS |= FlagCF
	next := u.RIP + uint64(len(u.bytes)) + 3 + min(u.size, 4)
	if u.size == 2 { // AMD's processors cut the target
		next = (next - 1 + 0x20) & 0xffff
		u.with(0x0f, 0x82, 0x20, 0)
	} else {
		next = next - 1 + 0x20
		u.with(0x0f, 0x82, 0x20, 0, 0, 0)
	}
	u.check("RIP of JC", u.RIP, next)
}

func (u *prefixUse) system(t *testing.T, fast bool) {
	for _, s := range []struct {
		name string
		code []byte
		want uint64
	}{
		{"SLDT", []byte{0x0f, 0x00, 0xc1}, 0x4242}, {"STR", []byte{0x0f, 0x00, 0xc9}, selTSS},
		{"SMSW", []byte{0x0f, 0x01, 0xe1}, CR0PG | CR0PE | CR0WP | CR0ET | CR0NE},
	} {
		u.fresh(t, fast)
		u.LDTR.Sel = 0x4242
		u.with(s.code...)
		u.check(s.name, u.GPR[RCX], u.into(2*0x1111_2222_3333_4444, s.want))
	}
	u.fresh(t, fast)
	u.with(0x0f, 0x01, 0x03) // sgdt [rbx]
	u.check("SGDT", u.Mem.Read64(0x200002), tGDT)
	u.Mem.Write64(0x200002, 0x1_2345_6789)
	u.with(0x0f, 0x01, 0x1b) // lidt [rbx]
	u.check("LIDT", u.IDTR.Base, 0x1_2345_6789)

	u.fresh(t, fast)
	u.GPR[RAX] = 0x1_0000_7654
	u.with(0x0f, 0x22, 0xd0) // mov cr2, rax
	u.check("MOV CR2", u.CR2, 0x1_0000_7654)
	u.with(0x0f, 0x21, 0xf1) // mov rcx, dr6
	u.check("MOV from DR6", u.GPR[RCX], dr6One)

	port := min(u.size, 4)
	u.fresh(t, fast)
	u.GPR[RDX], u.GPR[RDI], u.GPR[RSI] = 0x321, 0x200000, 0x200000
	u.with(0x6d) // ins
	u.check("RDI of INS", u.GPR[RDI], 0x200000+port)
	u.with(0x6f) // outs
	u.check("RSI of OUTS", u.GPR[RSI], 0x200000+port)
	u.with(0xed) // in
	want := uint64(0x321)
	if port == 2 {
		want |= 0x1111_2222_3333_0000
	}
	u.check("RAX of IN", u.GPR[RAX], want)
}
