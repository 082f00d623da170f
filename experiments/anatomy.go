package experiments

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"resvirt/faults"
	"resvirt/hw/cpu"
	"resvirt/vi/abi"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// anatomy looks into the VMM of a machine from outside. It changes nothing.
type anatomy struct {
	vmm            *image.Image
	view           *inspect.View
	checks         *inspect.Checker
	target         *faults.Target
	direct         uint64 // base of the direct map
	hvStart, hvEnd uint64 // addresses of the VMM's slots of every L4
	ram            uint64 // bytes
	ncpus          int

	perCPU, block        uint64
	blockRegs            uint64 // of the guest's registers in a block
	regsRIP, regsCS      uint64
	regsVector           uint64
	entering             uint64 // bit of the vector of a SYSCALL that has not been noted
	current, flags       uint64 // offsets of core.curr in a block and of the flags in a vCPU
	lockEntry, dispatchE uint64
	wayBack              uint64 // returnToGuest
	pause                uint64 // bare.Pause
	leave                []uint64
}

// dissectable is a System whose target can be looked into.
type dissectable interface {
	Anatomy() (*anatomy, error)
}

var errNoAnatomy = errors.New("the target of this database has no structures that can be looked into")

func anatomyOf(s System) (*anatomy, error) {
	d, ok := s.(dissectable)
	if !ok {
		return nil, errNoAnatomy
	}
	return d.Anatomy()
}

// Anatomy is prepared when it is first asked for.
func (s *system) Anatomy() (*anatomy, error) { return s.anatomy() }

func (s *system) prepareAnatomy() {
	s.anatomy = sync.OnceValues(func() (*anatomy, error) { return newAnatomy(s) })
}

func newAnatomy(s *system) (*anatomy, error) {
	vmm := s.images["vmm"]
	v, err := inspect.Open(vmm)
	if err != nil {
		return nil, err
	}
	a := &anatomy{vmm: vmm, view: v, target: s.target, ram: s.spec.MemBytes, ncpus: s.spec.CPUs}
	if a.checks, err = inspect.NewChecker(v); err != nil {
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

// memory reads what the VMM's addresses stand for, page tables aside where the
// image and the direct map lie, so that damaged tables hide nothing.
func (a *anatomy) memory(m faults.Machine) inspect.Memory {
	h, _ := m.(*hardware)
	end := a.vmm.Base + 16<<20
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
func (a *anatomy) ramFrames() uint64 {
	n := a.ram
	if n > 2<<30 {
		n += 2 << 30
	}
	return n >> 12
}

// machine is what the checks need of m.
func (a *anatomy) machine(m faults.Machine) *inspect.Machine {
	im := &inspect.Machine{Memory: a.memory(m), Frames: a.ramFrames()}
	for i := range m.CPUs() {
		p := inspect.Processor{Guest: m.CPL(i) == 3}
		if h, ok := m.(*hardware); ok {
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

// check lists the violated invariants.
func (a *anatomy) check(m faults.Machine) []inspect.Violation { return a.checks.Check(a.machine(m)) }

func (a *anatomy) locks(m faults.Machine) []inspect.Lock { return a.checks.Locks(a.machine(m)) }

// blockOf is a CPU's block.
func (a *anatomy) blockOf(cpu int) uint64 { return a.perCPU + uint64(cpu)*a.block }

// registersAt reads a frame of guest registers (cpu_user_regs) into the order
// in which processors number them.
func (a *anatomy) registersAt(mem inspect.Memory, at uint64) (r Registers, cs uint64, ok bool) {
	var order = [...]faults.Register{15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7}
	for i, reg := range order {
		v, err := readWord(mem, at+uint64(8*i))
		if err != nil {
			return r, 0, false
		}
		r[reg] = v
	}
	var err [4]error
	r[faults.RIP], err[0] = readWord(mem, at+a.regsRIP)
	cs, err[1] = readWord(mem, at+a.regsCS)
	r[faults.RFLAGS], err[2] = readWord(mem, at+a.regsCS+8)
	r[4], err[3] = readWord(mem, at+a.regsCS+16)
	return r, cs & 0xffff, errors.Join(err[:]...) == nil
}

var errnoNames = map[int64]string{
	abi.EPERM: "EPERM", abi.ENOENT: "ENOENT", abi.ESRCH: "ESRCH", abi.EINTR: "EINTR", abi.EIO: "EIO", abi.E2BIG: "E2BIG",
	abi.ENOEXEC: "ENOEXEC", abi.EBADF: "EBADF", abi.EAGAIN: "EAGAIN", abi.ENOMEM: "ENOMEM", abi.EACCES: "EACCES",
	abi.EFAULT: "EFAULT", abi.EBUSY: "EBUSY", abi.EEXIST: "EEXIST", abi.EINVAL: "EINVAL", abi.ENOSYS: "ENOSYS",
}
