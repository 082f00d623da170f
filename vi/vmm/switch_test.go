package main

import "testing"

// Which of the two bases of GS is the kernel's: the mode tells it, and where the mode and
// the processor may disagree, the base that the kernel has told.
func TestKernelHas(t *testing.T) {
	const kernel, user, third = 0x1000, 0x2000, 0x3000
	for _, c := range []struct {
		moves, mode bool // SWAPGS is under way; the mode is the kernel's
		gs, other   uint64
		want        bool
	}{
		{false, true, kernel, user, true},
		{false, true, user, kernel, true}, // the kernel has changed its own
		{false, false, user, kernel, false},
		{true, false, kernel, user, true}, // left for user mode, failed before SWAPGS
		{true, false, user, kernel, false},
		{true, true, user, kernel, false}, // back in the kernel, failed before SWAPGS
		{true, true, kernel, user, true},
		{true, true, third, user, true}, // neither is known: the mode decides
		{true, false, user, third, false},
		{true, false, kernel, kernel, false}, // both are the same
	} {
		v := &VCPU{}
		v.arch.gsKernel, v.arch.gsMoves = kernel, c.moves
		if c.mode {
			v.arch.flags = inKernelMode
		}
		if got := v.kernelHas(c.gs, c.other); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
