package faults

import "golang.org/x/arch/x86/x86asm"

// shape says where the parts of an instruction's encoding lie (AMD APM vol. 3,
// 1.1): what a software fault changes is a field of it. -1 stands for a part
// that is not there.
type shape struct {
	asm   x86asm.Inst
	code  []byte
	lock  bool
	rex   byte // 0 if there is none
	two   bool // of the two-byte opcode map
	op    int  // offset of the opcode
	modrm int
	sib   int
	disp  int
	imm   int // to the end of the instruction
}

// shapeOf parses 64-bit code. It knows the two maps of general instructions;
// for others, and for what does not decode, ok is false.
func shapeOf(code []byte) (s shape, ok bool) {
	inst, err := x86asm.Decode(code, 64)
	if err != nil || inst.Op == 0 || inst.Len > len(code) {
		return s, false
	}
	s = shape{asm: inst, code: code[:inst.Len], modrm: -1, sib: -1, disp: -1, imm: -1}
	at := 0
	for at < len(s.code)-1 && legacyPrefix(s.code[at]) {
		s.lock = s.lock || s.code[at] == 0xf0
		at++
	}
	if s.code[at]&0xf0 == 0x40 {
		s.rex = s.code[at]
		at++
	}
	if at < len(s.code)-1 && s.code[at] == 0x0f {
		s.two = true
		at++
	}
	if at >= len(s.code) {
		return s, false
	}
	s.op = at
	if op := s.opcode(); s.two && (op == 0x38 || op == 0x3a) || !s.two && (op == 0xc4 || op == 0xc5 || op == 0x62) {
		return s, false // other maps
	}
	if at++; s.hasModRM() {
		at = s.address(at)
	}
	if at > len(s.code) {
		return s, false
	}
	if at < len(s.code) {
		s.imm = at
	}
	return s, true
}

func (s *shape) opcode() byte { return s.code[s.op] }

// address parses ModRM, SIB and displacement (APM vol. 3, 1.4), and returns
// what follows them.
func (s *shape) address(at int) int {
	if at >= len(s.code) {
		return at + 1
	}
	s.modrm = at
	at++
	mod, rm := s.mod(), s.code[s.modrm]&7
	if mod == 3 {
		return at
	}
	if rm == 4 {
		s.sib = at
		at++
	}
	size := [4]int{0, 1, 4, 0}[mod]
	if mod == 0 && (rm == 5 || s.sib >= 0 && s.sib < len(s.code) && s.code[s.sib]&7 == 5) {
		size = 4
	}
	if size > 0 {
		s.disp = at
	}
	return at + size
}

// mod, reg and ext are fields of ModRM; reg has no bit of REX.
func (s *shape) mod() byte { return s.code[s.modrm] >> 6 }
func (s *shape) reg() byte { return s.code[s.modrm] >> 3 & 7 }

// memory tells whether the instruction has a memory operand in ModRM.
func (s *shape) memory() bool { return s.modrm >= 0 && s.mod() != 3 }

func legacyPrefix(b byte) bool {
	switch b {
	case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3:
		return true
	}
	return false
}

// hasModRM tells it of an opcode (APM vol. 3, appendix A).
func (s *shape) hasModRM() bool {
	op := s.opcode()
	if s.two {
		switch {
		case op >= 0x05 && op <= 0x0b, op >= 0x30 && op <= 0x37, op == 0x77, op&0xf0 == 0x80, op >= 0xc8 && op <= 0xcf:
			return false
		case op == 0xa0 || op == 0xa1 || op == 0xa2 || op == 0xa8 || op == 0xa9 || op == 0xaa:
			return false
		}
		return true
	}
	switch {
	case op < 0x40:
		return op&7 < 4
	case op == 0x63, op == 0x69, op == 0x6b, op >= 0x80 && op <= 0x8f, op == 0xc0, op == 0xc1, op == 0xc6, op == 0xc7:
		return true
	}
	return op >= 0xd0 && op <= 0xd3 || op >= 0xd8 && op <= 0xdf || op == 0xf6 || op == 0xf7 || op >= 0xfe
}
