package faults

import "fmt"

// Kind is a fault type.
type Kind uint8

const (
	// Null changes nothing. selfcheck uses it to show that the injector itself
	// leaves no trace.
	Null Kind = iota
	// Failstop sets the program counter to 0, where nothing is mapped.
	Failstop
	// RegisterFlip inverts one bit of one general register, RFLAGS or RIP.
	RegisterFlip
)

var kindNames = [...]string{Null: "null", Failstop: "failstop", RegisterFlip: "register"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind is the inverse of String.
func ParseKind(s string) (Kind, error) {
	for k, n := range kindNames {
		if n == s {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("unknown fault type %q; there are failstop, register and null", s)
}

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

// flagBits are the bits of RFLAGS that exist (AMD APM vol. 2, 3.1.6). The
// others are wires to 0 or 1, not storage: they cannot flip.
var flagBits = [...]uint8{0, 2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21}
