package faults

import (
	"fmt"
	"strings"
)

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
	// Code inverts one bit of one of the 15 bytes from the struck instruction on,
	// as instruction fetch sees it, until detection begins.
	Code
	// CodeKept is Code until the byte is written: until the image is replaced.
	CodeKept
	// Memory inverts one bit of the target's memory, of a class drawn first.
	Memory
	// Software replaces one instruction, as instruction fetch sees it, by what a
	// programmer's mistake would have made of it, until detection begins.
	Software
	// SoftwareKept is Software until the instruction is written.
	SoftwareKept
	Kinds // how many there are
)

var kindNames = [Kinds]string{
	Null: "null", Failstop: "failstop", RegisterFlip: "register", Code: "code", CodeKept: "code_kept",
	Memory: "memory", Software: "software", SoftwareKept: "software_kept",
}

// MarshalText is String, for databases.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is ParseKind.
func (k *Kind) UnmarshalText(b []byte) (err error) {
	*k, err = ParseKind(string(b))
	return err
}

var kindMeanings = [Kinds]string{
	Null:         "nothing changes",
	Failstop:     "the program counter becomes 0",
	RegisterFlip: "one bit of a general register, RFLAGS or RIP",
	Code:         "one bit of the 15 bytes from the instruction on, as they are fetched, until detection begins",
	CodeKept:     "the same until the image is replaced",
	Memory:       "one bit of static data, heap, stack or page tables",
	Software:     "one instruction becomes a programmer's mistake until detection begins",
	SoftwareKept: "the same until the image is replaced",
}

// Meaning says in one line what a fault of this kind does.
func (k Kind) Meaning() string { return kindMeanings[k] }

// KindNames lists the fault types that an experiment can name.
func KindNames() []string { return append([]string(nil), kindNames[1:]...) }

func (k Kind) String() string {
	if k < Kinds {
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
	return 0, fmt.Errorf("unknown fault type %q; there are %s", s, strings.Join(KindNames(), ", "))
}

// Lifts tells whether a fault of this kind ends when detection begins.
func (k Kind) Lifts() bool { return k == Code || k == Software }

// InCode tells whether a fault of this kind changes what is fetched.
func (k Kind) InCode() bool { return k.Lifts() || k == CodeKept || k == SoftwareKept }

// inSoftware tells whether a fault of this kind changes a whole instruction.
func (k Kind) inSoftware() bool { return k == Software || k == SoftwareKept }
