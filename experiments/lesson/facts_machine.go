package lesson

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// machineFacts are read from the machine at a place.
func machineFacts() []fact {
	return []fact{
		{name: "cpu", meaning: "the CPU that is about to execute", eval: func(c *scope, _ []Value) (Value, error) {
			m, err := c.machine()
			if err != nil {
				return Value{}, err
			}
			return number(uint64(m.Next())), nil
		}},
		{name: "register", params: []param{{"NAME", Text}, {"CPU", Number}}, least: 1, meaning: "a register, of the CPU that is about to execute or of another", eval: readRegister},
		{name: "saved", params: []param{{"NAME", Text}, {"CPU", Number}}, least: 1, meaning: "a register of the VM that a CPU serves, as the hypervisor saved it on the way in", eval: savedRegister},
		{name: "level", params: []param{{"CPU", Number}}, meaning: "a CPU's privilege level: 0 the hypervisor, 3 VMs", eval: onCPU(func(_ *scope, m faults.Machine, cpu int) Value { return number(uint64(m.CPL(cpu))) })},
		{name: "doing", params: []param{{"CPU", Number}}, meaning: "what a CPU does: VMM, NMI handler, idle, VM kernel, VM program or off", eval: onCPU(func(c *scope, m faults.Machine, cpu int) Value {
			return text(c.s.anatomy.Doing(m, cpu).Kind.String())
		})},
		{name: "vm", params: []param{{"CPU", Number}}, meaning: "the VM that a CPU executes or serves, such as d1; empty where it is none", eval: onCPU(func(c *scope, m faults.Machine, cpu int) Value {
			if d := c.s.anatomy.Doing(m, cpu); d.Domain >= 0 {
				return text(fmt.Sprintf("d%d", d.Domain))
			}
			return text("")
		})},
		{name: "function", params: []param{{"CPU", Number}}, meaning: "the function that a CPU is in, of those with source the innermost", eval: onCPU(func(c *scope, m faults.Machine, cpu int) Value {
			return text(c.s.anatomy.ChainOf(m, cpu)[0].Place.Function)
		})},
		{name: "line", params: []param{{"CPU", Number}}, meaning: "its line, file:line", eval: onCPU(func(c *scope, m faults.Machine, cpu int) Value {
			return text(line(c.s.anatomy.ChainOf(m, cpu)[0].Place))
		})},
		{name: "inside", params: []param{{"FUNCTION", Text}, {"CPU", Number}}, least: 1, meaning: "whether a CPU is in that function or in one that it calls", eval: inside},
		{name: "variable", params: []param{{"NAME", Text}}, least: 1, meaning: "a number or text of the hypervisor: main.x, persistent.owner, cpu1.core.timers.size, d1v0.arch.flags", eval: readVariable},
		{name: "holder", params: []param{{"LOCK", Text}}, least: 1, meaning: "who holds the first lock whose name contains this: nobody, or CPU and its number", eval: holder},
		{name: "held", meaning: "the name of the first lock that is held, empty where none is", eval: held},
		{name: "broken", params: []param{{"TEXT", Text}}, meaning: "how many invariants are broken that the golden run does not break there; of a kind such as locks, or those whose text contains this", eval: broken},
		{name: "identical", meaning: "whether the whole machine is as in the golden run at the same position", eval: identical},
		{name: "differ", meaning: "how many registers of all CPUs differ from the golden run at the same position", eval: differ},
		{name: "healed", meaning: "instructions from the fault until the whole machine is as in the golden run, for good", eval: healed},
		{name: "position", params: []param{{"PLACE", Text}}, meaning: "instructions that all CPUs have retired", eval: func(c *scope, args []Value) (Value, error) {
			p, err := c.placed(args)
			return number(p), err
		}},
		{name: "instructions", params: []param{{"FROM", Text}, {"TO", Text}}, least: 2, meaning: "instructions of all CPUs between two places", eval: instructions},
		{name: "ns", params: []param{{"FROM", Text}, {"TO", Text}}, least: 2, meaning: "nanoseconds of virtual time between two places", eval: elapsed},
		{name: "executed", params: []param{{"FUNCTION", Text}}, least: 1, meaning: "whether a function is executed between the place and the end", eval: executed},
		{name: "printed", params: []param{{"TEXT", Text}}, least: 1, meaning: "whether that stands on the console so far", eval: func(c *scope, args []Value) (Value, error) {
			m, err := c.machine()
			if err != nil {
				return Value{}, err
			}
			return truth(strings.Contains(string(m.Serial()), args[0].Text)), nil
		}},
	}
}

// chosen is the CPU that an argument names, or the one that is about to execute.
func chosen(m faults.Machine, args []Value) (int, error) {
	if len(args) == 0 {
		return m.Next(), nil
	}
	if n := args[0].Number; n < uint64(m.CPUs()) {
		return int(n), nil
	}
	return 0, fmt.Errorf("there is no CPU %d: they are 0 to %d", args[0].Number, m.CPUs()-1)
}

func onCPU(f func(*scope, faults.Machine, int) Value) func(*scope, []Value) (Value, error) {
	return func(c *scope, args []Value) (Value, error) {
		m, cpu, err := c.processor(args)
		if err != nil {
			return Value{}, err
		}
		return f(c, m, cpu), nil
	}
}

// processor is the machine at the scope's place, and the processor that is asked for.
func (c *scope) processor(args []Value) (m faults.Machine, cpu int, err error) {
	if m, err = c.machine(); err != nil {
		return nil, 0, err
	}
	cpu, err = chosen(m, args)
	return m, cpu, err
}

func readRegister(c *scope, args []Value) (Value, error) {
	m, cpu, err := c.processor(args[1:])
	if err != nil {
		return Value{}, err
	}
	r, err := registerNamed(args[0].Text)
	if err != nil {
		return Value{}, err
	}
	return hex(m.Register(cpu, r)), nil
}

func registerNamed(name string) (faults.Register, error) {
	r, err := faults.ParseRegister(name)
	if err != nil {
		err = fmt.Errorf("there is no register %q: say rax to r15, rip or rflags", name)
	}
	return r, err
}

func savedRegister(c *scope, args []Value) (Value, error) {
	m, cpu, err := c.processor(args[1:])
	if err != nil {
		return Value{}, err
	}
	r, err := registerNamed(args[0].Text)
	if err != nil {
		return Value{}, err
	}
	all, ok := c.s.anatomy.GuestRegisters(c.s.anatomy.Memory(m), cpu)
	if !ok {
		return Value{}, fmt.Errorf("CPU %d's block cannot be read", cpu)
	}
	return hex(all[r]), nil
}

func inside(c *scope, args []Value) (Value, error) {
	m, cpu, err := c.processor(args[1:])
	if err != nil {
		return Value{}, err
	}
	for _, f := range c.s.anatomy.ChainOf(m, cpu) {
		if f.Place.Function == args[0].Text {
			return truth(true), nil
		}
	}
	return truth(false), nil
}

func readVariable(c *scope, args []Value) (Value, error) {
	m, err := c.machine()
	if err != nil {
		return Value{}, err
	}
	v, err := c.s.anatomy.Variable(m, args[0].Text)
	if err != nil {
		return Value{}, err
	}
	if s, err := v.Text(); err == nil {
		return text(s), nil
	}
	n, err := v.Uint()
	return Value{Number: n, Hex: n >= 1<<32}, err
}

func holder(c *scope, args []Value) (Value, error) {
	m, err := c.machine()
	if err != nil {
		return Value{}, err
	}
	for _, l := range c.s.anatomy.Locks(m) {
		if strings.Contains(l.Name, args[0].Text) {
			if l.Holder < 0 {
				return text("nobody"), nil
			}
			return text(fmt.Sprintf("CPU %d", l.Holder)), nil
		}
	}
	return Value{}, fmt.Errorf("there is no lock whose name contains %q", args[0].Text)
}

// violations lists the broken invariants at the scope's place, all or some: of the run
// those that the golden one does not break there as well, while it is about something.
func (c *scope) violations(part string) ([]inspect.Violation, error) {
	m, err := c.machine()
	if err != nil {
		return nil, err
	}
	var list []inspect.Violation
	if c.golden {
		list = c.s.anatomy.Check(m)
	} else if list, err = c.r.BrokenAt(c.ctx); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(v inspect.Violation) bool {
		return v.Kind.String() != part && !strings.Contains(v.String(), part)
	}), nil
}

func broken(c *scope, args []Value) (Value, error) {
	part := ""
	if len(args) > 0 {
		part = args[0].Text
	}
	list, err := c.violations(part)
	return number(uint64(len(list))), err
}

func identical(c *scope, _ []Value) (Value, error) {
	at, err := c.position()
	if err != nil || at > c.r.Golden.End() {
		return truth(false), err // the golden run has ended, and this one has not
	}
	run, golden, err := c.both()
	if err != nil {
		return Value{}, err
	}
	return truth(equal(run, golden)), nil
}

// placed is the position of a place that an argument names, or of the scope's own.
func (c *scope) placed(args []Value) (uint64, error) {
	if len(args) == 0 {
		return c.position()
	}
	d, err := c.moved("at", args[0].Text)
	if err != nil {
		return 0, err
	}
	return d.position()
}

func instructions(c *scope, args []Value) (Value, error) {
	from, err := c.placed(args[:1])
	if err != nil {
		return Value{}, err
	}
	to, err := c.placed(args[1:])
	if err == nil && to < from {
		err = fmt.Errorf("%s lies before %s", args[1].Text, args[0].Text)
	}
	return number(to - from), err
}

func elapsed(c *scope, args []Value) (Value, error) {
	var at [2]Value
	for i := range at {
		d, err := c.moved("at", args[i].Text)
		if err != nil {
			return Value{}, err
		}
		t, err := d.track()
		if err != nil {
			return Value{}, err
		}
		at[i] = nanoseconds(t.Now())
	}
	return arithmetic("-", at[1], at[0])
}

func executed(c *scope, args []Value) (Value, error) {
	t, err := c.track()
	if err != nil {
		return Value{}, err
	}
	pcs, err := c.r.Addresses(args[0].Text)
	if err != nil {
		return Value{}, err
	}
	found, err := t.FindPC(c.ctx, pcs)
	return truth(found), err
}

func held(c *scope, _ []Value) (Value, error) {
	m, err := c.machine()
	if err != nil {
		return Value{}, err
	}
	for _, l := range c.s.anatomy.Locks(m) {
		if l.Holder >= 0 {
			return text(l.Name), nil
		}
	}
	return text(""), nil
}

// both are the machines of the run and of the golden one at the scope's place.
func (c *scope) both() (run, golden faults.Machine, err error) {
	d := *c
	d.golden = true
	if golden, err = d.machine(); err != nil {
		return nil, nil, err
	}
	d.golden = false
	run, err = d.machine()
	return run, golden, err
}

// equal compares two machines, but for the policy word: a run carries that of its setting,
// and nothing reads it before a detection.
func equal(run, golden faults.Machine) bool {
	policy := run.Policy()
	run.SetPolicy(golden.Policy())
	defer run.SetPolicy(policy)
	return run.Digest() == golden.Digest()
}

func differ(c *scope, _ []Value) (Value, error) {
	run, golden, err := c.both()
	if err != nil {
		return Value{}, err
	}
	n := uint64(0)
	for cpu := range run.CPUs() {
		a, b := testbed.RegistersOf(run, cpu), testbed.RegistersOf(golden, cpu)
		for r := range a {
			if a[r] != b[r] {
				n++
			}
		}
	}
	return number(n), nil
}

// healed looks ever further behind the fault, then halves: two machines that are equal
// once are equal for ever.
func healed(c *scope, _ []Value) (Value, error) {
	fault, err := c.locate("F")
	if err != nil {
		return Value{}, err
	}
	same := func(n uint64) (bool, error) {
		run, golden := c.r.Run, c.r.Golden
		if err := run.Seek(c.ctx, fault+n); err != nil {
			return false, err
		}
		err := golden.Seek(c.ctx, fault+n)
		return err == nil && equal(run.Machine(), golden.Machine()), err
	}
	last := min(c.r.Run.End(), c.r.Golden.End()) - fault
	below, above := uint64(0), uint64(0)
	for step := uint64(1); ; step *= 2 {
		above = min(below+step, last)
		ok, err := same(above)
		if err != nil {
			return Value{}, err
		}
		if ok {
			break
		}
		if above == last {
			return Value{}, fmt.Errorf("%s never becomes as the golden run", c.r.Row.Run())
		}
		below = above
	}
	for above-below > 1 {
		middle := below + (above-below)/2
		ok, err := same(middle)
		if err != nil {
			return Value{}, err
		}
		if ok {
			above = middle
		} else {
			below = middle
		}
	}
	return number(above), nil
}
