package testbed

import (
	"fmt"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/hw/mem"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// Guests finds guests in a machine, and the VMM's data about them.
type Guests struct {
	*Anatomy
	system         *VI
	typeShift      uint64
	control, appvm *guestKernel
	views          map[string]*inspect.View // by image
	guestSyscall   uint64                   // vector of a system call in a guest's kernel

	notedWhere, notedSaved, nextFlow uint64 // of what the VMM notes of a vCPU's registers
}

// GuestsOf prepares Guests from a system's images.
func GuestsOf(s experiments.System) (*Guests, error) {
	a, err := AnatomyOf(s)
	if err != nil {
		return nil, err
	}
	v, ok := s.(*VI)
	if !ok {
		return nil, ErrNoAnatomy
	}
	g := &Guests{Anatomy: a, system: v}
	shift, err := a.view.Const("main.ptTypeShift")
	if err != nil {
		return nil, err
	}
	g.typeShift = uint64(shift)
	if g.control, err = newGuestKernel(v.images["control"]); err != nil {
		return nil, err
	}
	if g.appvm, err = newGuestKernel(v.images["appvm"]); err != nil {
		return nil, err
	}
	g.views = map[string]*inspect.View{"vmm": a.view, "control": g.control.view, "appvm": g.appvm.view}
	// What follows stacks through guests. Images of old databases may lack it; then stacks
	// end sooner.
	optional := func(v *inspect.View, name string) uint64 {
		c, err := v.Const(name)
		if err != nil {
			return never
		}
		return uint64(c)
	}
	g.notedWhere, g.notedSaved, g.nextFlow = optional(a.view, "main.notedWhere"), optional(a.view, "main.notedSaved"), optional(a.view, "main.nextFlow")
	g.guestSyscall = optional(g.appvm.view, guestPackage+"vecSyscall")
	if v, err := inspect.Open(v.images["workload"]); err == nil {
		g.views["workload"] = v
	}
	return g, nil
}

// never is a constant that an image lacks.
const never = ^uint64(0)

// Touch is how a watched byte was touched first.
type Touch = mem.Touch

// The kinds of touch.
const (
	Untouched  = mem.Untouched
	WasRead    = mem.WasRead
	WasWritten = mem.WasWritten
)

// Watch watches a byte of a machine's memory, not counting reads by the code with
// which guests' kernels sum up memory: it reads everything, without effect unless a
// sum is wrong. h.Touched returns the result.
func (g *Guests) Watch(h *Hardware, pa uint64) {
	h.WatchByte(pa, mem.Code{Start: g.control.sums[0], Len: g.control.sums[1]}, mem.Code{Start: g.appvm.sums[0], Len: g.appvm.sums[1]})
}

// Function names the function of a guest at an address, "" if there is none.
func (g *Guests) Function(pc uint64) string {
	for _, name := range [...]string{"control", "appvm", "workload"} {
		if f, ok := g.system.images[name].Func(pc); ok {
			return f.Name
		}
	}
	return ""
}

// reader reads numbers of the VMM's structures until something is missing.
type reader struct{ err error }

func (r *reader) number(of inspect.Value, path string) (n uint64) {
	if r.err == nil && path != "" {
		of, r.err = of.Path(path)
	}
	if r.err == nil {
		n, r.err = of.Uint()
	}
	return n
}

// In lists the guests of m that live.
func (g *Guests) In(m faults.Machine) (list []*Guest, err error) {
	const most = 64
	memory, r := g.Memory(m), reader{}
	head, err := g.view.Var("main.domains", memory)
	if err != nil {
		return nil, err
	}
	at := r.number(head, "head")
	for n := 0; at != 0 && n < most && r.err == nil; n++ {
		var d, vcpus, first inspect.Value
		if d, r.err = g.view.At("main.Domain", at, memory); r.err != nil {
			break
		}
		if vcpus, r.err = d.Field("vcpu"); r.err == nil {
			first, r.err = vcpus.Index(0)
		}
		guest := &Guest{Name: fmt.Sprintf("d%d", r.number(d, "id")), VCPU: r.number(first, ""), kernel: g.appvm, m: m}
		if r.number(d, "privileged") != 0 {
			guest.kernel = g.control
		}
		if r.number(d, "dying")|r.number(d, "shutdown") == 0 && guest.VCPU != 0 {
			guest.root = g.vcpuNumber(memory, &r, guest.VCPU, "arch.guestTable")
			guest.isTable = func(frame uint64) bool { return g.isTable(memory, frame) }
			if guest.root != 0 {
				list = append(list, guest)
			}
		}
		at = r.number(d, "next")
	}
	return list, r.err
}

// isTable tells whether a frame is a page table according to the VMM.
func (g *Guests) isTable(memory inspect.Memory, frame uint64) bool {
	r := reader{}
	base, err := g.view.Var("main.frameTableBase", memory)
	if err != nil {
		return false
	}
	at := r.number(base, "")
	page, err := g.view.At("main.page", at, memory)
	if err != nil {
		return false
	}
	if page, err = g.view.At("main.page", at+frame*uint64(page.Size()), memory); err != nil {
		return false
	}
	kind := r.number(page, "typ") >> g.typeShift
	return r.err == nil && kind >= 1 && kind <= 4
}

func (g *Guests) vcpuNumber(memory inspect.Memory, r *reader, vcpu uint64, path string) uint64 {
	if r.err != nil {
		return 0
	}
	var v inspect.Value
	v, r.err = g.view.At("main.VCPU", vcpu, memory)
	return r.number(v, path)
}

// Context is the state of a guest's vCPU that the VMM holds.
type Context struct {
	Registers uint64 // physical address of general registers, as cpu_user_regs; 0 = the vCPU executes
	FPU       uint64 // of its FXSAVE image
	Bases     uint64 // of FS base, GS base of the kernel and of user mode; 0 = in the processor
	Selectors uint64 // of DS, ES, FS and GS, where Bases is not 0
	Values    Registers
	Kernel    bool // it is in kernel mode
	CPU       int  // that executes the vCPU, or the VMM for it; -1 = none
}

// ContextOf finds the context of a guest's vCPU 0.
func (g *Guests) ContextOf(m faults.Machine, guest *Guest) (c Context, err error) {
	memory, r := g.Memory(m), reader{}
	v, err := g.view.At("main.VCPU", guest.VCPU, memory)
	if err != nil {
		return c, err
	}
	at := func(path string) uint64 {
		var f inspect.Value
		if r.err == nil {
			f, r.err = v.Path(path)
		}
		return f.Addr
	}
	c.CPU = -1
	c.Kernel = r.number(v, "arch.flags")&1 != 0
	registers := at("arch.regs")
	c.FPU, c.Bases, c.Selectors = at("arch.fpu")-g.direct, at("arch.fsBase")-g.direct, at("arch.selectors")-g.direct
	for i := range m.CPUs() {
		if curr, ok := g.CurrentVCPU(memory, i); ok && curr == guest.VCPU {
			c.CPU, registers, c.Bases = i, g.blockOf(i)+g.blockRegs, 0
		}
	}
	if c.CPU >= 0 && m.CPL(c.CPU) == 3 {
		c.Values = RegistersOf(m, c.CPU)
		return c, r.err
	}
	c.Values, _, _ = g.registersAt(memory, registers)
	if c.Registers = registers - g.direct; c.CPU >= 0 {
		c.Registers = registers - g.vmm.Base + g.vmm.Phys
	}
	return c, r.err
}

// Slot is the physical address of a register in a context that is in memory.
func (c *Context) Slot(r faults.Register) uint64 {
	order := [faults.Registers]uint64{10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0, 18, 16}
	return c.Registers + 8*order[r]
}

// View reads the debug information of one of the images, by its name.
func (g *Guests) View(name string) (*inspect.View, bool) {
	v, ok := g.views[name]
	return v, ok
}

// Image is one of the images that the system runs, by its name.
func (g *Guests) Image(name string) (*image.Image, bool) {
	im, ok := g.system.images[name]
	return im, ok
}

// ImageNames are the names of all images, the hypervisor's first.
func (g *Guests) ImageNames() (list []string) {
	for _, p := range packagesOf(&g.system.exp) {
		list = append(list, p.name)
	}
	return list
}
