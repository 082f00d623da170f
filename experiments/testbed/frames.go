package testbed

import (
	"fmt"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// Frames tells what frames of a machine are, by the VMM's own descriptors.
type Frames struct {
	a       *Anatomy
	machine *inspect.Machine
	domains map[uint64]string // by the frame that a domain lies in
}

// FrameText is a frame for people, and where the VMM sees it.
type FrameText struct {
	VA   uint64
	Text string
}

// imageBytes is how much of memory is reserved for the VMM's image.
const imageBytes = 16 << 20

// FramesOf looks at the frames of a machine.
func (a *Anatomy) FramesOf(m faults.Machine) *Frames {
	f := &Frames{a, a.Machine(m), map[uint64]string{}}
	for _, o := range a.Checker.Objects(f.machine) {
		if o.Type == "main.Domain" {
			f.domains[(o.Addr-a.direct)>>12] = o.Name
		}
	}
	return f
}

// At tells of a frame.
func (f *Frames) At(frame uint64) FrameText {
	t := FrameText{VA: f.a.direct + frame<<12, Text: "no descriptor"}
	if base := f.a.vmm.Phys; frame<<12 >= base && frame<<12 < base+imageBytes {
		t.VA = f.a.vmm.Base + frame<<12 - base
	}
	s, ok := f.a.Checker.Frame(f.machine, frame)
	if !ok {
		return t
	}
	switch name, known := f.domains[s.Owner]; {
	case known:
		t.Text = fmt.Sprintf("%s: %s", name, s.Type)
	case s.Uses == 0:
		t.Text = "free, or the hypervisor's own"
	default:
		t.Text = "hypervisor: " + s.Type
	}
	if known := f.domains[frame]; known != "" {
		t.Text = "hypervisor: domain " + known
	}
	return t
}
