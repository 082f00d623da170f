package faults

import "fmt"

// Class is a part of the target's memory that memory faults strike.
type Class uint8

const (
	Static     Class = iota // data and bss of the image
	Heap                    // pages allocated to the target at run time
	Stack                   // the used part of the processors' stacks
	PageTables              // the target's own
	Classes
)

var classNames = [Classes]string{"static data", "heap", "stack", "page tables"}

func (c Class) String() string {
	if c < Classes {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// Range is a piece of physical memory.
type Range struct{ Start, Len uint64 }

// pick chooses a byte of the ranges by a random word; among is the number of
// bytes, 0 if there are none.
func pick(ranges []Range, choice uint64) (pa, among uint64) {
	total := uint64(0)
	for _, r := range ranges {
		total += r.Len
	}
	if total == 0 {
		return 0, 0
	}
	n := scale(choice, total)
	for _, r := range ranges {
		if n < r.Len {
			return r.Start + n, total
		}
		n -= r.Len
	}
	panic("BUG: a byte beyond the sum of its ranges")
}
