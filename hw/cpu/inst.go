package cpu

// Inst is one decoded instruction, independent of where it lies. The decoder
// fills it from tables; the stepper executes it; the block engine lowers it.
type Inst struct {
	Op   Op    // what it does; OpUD for encodings that the processor does not have
	Len  uint8 // bytes, 1 to 15
	Size uint8 // operand size in bytes: 1, 2, 4, 8 (16 for SSE)
	Addr uint8 // address size in bytes: 2, 4, 8

	Form Form  // where the operands are
	Reg  uint8 // ModRM.reg with REX.R; as a byte register without PrefixREX 4..7 are AH..BH
	RM   uint8 // ModRM.rm with REX.B, or the register in the opcode, or the accumulator; x87: stack index
	Sub  uint8 // second number of the opcode: condition code; segment; MOVZX, MOVSX: source size; SSE, x87: see op_sse.go, op_x87.go
	Vvvv uint8 // the third register of VEX encodings

	Prefix Prefix
	Seg    uint8 // segment of the memory operand, override applied

	// Memory operand: Base + Index<<Scale + Disp. NoReg where absent, RIPReg for RIP-relative.
	Base, Index, Scale uint8
	Disp               int64
	Imm                uint64 // sign-extended to 64 bits as the instruction has it
	Imm2               uint16 // ENTER: nesting level; far pointers: selector; x87: what FOP remembers
}

// Form says where an instruction's operands are, destination first. "rm" is
// memory when PrefixMem is set and register RM otherwise; a register named by
// the opcode or by its absence (accumulator) is an rm too, and "by 1" is an
// immediate, so that execution sees few forms. MOV with an absolute offset is a
// memory operand without base.
type Form uint8

const (
	FormNone     Form = iota // implicit operands; IN, OUT: port in DX
	FormRM                   // rm
	FormRMReg                // rm, reg
	FormRegRM                // reg, rm
	FormRMImm                // rm, Imm
	FormRMCL                 // rm, CL
	FormRMRegImm             // rm, reg, Imm (SHLD, SHRD)
	FormRMRegCL              // rm, reg, CL
	FormRegRMImm             // reg, rm, Imm
	FormImm                  // Imm; branches: Imm is the signed displacement
	FormFar                  // offset Imm, selector Imm2
)

// Prefix is the set of prefixes and modifiers that execution needs.
type Prefix uint8

const (
	PrefixLock   Prefix = 1 << iota
	PrefixRep           // F3
	PrefixRepne         // F2
	PrefixMem           // the rm operand is memory
	PrefixREX           // SPL..DIL instead of AH..BH
	PrefixOpSize        // 66
	PrefixREXW          // REX.W
)

// Values of Base and Index that name no general register.
const (
	NoReg  = 0xff
	RIPReg = 0xfe
)
