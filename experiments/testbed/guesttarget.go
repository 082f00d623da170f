package testbed

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"resvirt/faults"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// guestTarget is an AppVM's kernel, or its programs, as something that faults strike. The
// hypervisor beneath keeps its entries, numbers and policy: if a fault in a VM makes it fail,
// that shows, and its recovery is the setting's.
type guestTarget struct {
	*guestScope
	kernel *image.Image
	regs   uint64 // physical address of the registers that the VMM's entry saved, on CPU 0
	block  uint64 // distance of those of the next CPU
	rip    uint64 // of RIP in them
	// Of a trapFrame of the guest's kernel.
	frameVector, frameRIP uint64

	guests func() (*Guests, error) // to find memory; it takes a moment to prepare
}

// strikeGuest makes the target of a system an AppVM's.
func (s *VI) strikeGuest() error {
	f := &s.exp.Faults
	scope, err := newGuestScope(s.images["vmm"], uint64(f.VM), f.User())
	if err != nil {
		return err
	}
	g := &guestTarget{guestScope: scope, kernel: s.images["appvm"]}
	g.guests = sync.OnceValues(func() (*Guests, error) { return GuestsOf(s) })
	if err := g.open(); err != nil {
		return err
	}
	s.spec.Scope = scope.levels
	t := s.target
	t.VM = fmt.Sprintf("d%d", f.VM)
	t.Name = "kernel of " + t.VM
	t.Ended = g.ended
	t.Memory, t.Object, t.Locking, t.LastWords = g.ranges, nil, nil, nil
	if f.User() {
		t.Name, t.Memory = "programs of "+t.VM, nil
	}
	for _, e := range []struct {
		image *image.Image
		name  string
		faults.Entry
	}{
		{g.kernel, guestPackage + "Die", faults.Entry{Kind: faults.ByDeath, Counts: g.inVM, Cause: g.death}},
		{g.kernel, guestPackage + "killed", faults.Entry{Kind: faults.ByKill, Counts: g.inVM, Cause: g.kill}},
		{g.image, "main.(*Domain).crash", faults.Entry{Kind: faults.ByCrash, Counts: g.crashed, Cause: g.crash}},
	} {
		addr, ok := e.image.Addr(e.name)
		if !ok {
			return fmt.Errorf("the image has no function %s: it is an entry that counts as a detection", e.name)
		}
		e.PC = addr
		t.Entries = append(t.Entries, e.Entry)
	}
	return nil
}

// open reads what else it needs of both images.
func (g *guestTarget) open() error {
	vmm, err := inspect.Open(g.image)
	if err != nil {
		return err
	}
	kernel, err := inspect.Open(g.kernel)
	if err != nil {
		return err
	}
	v, k := finder{view: vmm, image: g.image}, finder{view: kernel, image: g.kernel}
	g.block, g.rip = v.constant("main.cpuBlockSize"), v.constant("main.regsRIP")
	g.regs = v.initial("resvirt/vi/bare.Image", "PerCPU") + v.constant("main.blockRegs") - g.image.Base + g.image.Phys
	g.frameVector, g.frameRIP = k.offset(guestPackage+"trapFrame", "Vector"), k.offset(guestPackage+"trapFrame", "RIP")
	if v.err != nil {
		return v.err
	}
	return k.err
}

// inVM tells whether an entry of the guests' kernel, which all AppVMs share, was passed in the
// VM.
func (g *guestTarget) inVM(m faults.Machine, e faults.Event) bool {
	return g.in(m.(*Hardware).Machine, e.CPU)
}

// ended tells whether the VM has shut down, whoever made it.
func (g *guestTarget) ended(m faults.Machine) bool {
	d := g.find(func(pa uint64, n int) uint64 { return word(m, pa) & (1<<(8*n) - 1) })
	return d == 0 || word(m, d+g.end)&1 != 0
}

// crashed tells whether the domain that the VMM ends is the VM: the receiver is in RAX.
func (g *guestTarget) crashed(m faults.Machine, e faults.Event) bool {
	return word(m, m.Register(e.CPU, 0)-g.direct+g.id)&0xffff == g.domain
}

// death reads the arguments of Die: a text in RAX and RBX, a number in RCX.
func (g *guestTarget) death(m faults.Machine, cpu int) faults.Cause {
	why, v := text(m, cpu, 0, 3), m.Register(cpu, 1)
	switch strings.TrimSpace(why) {
	case "at":
		return faults.Cause{What: "exception in its kernel", PC: v}
	case "failed at":
		return faults.Cause{What: "failed check of its kernel", PC: v, Check: true}
	}
	caller := mapped(m, cpu, m.Register(cpu, 4))
	if start, _ := g.kernel.Addr(guestPackage + "Die"); caller-start < 64 { // the first instruction has pushed the frame pointer
		caller = mapped(m, cpu, m.Register(cpu, 4)+8)
	}
	return faults.Cause{What: why, PC: caller, Check: true}
}

// kill reads the argument of killed: the frame of the program.
func (g *guestTarget) kill(m faults.Machine, cpu int) faults.Cause {
	frame := m.Register(cpu, 0)
	return faults.Cause{What: fmt.Sprintf("program stopped by exception %d", mapped(m, cpu, frame+g.frameVector)), PC: mapped(m, cpu, frame+g.frameRIP)}
}

// crash reads what the VMM says, a text in RBX and RCX, and where the VM was.
func (g *guestTarget) crash(m faults.Machine, cpu int) faults.Cause {
	return faults.Cause{What: "the hypervisor ends it: " + text(m, cpu, 3, 1), PC: word(m, g.regs+uint64(cpu)*g.block+g.rip)}
}

// text reads a string whose address and length are in two registers.
func text(m faults.Machine, cpu int, at, n faults.Register) string {
	b := make([]byte, min(m.Register(cpu, n), 80))
	if m.ReadVirt(cpu, m.Register(cpu, at), b) != nil {
		return "a reason that cannot be read"
	}
	return strings.ToValidUTF8(string(b), "?")
}

// mapped reads a word at a virtual address, 0 where nothing is mapped.
func mapped(m faults.Machine, cpu int, va uint64) uint64 {
	var b [8]byte
	if m.ReadVirt(cpu, va, b[:]) != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b[:])
}

// ranges is faults.Target.Memory: the kernel's data, the pages that its allocator has given
// out, the used parts of its stacks, its page tables.
func (g *guestTarget) ranges(m faults.Machine, c faults.Class) (list []faults.Range) {
	guests, err := g.guests()
	if err != nil {
		return nil
	}
	in, err := guests.In(m)
	if err != nil {
		return nil
	}
	kinds := map[faults.Class]string{faults.Static: "kernel's data", faults.Heap: "processes", faults.PageTables: "page tables"}
	for _, one := range in {
		if one.Name != fmt.Sprintf("d%d", g.domain) {
			continue
		}
		if c == faults.Stack {
			context, err := guests.ContextOf(m, one)
			if err != nil {
				return nil
			}
			return one.Stacks(context.Values[4])
		}
		for _, p := range one.Pages() {
			if p.Kind == kinds[c] {
				list = append(list, faults.Range{Start: p.PA, Len: 4096})
			}
		}
	}
	return list
}
