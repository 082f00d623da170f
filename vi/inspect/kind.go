package inspect

import (
	"fmt"
	"slices"
)

// ViolationKind is a kind of invariants.
type ViolationKind uint8

// Kinds of invariants, in the order in which Check lists them.
const (
	Code       ViolationKind = iota // and constants
	Pointers                        // to the hypervisor's objects
	Locks                           // none is held
	Calls                           // none is under way
	Interrupts                      // none is being handled
	VCPUs
	Queues
	Timers
	Events
	Domains
	Frames
	Heap
	ViolationKinds // how many there are
)

var kindNames = [ViolationKinds]string{"image", "pointers", "locks", "calls", "interrupts", "vcpus", "queues", "timers", "events", "domains", "frames", "heap"}

func (k ViolationKind) String() string { return kindNames[k] }

// MarshalText is String.
func (k ViolationKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is the inverse of String.
func (k *ViolationKind) UnmarshalText(b []byte) error {
	i := slices.Index(kindNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("unknown kind of invariants %q", b)
	}
	*k = ViolationKind(i)
	return nil
}
