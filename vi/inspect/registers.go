package inspect

import "encoding/binary"

// Registers are the registers of a processor, or of a function that has called
// another one, as far as they are known. General registers have the numbers that
// processors give them: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15; 16 to 31
// are XMM0 to XMM15.
type Registers struct {
	GPR   [16]uint64
	XMM   [16][2]uint64
	PC    uint64
	Known uint32 // a bit for each register
}

// Some registers by number.
const (
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = 0, 1, 2, 3, 4, 5, 6, 7
	R11, R14                               = 11, 14
	XMM0                                   = 16
)

// GeneralRegisters is Known for general registers without those of SSE.
const GeneralRegisters = 1<<16 - 1

// AllRegisters is Known for a processor.
const AllRegisters = 1<<32 - 1

// RegisterNames are the names of registers by number.
var RegisterNames = [32]string{"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
	"R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15",
	"XMM0", "XMM1", "XMM2", "XMM3", "XMM4", "XMM5", "XMM6", "XMM7",
	"XMM8", "XMM9", "XMM10", "XMM11", "XMM12", "XMM13", "XMM14", "XMM15"}

// dwarfOrder has the numbers of registers by those of DWARF (System V ABI for AMD64,
// figure 3.36), -1 = the return address.
var dwarfOrder = [...]int{RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, 8, 9, 10, 11, 12, 13, 14, 15, -1,
	XMM0, XMM0 + 1, XMM0 + 2, XMM0 + 3, XMM0 + 4, XMM0 + 5, XMM0 + 6, XMM0 + 7,
	XMM0 + 8, XMM0 + 9, XMM0 + 10, XMM0 + 11, XMM0 + 12, XMM0 + 13, XMM0 + 14, XMM0 + 15}

// Knows tells whether the value of a register is known.
func (r *Registers) Knows(number int) bool { return r.Known>>number&1 != 0 }

// Set gives a general register a value.
func (r *Registers) Set(number int, v uint64) { r.GPR[number], r.Known = v, r.Known|1<<number }

// bytes is the content of a register.
func (r *Registers) bytes(number int) (b [16]byte) {
	if number < 16 {
		binary.LittleEndian.PutUint64(b[:], r.GPR[number])
		return b
	}
	x := r.XMM[number-16]
	binary.LittleEndian.PutUint64(b[:], x[0])
	binary.LittleEndian.PutUint64(b[8:], x[1])
	return b
}

// Frame is a function under way.
type Frame struct {
	Registers
	CFA      uint64 // the stack pointer before the function was called
	CFAKnown bool
	Called   bool // it has called another function; PC is where that one returns to
}

// At is an address in the instruction that the function executes.
func (f *Frame) At() uint64 {
	if f.Called {
		return f.PC - 1
	}
	return f.PC
}
