package testbed

import (
	"encoding/binary"
	"fmt"
	"strings"

	"resvirt/faults"
	"resvirt/vi/abi"
	"resvirt/vi/inspect"
)

// Call is a hypercall that a VM issued and what it returned.
type Call struct {
	CPU      int
	Position uint64 // at which it was issued
	vcpu     string
	name     string
	args     [4]uint64
	result   int64
	parts    []part64 // of a multicall: those that failed
}

// part64 is a component of a multicall.
type part64 struct {
	index  uint64
	name   string
	result int64
}

func (c *Call) String() string {
	text := fmt.Sprintf("%s: %s(%#x, %#x, %#x) = %s", c.vcpu, c.name, c.args[0], c.args[1], c.args[2], resultText(c.result))
	for _, p := range c.parts {
		text += fmt.Sprintf("; part %d, %s, = %s", p.index, p.name, resultText(p.result))
	}
	return text
}

func resultText(v int64) string {
	if v < 0 && v > -4096 {
		if name, ok := errnoNames[-v]; ok {
			return "-" + name
		}
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#x", uint64(v))
}

// Refusals are the results of c that are errors, as texts that are equal in all runs.
func (c *Call) Refusals() []string {
	var list []string
	if c.result < 0 && c.result > -4096 {
		list = append(list, fmt.Sprintf("%s returned %s", c.name, resultText(c.result)))
	}
	for _, p := range c.parts {
		list = append(list, fmt.Sprintf("%s in a multicall returned %s", p.name, resultText(p.result)))
	}
	return list
}

// VM is the domain that issued the call.
func (c *Call) VM() string {
	name, _, _ := strings.Cut(c.vcpu, "v")
	return name
}

// Hypercalls lets run execute m, and calls each for every completed hypercall.
func (a *Anatomy) Hypercalls(m faults.Machine, each func(*Call), run func()) {
	mem := a.Memory(m)
	names := map[uint64]string{}
	for _, o := range a.Checker.Objects(a.Machine(m)) {
		names[o.Addr] = o.Name
	}
	under := make([]*Call, m.CPUs())
	m.Trace(func(e faults.TraceEntry) {
		if e.CPL != 0 {
			return
		}
		regs, ok := a.GuestRegisters(mem, e.CPU)
		if !ok {
			return
		}
		if e.PC == a.dispatchE {
			under[e.CPU] = a.entered(mem, names, e, &regs)
			return
		}
		if c := under[e.CPU]; c != nil {
			under[e.CPU] = nil
			c.result = int64(regs[0])
			if c.name == "hypercall Multicall" {
				c.parts = a.parts(m, e.CPU, c)
			}
			each(c)
		}
	}, a.dispatchE, a.wayBack)
	defer m.Trace(nil)
	run()
}

// entered is the hypercall that a CPU enters, nil if it is a system call.
func (a *Anatomy) entered(mem inspect.Memory, names map[uint64]string, e faults.TraceEntry, r *Registers) *Call {
	v, ok := a.CurrentVCPU(mem, e.CPU)
	name, known := names[v]
	if !ok || !known {
		return nil
	}
	const kernelMode = 1
	if flags, err := ReadWord(mem, v+a.flags); err != nil || flags&kernelMode == 0 {
		return nil
	}
	return &Call{CPU: e.CPU, Position: e.Position, vcpu: name, name: inspect.HypercallName(a.view, mem, r[0]), args: [4]uint64{r[7], r[6], r[2], r[10]}}
}

// parts reads the results of a multicall back from the guest's list, whose
// entries are operation, result and six arguments.
func (a *Anatomy) parts(m faults.Machine, cpu int, c *Call) []part64 {
	var list []part64
	for i := range min(c.args[1], 256) {
		var b [16]byte
		if m.ReadVirt(cpu, c.args[0]+64*i, b[:]) != nil {
			return list
		}
		if r := int64(binary.LittleEndian.Uint64(b[8:])); r < 0 && r > -4096 {
			list = append(list, part64{i, inspect.HypercallName(a.view, a.Memory(m), binary.LittleEndian.Uint64(b[:8])), r})
		}
	}
	return list
}

var errnoNames = map[int64]string{
	abi.EPERM: "EPERM", abi.ENOENT: "ENOENT", abi.ESRCH: "ESRCH", abi.EINTR: "EINTR", abi.EIO: "EIO", abi.E2BIG: "E2BIG",
	abi.ENOEXEC: "ENOEXEC", abi.EBADF: "EBADF", abi.EAGAIN: "EAGAIN", abi.ENOMEM: "ENOMEM", abi.EACCES: "EACCES",
	abi.EFAULT: "EFAULT", abi.EBUSY: "EBUSY", abi.EEXIST: "EEXIST", abi.EINVAL: "EINVAL", abi.ENOSYS: "ENOSYS",
}
