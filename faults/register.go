package faults

import "fmt"

// Register names a register that a fault can change: the sixteen general
// registers in encoding order, then RFLAGS, then RIP.
type Register uint8

const (
	RFLAGS    Register = 16
	RIP       Register = 17
	Registers          = 18
)

var registerNames = [Registers]string{
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rflags", "rip",
}

func (r Register) String() string {
	if r < Registers {
		return registerNames[r]
	}
	return fmt.Sprintf("register(%d)", uint8(r))
}

// ParseRegister is the inverse of String.
func ParseRegister(s string) (Register, error) {
	for r, n := range registerNames {
		if n == s {
			return Register(r), nil
		}
	}
	return 0, fmt.Errorf("unknown register %q", s)
}

// flagBits are the bits of RFLAGS that exist in long mode (AMD APM vol. 2,
// 3.1.6), where the processor does not let VM be set (Intel SDM vol. 3, 2.3.1).
// The others are wires to 0 or 1, not storage: they cannot flip.
var flagBits = [...]uint8{0, 2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20, 21}

// Bit is the n-th of the bits that faults draw from.
func (r Register) Bit(n int) int {
	if r == RFLAGS {
		return int(flagBits[n])
	}
	return n
}

// Bits is how many bits of the register faults draw from.
func (r Register) Bits() int {
	if r == RFLAGS {
		return len(flagBits)
	}
	return 64
}
