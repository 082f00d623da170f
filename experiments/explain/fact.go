package explain

import (
	"encoding/json"
	"fmt"
	"slices"

	"resvirt/experiments/recording"
)

// Fact is a piece of evidence, found by executing a run again. What it says in words is
// its String; what a program or a terminal needs are its members, of which each kind has
// its own.
type Fact struct {
	Kind     FactKind           `json:"kind"`
	CPU      int                `json:"cpu"`                // -1 = of no processor
	Position recording.Position `json:"position,omitempty"` // where it is seen; 0 = nowhere in the recording
	Places   []Line             `json:"places,omitempty"`   // innermost first
	Object   string             `json:"object,omitempty"`   // a lock, frame, VM or vCPU
	Words    string             `json:"words,omitempty"`    // an instruction, a call, a failure
	Values   []Value            `json:"values,omitempty"`
	Count    int                `json:"count,omitempty"`
	List     []string           `json:"list,omitempty"`
}

// Value is a number that was found.
type Value struct {
	Name string `json:"name,omitempty"`
	Is   Word   `json:"is"`
	Was  *Word  `json:"was,omitempty"`
}

// Word is 64 bits, hexadecimal in JSON.
type Word uint64

func (w Word) String() string { return fmt.Sprintf("%#x", uint64(w)) }

// MarshalText is String.
func (w Word) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText is the inverse of String.
func (w *Word) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "0x%x", (*uint64)(w))
	return err
}

// FactKind says what a Fact is about.
type FactKind uint8

// Kinds of facts, with the members that they have besides CPU and Position.
const (
	Said        FactKind = iota // Words of the row, or of an older program
	SourceLine                  // Places: that failed
	Compared                    // Values: two that were compared, by the instruction Words
	TestedFor                   // Values: the bits of the second in the first
	Tested                      // Values: one that was tested
	Executed                    // Words, with registers Values
	AboutLock                   // Object, held by CPU Count
	Accessed                    // Values: an address, the error code; Object lies there
	SpinsOnLock                 // Object, held by CPU Count, at Places
	Spins                       // Places, for the frame Object if that is known
	HungOnLock                  // the same two, of a processor of several
	HungIn
	FailedNext       // Words: the second of Count failures
	TakenLater       // Object, a lock that was taken after the failure, at Places
	TakenBefore      // Object: taken long before the failure
	TakenAndLost     // Object: taken, at Places, by a thread that recovery discarded
	LeftByRecovery   // List of violated invariants
	WrongAtEnd       // List, the same
	Refused          // Words: a hypercall of VM Object, and Count such results
	LastCalls        // of VM Object: the facts of kind Called that follow
	Called           // Words
	IssuedAgain      // Words: a call that vCPU Object was in; Places: where it goes on
	NotIssuedAgain   // the same; Values: its result
	RegistersChanged // of vCPU Object, at Places: Values
	InterruptedAt    // vCPU Object was at Places[1], goes on at Places[0] as if it had been at Values
	GoesOn           // vCPU Object was at Places[1], goes on at Places[0]
	BaseChanged      // of FS, of vCPU Object: Values
	DidNotGoOn       // vCPU Object, which had the CPU
	factKinds
)

var factNames = [factKinds]string{
	"said", "source line", "compared", "tested for", "tested", "executed", "about lock", "accessed", "spins on lock", "spins",
	"hung on lock", "hung in", "failed next", "taken later", "taken before", "taken and lost", "left by recovery", "wrong at the end",
	"refused", "last calls", "called", "issued again", "not issued again", "registers changed", "interrupted at", "goes on", "base changed",
	"did not go on",
}

func (k FactKind) String() string { return factNames[k] }

// MarshalText is String.
func (k FactKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is the inverse of String.
func (k *FactKind) UnmarshalText(b []byte) error {
	i := slices.Index(factNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("unknown kind of evidence %q", b)
	}
	*k = FactKind(i)
	return nil
}

// plain is a Fact without methods.
type plain Fact

// MarshalJSON adds the text.
func (f Fact) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Text string `json:"text"`
		plain
	}{f.String(), plain(f)})
}

// UnmarshalJSON reads a fact; older programs kept its text alone.
func (f *Fact) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*f = said(text)
		return nil
	}
	return json.Unmarshal(b, (*plain)(f))
}

// said is evidence in words.
func said(text string) Fact { return Fact{Kind: Said, CPU: -1, Words: text} }
