package recording

import (
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// Traced is one executed instruction and the registers before it.
type Traced struct {
	faults.TraceEntry
	Code []byte
	Regs testbed.Registers
}

// Recent keeps the last instructions of each processor.
type Recent struct {
	machine faults.Machine
	keep    int
	last    map[int][]Traced
}

// Add notes an instruction that is about to be executed.
func (r *Recent) Add(e faults.TraceEntry) {
	t := Traced{TraceEntry: e, Code: readCode(r.machine, e.CPU, e.PC), Regs: testbed.RegistersOf(r.machine, e.CPU)}
	list := append(r.last[e.CPU], t)
	if len(list) > 2*r.keep+2 {
		list = append(list[:0], list[len(list)-r.keep-1:]...)
	}
	r.last[e.CPU] = list
}

// NewRecent keeps the last keep instructions of each processor of m.
func NewRecent(m faults.Machine, keep int) *Recent {
	return &Recent{machine: m, keep: keep, last: map[int][]Traced{}}
}

// Take returns the last n instructions of a processor.
func (r *Recent) Take(cpu, n int) []Traced {
	list := r.last[cpu]
	return append([]Traced(nil), list[max(0, len(list)-n):]...)
}

// readCode reads up to 15 bytes of code as they are fetched, fewer where a page ends the mapping.
func readCode(m faults.Machine, cpu int, pc uint64) []byte {
	buf := make([]byte, 15)
	if m.ReadCode(cpu, pc, buf) == nil {
		return buf
	}
	buf = buf[:min(15, 4096-pc%4096)]
	if m.ReadCode(cpu, pc, buf) == nil {
		return buf
	}
	return nil
}
