package experiments

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// call is a hypercall that a VM issued and what it returned.
type call struct {
	vcpu     string
	position uint64
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

func (c *call) String() string {
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

// refusals are the results of c that are errors, as texts that are alike in all runs.
func (c *call) refusals() []string {
	var list []string
	if c.result < 0 && c.result > -4096 {
		list = append(list, fmt.Sprintf("%s returned %s", c.name, resultText(c.result)))
	}
	for _, p := range c.parts {
		list = append(list, fmt.Sprintf("%s in a multicall returned %s", p.name, resultText(p.result)))
	}
	return list
}

// vm is the domain that issued the call.
func (c *call) vm() string {
	name, _, _ := strings.Cut(c.vcpu, "v")
	return name
}

// hypercalls executes from where m is, as run does, and tells of each hypercall
// that is complete.
func (a *anatomy) hypercalls(m faults.Machine, each func(*call), run func()) {
	mem := a.memory(m)
	names := map[uint64]string{}
	for _, o := range a.checks.Objects(a.machine(m)) {
		names[o.Addr] = o.Name
	}
	under := make([]*call, m.CPUs())
	m.Trace(func(e faults.TraceEntry) {
		if e.CPL != 0 || e.PC != a.dispatchE && e.PC != a.wayBack {
			return
		}
		regs, _, ok := a.registersAt(mem, a.blockOf(e.CPU)+a.blockRegs)
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
	})
	defer m.Trace(nil)
	run()
}

// entered is the hypercall that a CPU enters, nil if it is a system call.
func (a *anatomy) entered(mem inspect.Memory, names map[uint64]string, e faults.TraceEntry, r *Registers) *call {
	v, err := readWord(mem, a.blockOf(e.CPU)+a.current)
	name, known := names[v]
	if err != nil || !known {
		return nil
	}
	const kernelMode = 1
	if flags, err := readWord(mem, v+a.flags); err != nil || flags&kernelMode == 0 {
		return nil
	}
	return &call{vcpu: name, position: e.Position, name: inspect.HypercallName(a.view, mem, r[0]), args: [4]uint64{r[7], r[6], r[2], r[10]}}
}

// parts reads the results of a multicall back from the guest's list, whose
// entries are operation, result and six arguments.
func (a *anatomy) parts(m faults.Machine, cpu int, c *call) []part64 {
	var list []part64
	for i := range min(c.args[1], 256) {
		var b [16]byte
		if m.ReadVirt(cpu, c.args[0]+64*i, b[:]) != nil {
			return list
		}
		if r := int64(binary.LittleEndian.Uint64(b[8:])); r < 0 && r > -4096 {
			list = append(list, part64{i, inspect.HypercallName(a.view, a.memory(m), binary.LittleEndian.Uint64(b[:8])), r})
		}
	}
	return list
}

// goldenCalls are the refusals that the golden run's VMs get.
type goldenCalls struct {
	once sync.Once
	seen map[string]bool // VM and refusal
}

func (g *goldenCalls) of(l *Lab, a *anatomy) map[string]bool {
	g.once.Do(func() {
		g.seen = map[string]bool{}
		m := l.sys.Fork(l.golden.Checkpoints[0].State)
		a.hypercalls(m, func(c *call) {
			for _, r := range c.refusals() {
				g.seen[c.vm()+" "+r] = true
			}
		}, func() { m.Run(faults.Until{Position: l.golden.End - 1}) })
	})
	return g.seen
}

// callsKept is how many hypercalls before a VM's failure are told.
const callsKept = 6

// guestCalls watches the hypercalls of a VM from the end of recovery, or the
// fault if there was none, to the end of the run: those refused as in no golden run, and the last ones.
func (x *explainer) guestCalls(row *Row, s Setting, vm string) (refused []string, last []string, err error) {
	golden := x.calls.of(x.Lab, x.a)
	from := row.Strike.Position
	for _, st := range row.Steps {
		if st.Done {
			from = st.Position
		}
	}
	if err := x.begin(row, s); err != nil {
		return nil, nil, err
	}
	x.to(from)
	var all []*call
	x.a.hypercalls(x.m, func(c *call) {
		if c.vm() != vm {
			return
		}
		all = append(all, c)
		for _, r := range c.refusals() {
			if !golden[vm+" "+r] {
				refused = append(refused, r)
			}
		}
	}, func() { x.to(row.EndPosition) })
	for _, c := range all[max(0, len(all)-callsKept):] {
		last = append(last, c.String())
	}
	return refused, last, nil
}
