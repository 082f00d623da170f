package testbed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/hw/cpu"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// Anatomy looks into the VMM of a machine from outside. It changes nothing.
type Anatomy struct {
	vmm            *image.Image
	view           *inspect.View
	Checker        *inspect.Checker
	Target         *faults.Target
	direct         uint64 // base of the direct map
	hvStart, hvEnd uint64 // addresses of the VMM's slots of every L4
	ram            uint64 // bytes
	ncpus          int

	perCPU, block        uint64
	blockRegs            uint64 // of the guest's registers in a block
	regsRIP, regsCS      uint64
	regsVector           uint64
	entering             uint64 // bit of the vector of a SYSCALL that has not been noted
	bySyscall            uint64 // vector that stands for a SYSCALL
	current, flags       uint64 // offsets of core.curr in a block and of the flags in a vCPU
	lockEntry, dispatchE uint64
	wayBack              uint64 // returnToGuest
	pause                uint64 // bare.Pause
	leave                []uint64
}

// dissectable is a System whose target can be looked into.
type dissectable interface {
	Anatomy() (*Anatomy, error)
}

// ErrNoAnatomy says that a System is not a VI.
var ErrNoAnatomy = errors.New("the target of this database has no structures that can be looked into")

// errBare says the same of a program on the bare machine.
var errBare = errors.New("the target is a program on the bare machine: there is no hypervisor to look into; `resvirt show` and `resvirt replay --trace N` tell of its runs")

// AnatomyOf is the anatomy of a system that has one.
func AnatomyOf(s experiments.System) (*Anatomy, error) {
	if _, bare := s.(*Bare); bare {
		return nil, errBare
	}
	d, ok := s.(dissectable)
	if !ok {
		return nil, ErrNoAnatomy
	}
	return d.Anatomy()
}

// Anatomy returns the system's anatomy, which is made at the first call.
func (s *VI) Anatomy() (*Anatomy, error) { return s.anatomy() }

func (s *VI) prepareAnatomy() {
	s.anatomy = sync.OnceValues(func() (*Anatomy, error) { return newAnatomy(s) })
}

func newAnatomy(s *VI) (*Anatomy, error) {
	vmm := s.images["vmm"]
	v, err := inspect.Open(vmm)
	if err != nil {
		return nil, err
	}
	a := &Anatomy{vmm: vmm, view: v, Target: s.target, ram: s.spec.MemBytes, ncpus: s.spec.CPUs}
	if a.Checker, err = inspect.NewChecker(v); err != nil {
		return nil, err
	}
	var lacks []string
	keep := func(err error) {
		if err != nil {
			lacks = append(lacks, err.Error())
		}
	}
	number := func(name, path string) uint64 {
		at, err := v.Var(name, inspect.Initial(vmm))
		if err == nil && path != "" {
			at, err = at.Path(path)
		}
		n := uint64(0)
		if err == nil {
			n, err = at.Uint()
		}
		keep(err)
		return n
	}
	constant := func(name string) uint64 {
		c, err := v.Const(name)
		keep(err)
		return uint64(c)
	}
	offset := func(typ, path string) uint64 {
		at, err := v.At(typ, 0, nil)
		if err == nil {
			at, err = at.Path(path)
		}
		keep(err)
		return at.Addr
	}
	function := func(name string) uint64 {
		addr, ok := vmm.Addr(name)
		if !ok {
			addr, ok = vmm.Addr(name + ".abi0") // assembly
		}
		if !ok {
			keep(fmt.Errorf("there is no function %s", name))
		}
		return addr
	}
	a.direct, a.perCPU, a.block = number("main.directMapBase", ""), number("resvirt/vi/bare.Image", "PerCPU"), constant("main.cpuBlockSize")
	a.blockRegs, a.regsRIP, a.regsCS = constant("main.blockRegs"), constant("main.regsRIP"), constant("main.regsCS")
	a.regsVector, a.entering = constant("main.regsVector"), constant("main.trapSyscallNew")&^constant("main.trapSyscall")
	a.bySyscall = constant("main.trapSyscall")
	a.current, a.flags = offset("main.CPU", "core.curr"), offset("main.VCPU", "arch.flags")
	a.lockEntry, a.dispatchE, a.wayBack = function("main.(*spinlock).lock"), function("main.hypercall"), function("main.returnToGuest")
	// Bit 47 is repeated above: the slots lie in the upper half.
	a.hvStart, a.hvEnd = constant("main.hvSlotFirst")<<39|0xffff<<48, (constant("main.hvSlotLast")+1)<<39|0xffff<<48
	a.pause = function("resvirt/vi/bare.Pause")
	a.leave = []uint64{function("main.panicOn"), function("main.hangOn"), function("main.failed")}
	if len(lacks) > 0 {
		return nil, fmt.Errorf("explaining: this VMM is not known: %s", strings.Join(lacks, "; "))
	}
	return a, nil
}

// Memory reads at the VMM's addresses. For the image and the direct map it does
// not use page tables, so that damaged tables hide nothing.
func (a *Anatomy) Memory(m faults.Machine) inspect.Memory {
	h, _ := m.(*Hardware)
	end := a.vmm.Base + imageBytes
	return func(va uint64, buf []byte) error {
		n := uint64(len(buf))
		switch {
		case h != nil && va >= a.vmm.Base && va+n <= end && va+n >= va:
			h.ReadPhys(va-a.vmm.Base+a.vmm.Phys, buf)
			return nil
		case h != nil && va >= a.direct && va-a.direct+n <= a.ramFrames()<<12 && va+n >= va:
			h.ReadPhys(va-a.direct, buf)
			return nil
		}
		var err error
		for i := range m.CPUs() {
			if err = m.ReadVirt(i, va, buf); err == nil {
				return nil
			}
		}
		return err
	}
}

// ramFrames bounds the frame numbers of RAM, the hole below 4 GiB included.
func (a *Anatomy) ramFrames() uint64 {
	n := a.ram
	if n > 2<<30 {
		n += 2 << 30
	}
	return n >> 12
}

// Machine is what the checks need of m.
func (a *Anatomy) Machine(m faults.Machine) *inspect.Machine {
	im := &inspect.Machine{Memory: a.Memory(m), Frames: a.ramFrames()}
	for i := range m.CPUs() {
		p := inspect.Processor{Guest: m.CPL(i) == 3}
		if h, ok := m.(*Hardware); ok {
			p.Halted, p.Root = h.CPU(i).Activity == cpu.Halted, h.CPU(i).CR3<<12>>24
			for v := range 256 {
				if h.APIC(i).ISR[v/64]>>(v%64)&1 != 0 {
					p.InService = append(p.InService, uint8(v))
				}
			}
		}
		im.CPUs = append(im.CPUs, p)
	}
	return im
}

// Check lists the violated invariants.
func (a *Anatomy) Check(m faults.Machine) []inspect.Violation { return a.Checker.Check(a.Machine(m)) }

// Locks lists the locks and who holds them.
func (a *Anatomy) Locks(m faults.Machine) []inspect.Lock { return a.Checker.Locks(a.Machine(m)) }

// blockOf is a CPU's block.
func (a *Anatomy) blockOf(cpu int) uint64 { return a.perCPU + uint64(cpu)*a.block }

// CurrentVCPU is the address of the vCPU that runs on a CPU.
func (a *Anatomy) CurrentVCPU(mem inspect.Memory, cpu int) (uint64, bool) {
	v, err := ReadWord(mem, a.blockOf(cpu)+a.current)
	return v, err == nil
}

// Enters tells whether a guest's call has entered the VMM and is not noted yet.
func (a *Anatomy) Enters(mem inspect.Memory, cpu int) bool {
	v, err := ReadWord(mem, a.blockOf(cpu)+a.blockRegs+a.regsVector)
	return err == nil && v&0xffffffff&a.entering != 0
}

// Pauses tells whether an instruction is the first of the function that waiting
// loops call.
func (a *Anatomy) Pauses(pc uint64) bool { return pc == a.pause }

// LockEntry is the first instruction of the function that takes a spinlock. The lock's
// address is then in RAX.
func (a *Anatomy) LockEntry() uint64 { return a.lockEntry }

// Leaves tells whether an instruction is the first of a function that handles
// failures on a fresh stack.
func (a *Anatomy) Leaves(pc uint64) bool { return slices.Contains(a.leave, pc) }

// AddressText describes an address that the VMM could not use.
func (a *Anatomy) AddressText(addr uint64) string {
	switch {
	case addr < 4096:
		return "next to 0: a nil pointer"
	case addr < 1<<47 || addr >= a.hvEnd:
		return "an address of guests"
	case addr < a.hvStart:
		return "no canonical address"
	}
	return "an address of the hypervisor that is not mapped so"
}
