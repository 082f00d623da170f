package faults

import (
	"bytes"
	"fmt"

	"resvirt/sim"
)

// Operator is a programmer's mistake, done to one machine instruction. The list
// is that of the injectors for operating systems that work on the binary (Ng
// and Chen's for the Rio file cache, Nooks', G-SWFIT).
type Operator uint8

const (
	Destination    Operator = iota // the result goes to another register
	Source                         // an operand comes from another register
	BranchInverted                 // taken when it should not be
	BranchRemoved                  // never taken
	Pointer                        // another displacement, or another base register
	OffByOne                       // a comparison with one more or less, or < for <=
	Initialization                 // a variable is not given its first value
	Locking                        // a lock is not taken, or not released
	Operators
)

var operatorNames = [Operators]string{
	"destination", "source", "branch inverted", "branch removed", "pointer", "off by one", "initialization", "locking",
}

func (o Operator) String() string {
	if o < Operators {
		return operatorNames[o]
	}
	return fmt.Sprintf("operator(%d)", uint8(o))
}

const nop = 0x90

// mutate applies one operator to an instruction, chosen evenly among those that
// are applicable. locking says that the instruction belongs to a lock's own
// functions. The result is as long as the instruction; ok is false if nothing
// applies.
func mutate(code []byte, locking bool, choice uint64) (o Operator, changed []byte, ok bool) {
	s, known := shapeOf(code)
	if !known {
		return 0, nil, false
	}
	r := sim.Stream(choice, "software fault")
	var list []Operator
	var results [Operators][]byte
	for o := range Operators {
		if b := s.apply(o, locking, &r); b != nil && !bytes.Equal(b, s.code) {
			list, results[o] = append(list, o), b
		}
	}
	if len(list) == 0 {
		return 0, nil, false
	}
	o = list[r.IntN(len(list))]
	return o, results[o], true
}

// apply is the instruction after one mistake, nil if it cannot be made there.
func (s *shape) apply(o Operator, locking bool, r *sim.Rand) []byte {
	switch o {
	case Destination:
		return s.register(s.destination(), r)
	case Source:
		return s.register(s.source(), r)
	case BranchInverted:
		if s.conditional() {
			return s.with(s.op, s.opcode()^1)
		}
	case BranchRemoved:
		if s.conditional() || !s.two && (s.opcode() == 0xeb || s.opcode() == 0xe9) {
			return s.removed()
		}
	case Pointer:
		return s.pointer(r)
	case OffByOne:
		return s.offByOne(r)
	case Initialization:
		if s.initializes() {
			return s.removed()
		}
	case Locking:
		if locking {
			return s.unlocked()
		}
	}
	return nil
}

// with is the instruction with one byte replaced.
func (s *shape) with(at int, b byte) []byte {
	c := bytes.Clone(s.code)
	c[at] = b
	return c
}

func (s *shape) removed() []byte { return bytes.Repeat([]byte{nop}, len(s.code)) }

// conditional tells whether it is a conditional branch.
func (s *shape) conditional() bool {
	return s.opcode()&0xf0 == 0x70 && !s.two || s.opcode()&0xf0 == 0x80 && s.two
}

// pointer corrupts the address of a memory operand: one of the low bits of its
// displacement, or its base register. LEA computes an address, too.
func (s *shape) pointer(r *sim.Rand) []byte {
	if !s.memory() {
		return nil
	}
	base := s.base()
	if s.disp >= 0 && (base.at < 0 || r.IntN(2) == 0) {
		bit := r.IntN(8)
		return s.with(s.disp, s.code[s.disp]^1<<bit)
	}
	return s.register(base, r)
}

// offByOne changes the immediate of a comparison by one, or < to <= and the like.
func (s *shape) offByOne(r *sim.Rand) []byte {
	op := s.opcode()
	switch {
	case s.conditional():
		switch op & 0xf {
		case 2, 3, 6, 7: // B and BE, AE and A
			return s.with(s.op, op^4)
		case 0xc, 0xd, 0xe, 0xf: // L and LE, GE and G
			return s.with(s.op, op^2)
		}
	case s.two || s.imm < 0:
	case op == 0x3c, op == 0x3d, (op == 0x80 || op == 0x81 || op == 0x83) && s.reg() == 7:
		c, by := bytes.Clone(s.code), byte(1-2*r.IntN(2))
		c[s.imm] += by
		for i := s.imm; i+1 < len(c) && (by == 1 && c[i] == 0 || by != 1 && c[i] == 0xff); i++ {
			c[i+1] += by // carry
		}
		return c
	}
	return nil
}

// initializes tells whether it gives a first value: a constant to memory, zero
// to a register, or compiled code's zero register to memory.
func (s *shape) initializes() bool {
	op := s.opcode()
	switch {
	case s.modrm < 0:
		return false
	case s.two:
		return op == 0x11 && s.memory() && s.reg() == 7 && s.rex&4 != 0 // MOVUPS from X15
	case op == 0xc6 || op == 0xc7:
		return s.memory()
	case op >= 0x30 && op <= 0x33:
		return s.mod() == 3 && s.reg() == s.code[s.modrm]&7 && s.rex>>2&1 == s.rex&1
	}
	return false
}

// unlocked removes the taking or releasing of a lock: a compare and exchange is
// replaced by an instruction that only reports success, a store by none.
func (s *shape) unlocked() []byte {
	op := s.opcode()
	switch {
	case s.two && (op == 0xb0 || op == 0xb1) && s.lock && len(s.code) >= 2:
		return append([]byte{0x39, 0xc0}, s.removed()[2:]...) // cmp eax, eax
	case !s.two && s.memory() && (op == 0x86 || op == 0x87 || op == 0x88 || op == 0x89 || op == 0xc6 || op == 0xc7):
		return s.removed()
	}
	return nil
}
