package faults

import "resvirt/sim"

// field is where a register number lies in an encoding, three bits wide.
type field struct {
	at    int // offset of the byte, -1 if there is none
	shift uint
	never uint8 // numbers that would change the length of the instruction, a bit each
}

var nowhere = field{at: -1}

// register replaces the number in a field by another one, evenly.
func (s *shape) register(f field, r *sim.Rand) []byte {
	if f.at < 0 {
		return nil
	}
	old := s.code[f.at] >> f.shift & 7
	var others []byte
	for n := range byte(8) {
		if n != old && f.never>>n&1 == 0 {
			others = append(others, n)
		}
	}
	return s.with(f.at, s.code[f.at]&^(7<<f.shift)|others[r.IntN(len(others))]<<f.shift)
}

// regField and rmField are the two registers of ModRM.
func (s *shape) regField() field { return field{at: s.modrm, shift: 3} }

func (s *shape) rmField() field {
	if s.modrm < 0 || s.memory() {
		return nowhere
	}
	return field{at: s.modrm}
}

// base is the base register of a memory operand (APM vol. 3, 1.4).
func (s *shape) base() field {
	rm := s.code[s.modrm] & 7
	switch {
	case s.sib >= 0 && s.mod() == 0 && s.disp >= 0: // no base
		return nowhere
	case s.sib >= 0 && s.mod() == 0:
		return field{at: s.sib, never: 1 << 5}
	case s.sib >= 0:
		return field{at: s.sib}
	case s.mod() == 0 && rm == 5: // relative to RIP
		return nowhere
	case s.mod() == 0:
		return field{at: s.modrm, never: 1<<4 | 1<<5}
	}
	return field{at: s.modrm, never: 1 << 4}
}

// role says what an instruction does with the registers of ModRM.
type role uint8

const (
	regDest role = iota + 1 // reg = rm, or reg = reg op rm
	rmDest                  // rm = reg, or rm = rm op reg
	sources                 // reads both
	rmOnly                  // rm = rm op constant, or rm = constant
	rmRead                  // reads rm alone
)

// role classifies the instructions of integer code (APM vol. 3, appendix A); 0
// for all others.
func (s *shape) role() role {
	op := s.opcode()
	switch {
	case s.modrm < 0:
		return 0
	case s.two:
		switch {
		case op&0xf0 == 0x40, op == 0xaf, op == 0xb6, op == 0xb7, op == 0xbe, op == 0xbf, op == 0xb8, op == 0xbc, op == 0xbd:
			return regDest
		case op&0xf0 == 0x90:
			return rmOnly
		case op == 0xa3:
			return sources
		case op == 0xab, op == 0xb3, op == 0xbb, op == 0xb0, op == 0xb1, op == 0xc0, op == 0xc1:
			return rmDest
		}
		return 0
	case op >= 0x38 && op <= 0x3b, op == 0x84, op == 0x85:
		return sources
	case op < 0x40 && op&2 != 0, op == 0x63, op == 0x69, op == 0x6b, op == 0x8a, op == 0x8b, op == 0x8d:
		return regDest
	case op < 0x40, op == 0x86, op == 0x87, op == 0x88, op == 0x89:
		return rmDest
	}
	return s.groupRole(op)
}

// groupRole is role for opcodes whose reg field chooses the operation.
func (s *shape) groupRole(op byte) role {
	n := s.reg()
	switch op {
	case 0x80, 0x81, 0x83:
		if n == 7 { // CMP
			return rmRead
		}
		return rmOnly
	case 0xc0, 0xc1, 0xc6, 0xc7, 0xd0, 0xd1, 0xd2, 0xd3:
		return rmOnly
	case 0xf6, 0xf7:
		if n == 2 || n == 3 { // NOT, NEG
			return rmOnly
		}
		return rmRead
	case 0xfe, 0xff:
		if n < 2 { // INC, DEC
			return rmOnly
		}
		return rmRead
	}
	return 0
}

// destination is the register that the instruction writes.
func (s *shape) destination() field {
	op := s.opcode()
	if !s.two && (op >= 0xb8 && op <= 0xbf || op >= 0xb0 && op <= 0xb7 || op >= 0x58 && op <= 0x5f) { // MOV, POP
		return field{at: s.op}
	}
	switch s.role() {
	case regDest:
		return s.regField()
	case rmDest, rmOnly:
		return s.rmField()
	}
	return nowhere
}

// source is the register that the instruction reads and does not write.
func (s *shape) source() field {
	if op := s.opcode(); !s.two && op >= 0x50 && op <= 0x57 { // PUSH
		return field{at: s.op}
	}
	switch s.role() {
	case regDest, rmRead:
		return s.rmField()
	case rmDest, sources:
		return s.regField()
	}
	return nowhere
}
