package testbed

import (
	"fmt"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// lockType is the VMM's spinlock: one word, 0 or 1 + the number of its holder.
const lockType = "main.spinlock"

// Oddities lists the locks that are held at the end of a run.
func (s *VI) Oddities(m faults.Machine) []string {
	v, err := inspect.Open(s.images["vmm"])
	if err != nil {
		return []string{err.Error()}
	}
	mem := func(va uint64, buf []byte) error { return m.ReadVirt(0, va, buf) }
	var list []string
	v.Find(lockType, mem, func(l inspect.Value) {
		word, err := l.Field("v")
		if err != nil {
			return
		}
		if holder, err := word.Uint(); err == nil && holder != 0 {
			list = append(list, fmt.Sprintf("at the end lock %s is held by CPU %d", l.Name(), int64(holder)-1))
		}
	})
	return list
}
