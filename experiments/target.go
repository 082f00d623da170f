package experiments

import (
	"fmt"

	"resvirt/faults"
)

// What faults.target names.
const (
	VMMTarget   = "vmm"   // the hypervisor
	GuestTarget = "guest" // an AppVM under it
	BareTarget  = "bare"  // a program on the bare machine
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
	if e.Faults.Target != VMMTarget && e.IO.Whole {
		return fmt.Errorf("io.whole = true with faults.target = %q: the whole infrastructure is struck in the hypervisor alone so far", e.Faults.Target)
	}
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
	case VMMTarget, GuestTarget, BareTarget:
	default:
		return fmt.Errorf("faults.target = %q: it must be %q, %q or %q", f.Target, VMMTarget, GuestTarget, BareTarget)
	}
	if f.Part != KernelPart && f.Part != UserPart {
		return fmt.Errorf("faults.part = %q: it must be %q or %q", f.Part, KernelPart, UserPart)
	}
	for _, name := range f.Types {
		if program := f.Target == BareTarget || f.Target == GuestTarget && f.User(); program && name == faults.Memory.String() {
			return fmt.Errorf("faults.types names %q: which memory is a program's is not known; it can be struck in the hypervisor and in an AppVM's kernel", name)
		}
	}
	return nil
}

// Bare tells whether there is no hypervisor: a program runs on the bare machine.
func (e *Experiment) Bare() bool { return e.Faults.Target == BareTarget }

func (e *Experiment) validateProgram() error {
	p := &e.Program
	switch {
	case e.Bare() && p.Kernel == "":
		return fmt.Errorf("program.kernel is missing: faults.target = %q strikes a program that boots, as `resvirt boot` takes it", BareTarget)
	case !e.Bare() && (p.Kernel != "" || p.Append != "" || p.Start != "" || len(p.Failure) > 0 || p.Exit != 0):
		return fmt.Errorf("[program] is there and faults.target = %q: it is of the target %q alone", e.Faults.Target, BareTarget)
	}
	for _, text := range p.Failure {
		if text == "" {
			return fmt.Errorf("program.failure has an empty text, which any output contains")
		}
	}
	for _, s := range e.Settings {
		if e.Bare() && len(s.Steps) > 0 {
			return fmt.Errorf("setting %q has recovery steps: they are the hypervisor's, and there is none on the bare machine; write steps = []", s.Name)
		}
	}
	return nil
}
