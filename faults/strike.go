package faults

import (
	"encoding/hex"
	"fmt"

	"resvirt/sim"
)

// Strike is a fault that was applied: where it hit, and the proof.
type Strike struct {
	Kind     Kind
	CPU      int
	Position uint64
	Time     sim.Time
	Place    Place // the instruction about to execute
	// What was changed: the name of a register, the class of memory, the operator
	// of a software fault, or "code".
	What    string
	Address uint64 `json:",omitempty"` // physical, of the byte or of the instruction; 0 for a register
	Object  string `json:",omitempty"` // what lies at Address, where the target can say it
	Among   uint64 `json:",omitempty"` // memory faults: how many bytes of the class there were to choose from
	Bit     int    // -1 when more than one bit was replaced
	Before  uint64 // the register or byte; of software faults see Code
	After   uint64

	// Faults in code: what was fetched from the instruction on, and what is
	// fetched instead, in hexadecimal.
	Code    string `json:",omitempty"`
	Fetched string `json:",omitempty"`
}

// shown is how many bytes of code a strike keeps: an instruction that begins in
// the last byte that may be struck is whole.
const shown = 2*CodeReach - 1

// Struck is one fault of a run that has several, with its result.
type Struck struct {
	Plan   Plan
	Strike *Strike // nil when it did not strike
}

// Check says whether m, which is about to be struck, is in the state that the
// strike has recorded, and then strikes. This proves a row.
func (s *Strike) Check(m Machine) error {
	var was, is uint64
	switch {
	case s.Before == s.After && s.Code == s.Fetched:
		return fmt.Errorf("the row says that nothing changed")
	case s.Bit >= 0 && s.Before^s.After != 1<<s.Bit:
		return fmt.Errorf("the row says bit %d, but %#x became %#x", s.Bit, s.Before, s.After)
	case s.Kind.InCode():
		return s.checkCode(m)
	case s.Kind == Memory:
		was = readByte(m, s.Address)
		m.WritePhys(s.Address, []byte{byte(s.After)})
		is = readByte(m, s.Address)
	default:
		r, err := ParseRegister(s.What)
		if err != nil {
			return err
		}
		was = m.Register(s.CPU, r)
		m.SetRegister(s.CPU, r, s.After)
		is = m.Register(s.CPU, r)
	}
	if was != s.Before || is != s.After {
		return fmt.Errorf("the row says that %s %#x was %#x and became %#x, the machine has %#x and %#x there", s.What, s.Address, s.Before, s.After, was, is)
	}
	return nil
}

func (s *Strike) checkCode(m Machine) error {
	want, err := hex.DecodeString(s.Fetched)
	if err != nil {
		return fmt.Errorf("the row's code: %w", err)
	}
	if got := codeAt(m, s.CPU, s.Place.PC); got != s.Code {
		return fmt.Errorf("the row says that code was %s, the machine has %s there", s.Code, got)
	}
	overlay(m, s.CPU, s.Place.PC, want)
	if got := codeAt(m, s.CPU, s.Place.PC); got != s.Fetched {
		return fmt.Errorf("the row says that %s is fetched, the machine fetches %s", s.Fetched, got)
	}
	return nil
}

func readByte(m Machine, pa uint64) uint64 {
	var b [1]byte
	m.ReadPhys(pa, b[:])
	return uint64(b[0])
}

// codeAt reads what a strike shows of code, as it is fetched.
func codeAt(m Machine, cpu int, pc uint64) string {
	return hex.EncodeToString(readable(m.ReadCode, cpu, pc, shown))
}

// readable reads n bytes. If the next page is not mapped it reads only those in
// the first page; if that is not mapped either, none.
func readable(read func(int, uint64, []byte) error, cpu int, va uint64, n int) []byte {
	b := make([]byte, n)
	if read(cpu, va, b) == nil {
		return b
	}
	b = b[:min(n, int(4096-va%4096))]
	if read(cpu, va, b) == nil {
		return b
	}
	return nil
}

// overlay makes m fetch other bytes from pc on.
func overlay(m Machine, cpu int, pc uint64, want []byte) {
	have := make([]byte, len(want))
	if m.ReadCode(cpu, pc, have) != nil {
		return // the caller checks by reading back
	}
	for i := range want {
		if pa, ok := m.Translate(cpu, pc+uint64(i)); ok && have[i] != want[i] {
			m.FlipFetch(pa, have[i]^want[i])
		}
	}
}
