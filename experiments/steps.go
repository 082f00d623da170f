package experiments

import (
	"fmt"
	"slices"
	"strings"
)

// stepNames lists the recovery steps, in the order of their bits in the policy
// word.
var stepNames = []string{"microreboot", "nmi_ipi", "ack_interrupts", "hypercall_retry", "reinit_locks"}

// Steps lists the names that a setting can hold.
func Steps() []string { return slices.Clone(stepNames) }

// policyWord is the word that allows exactly the steps of a setting.
func policyWord(s Setting) (uint64, error) {
	var word uint64
	for _, name := range s.Steps {
		bit, ok := stepBit(name)
		if !ok {
			return 0, fmt.Errorf("setting %q: there is no recovery step %q; there are %s", s.Name, name, strings.Join(stepNames, ", "))
		}
		if word&bit != 0 {
			return 0, fmt.Errorf("setting %q: step %q stands there twice", s.Name, name)
		}
		word |= bit
	}
	return word, nil
}

func stepBit(name string) (uint64, bool) {
	for i, n := range stepNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// postNames names the numbers that the VMM writes to port 0x80.
func postNames() map[uint64]string {
	names := map[uint64]string{}
	for i, n := range stepNames {
		names[uint64(i)] = n
	}
	return names
}
