package experiments

import (
	"fmt"

	"resvirt/faults"
)

// What faults.target names.
const (
	VMMTarget   = "vmm"   // the hypervisor
	GuestTarget = "guest" // an AppVM under it
)

// What faults.part names.
const (
	KernelPart = "kernel"
	UserPart   = "user" // the programs
)

// User tells whether faults strike the programs of an AppVM, not its kernel.
func (f *Faults) User() bool { return f.Part == UserPart }

// validateVM looks whether the AppVM that is struck is there from the beginning.
func (e *Experiment) validateVM() error {
	first := 0
	if e.VMM.Control {
		first = 1
	}
	if vm := e.Faults.VM; e.Faults.Target == GuestTarget && (vm < first || vm >= first+e.VMM.Domains) {
		return fmt.Errorf("faults.vm = %d: the AppVMs are %d to %d", vm, first, first+e.VMM.Domains-1)
	}
	return nil
}

func (f *Faults) validateTarget() error {
	switch f.Target {
	case VMMTarget, GuestTarget:
	default:
		return fmt.Errorf("faults.target = %q: it must be %q or %q", f.Target, VMMTarget, GuestTarget)
	}
	if f.Part != KernelPart && f.Part != UserPart {
		return fmt.Errorf("faults.part = %q: it must be %q or %q", f.Part, KernelPart, UserPart)
	}
	for _, name := range f.Types {
		if f.Target == GuestTarget && f.User() && name == faults.Memory.String() {
			return fmt.Errorf("faults.types names %q and faults.part = %q: which memory is a program's is not told; choose %q", name, f.Part, KernelPart)
		}
	}
	return nil
}
