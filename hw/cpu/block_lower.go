package cpu

// layout says where a uop's operands are: destination first, R a register, I
// the immediate, M memory, C the register CL.
type layout uint8

const (
	layNone layout = iota
	layR
	layM
	layI
	layRR
	layRI
	layRC
	layRM
	layMR
	layMI
	layRRI
	layNear // branch to offset imm of the page
	layFar  // branch to imm bytes from the page
)

// uopKey identifies a case of the dispatcher. sub is a condition code or the
// size of a source, if the operation has one.
type uopKey struct {
	op   Op
	size uint8
	lay  layout
	sub  uint8
	mod  modifier
}

// modifier tells variants of a case apart.
type modifier uint8

const (
	modNone    modifier = iota
	modIndexed          // the memory operand has an index register
	modQuiet            // the flags are not read
)

// pairKey is a comparison and the condition of the branch after it.
type pairKey struct {
	first uopKey
	cc    uint8
}

// Codes of uops that the dispatcher leaves to the stepper's functions.
const (
	uStep uint16 = iota // execution may go on after it
	uLast               // the last in its block
	uEnd                // no instruction: the block goes on elsewhere

	uCount // no instruction: those after it are counted, see Tally
)

// lower translates an instruction at an offset of its page.
func (in *dialect) lower(i *Inst, off uint64) uop {
	next := off + uint64(i.Len)
	u := uop{off: uint16(off), next: uint16(next), base: rZero, index: rZero, imm: i.Imm}
	if key, ok := in.operands(i, &u, next); ok {
		u.code = in.ops[key]
	}
	if u.code == uStep && endsBlock(i) {
		u.code = uLast
	}
	return u
}

// operands fills in operands and returns the key of the dispatcher's case. It
// returns false if the dispatcher cannot execute the instruction exactly.
func (in *dialect) operands(i *Inst, u *uop, next uint64) (key uopKey, ok bool) {
	key = uopKey{op: i.Op, size: i.Size}
	switch i.Op {
	case OpNOP, OpLFENCE, OpMFENCE, OpSFENCE:
		return uopKey{op: OpNOP}, true
	case OpJCC, OpJMP, OpCALL:
		return in.branch(i, u, next)
	case OpRET:
		return key, true
	case OpCMOV, OpSET, OpMOVZX, OpMOVSX:
		key.sub = i.Sub
	case OpMOVD:
		if i.Form == FormRMReg && i.Prefix&PrefixMem == 0 {
			key.sub = 1 // to a general register
		}
	}
	if i.Op.Kind() == KindSSE && i.Sub == subMMX {
		return key, false
	}
	if highByte(i) || !in.memory(i, u, next) {
		return key, false
	}
	key.lay = lowerForm(i, u)
	if u.index != rZero && i.Prefix&PrefixMem != 0 {
		key.mod = modIndexed
	}
	switch i.Op {
	case OpSHL, OpSHR, OpSAR, OpROL, OpROR:
		u.imm &= 31
		if i.Size == 8 {
			u.imm = i.Imm & 63
		}
		return key, key.lay == layRC || key.lay == layRI && u.imm != 0
	case OpRCL, OpRCR:
		return key, key.lay == layRI && u.imm&0xff == 1
	case OpMOV:
		if key.lay == layRI && i.Size >= 4 {
			u.imm &= mask(i.Size)
			key.size = in.word
		}
	}
	return key, true
}

func (in *dialect) branch(i *Inst, u *uop, next uint64) (uopKey, bool) {
	key := uopKey{op: i.Op, size: i.Size, lay: layFar}
	if i.Op == OpJCC {
		key.sub = i.Sub
	}
	if u.imm = next + i.Imm; u.imm < uint64(len(pageCode{}.blocks)) {
		key.lay = layNear
	}
	return key, i.Size == in.word
}

// highByte tells whether an operand is one of AH, CH, DH and BH.
func highByte(i *Inst) bool {
	high := func(n uint8) bool { return n&^3 == 4 && i.Prefix&PrefixREX == 0 }
	rm := i.Prefix&PrefixMem == 0 && high(i.RM)
	switch {
	case i.Op == OpMOVZX || i.Op == OpMOVSX:
		return i.Sub == 1 && rm
	case i.Size != 1:
		return false
	}
	return rm || high(i.Reg)
}

// memory fills in the address of a memory operand, if there is one in a
// segment without a base that may be written.
func (in *dialect) memory(i *Inst, u *uop, next uint64) bool {
	if i.Prefix&PrefixMem == 0 {
		return true
	}
	disp := i.Disp
	switch {
	case i.Base == RIPReg:
		u.base = rPage
		disp += int64(next)
	case i.Base < 16:
		u.base = i.Base
	}
	if i.Index < 16 {
		u.index, u.scale = i.Index, i.Scale
	}
	u.disp = int32(disp)
	return i.Addr == in.word && (i.Seg < FS && i.Seg != CS || i.Op == OpLEA) && int64(u.disp) == disp
}

func lowerForm(i *Inst, u *uop) layout {
	memory := i.Prefix&PrefixMem != 0
	pick := func(reg, mem layout) layout {
		if memory {
			return mem
		}
		return reg
	}
	u.dst, u.src = i.RM, i.Reg
	switch i.Form {
	case FormRM:
		return pick(layR, layM)
	case FormRMReg:
		return pick(layRR, layMR)
	case FormRegRM:
		u.dst, u.src = i.Reg, i.RM
		return pick(layRR, layRM)
	case FormRMImm:
		return pick(layRI, layMI)
	case FormRMCL:
		return pick(layRC, layNone)
	case FormRegRMImm:
		u.dst, u.src = i.Reg, i.RM
		return pick(layRRI, layNone)
	case FormImm:
		return layI
	}
	return layNone
}
